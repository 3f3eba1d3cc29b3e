"""Reads of points. A customer's start from the customer, and the guests who merged into them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import QuerySet, Sum
from django.db.models.functions import Coalesce

from config.wholes import Whole, columns, instance
from loyalty.points import rules
from loyalty.points.models import PointAccount, PointEntry, PointLot, PointOrder, PointTerms
from shop.customers.models import Customer
from shop.customers.queries import customer_ids


def terms_at(at: datetime) -> PointTerms | None:
    """The rules in force then; None before the programme began. One query."""
    return PointTerms.objects.filter(starts_at__lte=at).first()


def programme() -> rules.Programme:
    """All rules, past ones and those to come. No query when kept, else one that other wholes share."""
    return PROGRAMME.now()


def _rules_rows() -> QuerySet[Any, dict[str, Any]]:
    rows: QuerySet[Any, dict[str, Any]] = PointTerms.objects.order_by("starts_at").values(
        *columns(PointTerms)
    )
    return rows


def _programme(rows: list[dict[str, Any]]) -> rules.Programme:
    written = [instance(PointTerms, row) for row in rows]
    return rules.Programme(tuple((one.starts_at, one.terms) for one in written))


PROGRAMME = Whole("points", _rules_rows, _programme)


def carried_cents(customer_id: int | None) -> int:
    """What a customer has paid that is no full step yet; nothing of a visitor. One query, none for a visitor."""
    if customer_id is None:
        return 0
    own = PointAccount.objects.filter(pk=customer_id).values_list("carried_cents", flat=True)
    return own.first() or 0


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a customer's points may be spent, waits, and comes to its end next. Where more was given back than is left,
    ``balance`` is negative.
    """

    balance: int
    usable: int
    pending: int
    # When the last of them may be spent; None where one waits for its delivery.
    pending_until: datetime | None
    expiring: int
    expires_at: datetime | None
    carried_cents: int


def standing(customer_ids: Collection[int], now: datetime) -> Standing:
    """Two queries, however long the book; rows of the lots that hold something still."""
    own = PointAccount.objects.filter(pk__in=customer_ids).aggregate(
        balance=Coalesce(Sum("balance"), 0), carried=Coalesce(Sum("carried_cents"), 0)
    )
    left = PointLot.objects.filter(account__in=customer_ids, remaining__gt=0)
    waiting: list[tuple[int, datetime | None]] = []
    usable: list[tuple[int, datetime | None]] = []
    for remaining, usable_at, expires_at in left.values_list("remaining", "usable_at", "expires_at"):
        if usable_at is None or usable_at > now:
            waiting.append((remaining, usable_at))
        elif expires_at is None or expires_at > now:
            usable.append((remaining, expires_at))
    until = [at for _some, at in waiting if at]
    first = min((at for _some, at in usable if at), default=None)
    return Standing(
        balance=own["balance"],
        usable=sum(some for some, _at in usable),
        pending=sum(some for some, _at in waiting),
        pending_until=max(until) if until and len(until) == len(waiting) else None,
        expiring=sum(some for some, at in usable if first and at == first),
        expires_at=first,
        carried_cents=own["carried"],
    )


def entries_of(customer_ids: Collection[int]) -> QuerySet[PointEntry]:
    """The latest first. One query when read."""
    return PointEntry.objects.filter(account__in=customer_ids).order_by("-at", "-pk")


def given_by_hand(customer_id: int, now: datetime) -> int:
    """Points that staff gave of their own in the last thirty days, to a customer and to the guests who merged into them,
    whichever of these is named. Three queries.
    """
    named = Customer.objects.filter(pk=customer_id).select_related("merged_into").get()
    accounts = customer_ids(named.merged_into or named)
    given = PointEntry.objects.filter(account__in=accounts, by__isnull=False, at__gt=now - timedelta(days=30))
    return int(given.aggregate(points=Sum("points"))["points"] or 0)


@dataclass(frozen=True, slots=True)
class OfOrder:
    """What an order brought and kept, and from when on it may be spent; None before its delivery."""

    points: int
    counted_cents: int
    bonus_cents: int
    usable_at: datetime | None


def points_of_order(order_reference: str) -> OfOrder | None:
    """None of an order that does not count. Two queries."""
    order = PointOrder.objects.select_related("terms").filter(order_reference=order_reference).first()
    if order is None:
        return None
    found = PointEntry.objects.filter(order_reference=order_reference, kind__in=_OF_ORDERS)
    at = rules.usable_at(order.delivered_at, order.terms.terms) if order.delivered_at else None
    points = int(found.aggregate(points=Sum("points"))["points"] or 0)
    return OfOrder(points, order.counted_cents, order.bonus_cents, at)


_OF_ORDERS = (PointEntry.Kind.EARNED, PointEntry.Kind.TAKEN_BACK)


_MEDIAN = """
SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY paid) FROM (
    SELECT sum(counted_cents) AS paid FROM points_pointorder
     WHERE delivered_at >= %s AND counted_cents > 0 GROUP BY account_id) a
"""
# Of fewer customers no median is told.
LEAST_CUSTOMERS = 20


def median_month_cents(now: datetime) -> int | None:
    """What the median customer of the last year pays a month that counts; None of fewer than twenty. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_MEDIAN, [now - timedelta(days=365)])
        number, paid = cursor.fetchone()
    return round(paid / 12) if number >= LEAST_CUSTOMERS else None


def guests_with_points() -> dict[int, list[int]]:
    """Customers to whom points of guests of theirs still have to move. One query."""
    left = PointAccount.objects.filter(customer__merged_into__isnull=False).exclude(
        balance=0, carried_cents=0
    )
    found: dict[int, list[int]] = {}
    for account in left.select_related("customer"):
        if customer_id := account.customer.merged_into_id:
            found.setdefault(customer_id, []).append(account.pk)
    return found


@dataclass(frozen=True, slots=True)
class Wrong:
    """An account whose figures are not what its entries come to."""

    account_id: int
    what: str


# Each side is summed once: asked account by account, millions of entries would be read for hours.
_WRONG = """
SELECT a.customer_id, 'the balance is not the sum of the entries' FROM points_pointaccount a
  LEFT JOIN (SELECT account_id, sum(points) AS points FROM points_pointentry GROUP BY account_id) e
    ON e.account_id = a.customer_id
 WHERE a.balance <> coalesce(e.points, 0)
UNION ALL
SELECT a.customer_id, 'the balance is not what lots hold, less the debt' FROM points_pointaccount a
  LEFT JOIN (SELECT account_id, sum(remaining) AS points FROM points_pointlot GROUP BY account_id) l
    ON l.account_id = a.customer_id
 WHERE a.balance <> coalesce(l.points, 0) - a.debt
UNION ALL
SELECT l.account_id, 'a lot does not hold its points less what was taken' FROM points_pointlot l
  LEFT JOIN (SELECT lot_id, sum(points) AS points FROM points_pointuse GROUP BY lot_id) u ON u.lot_id = l.id
 WHERE l.remaining <> l.points - coalesce(u.points, 0)
UNION ALL
SELECT o.account_id, 'an order counts other than its entries say' FROM points_pointorder o
  LEFT JOIN (SELECT order_reference, sum(cents) AS cents, sum(bonus_cents) AS bonus_cents FROM points_pointentry
              WHERE kind IN ('earned', 'taken_back') GROUP BY order_reference) e USING (order_reference)
 WHERE (o.counted_cents, o.bonus_cents) <> (coalesce(e.cents, 0), coalesce(e.bonus_cents, 0))
"""


def wrong_accounts() -> list[Wrong]:
    """None, or the shop has a fault. Reads every entry; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_WRONG)
        return [Wrong(*row) for row in cursor.fetchall()]


def liability(terms: rules.Terms) -> tuple[int, Decimal]:
    """Points that are owed, and their worth in euros under these terms. One query."""
    owed = int(PointLot.objects.filter(remaining__gt=0).aggregate(points=Sum("remaining"))["points"] or 0)
    return owed, rules.worth(owed, terms)
