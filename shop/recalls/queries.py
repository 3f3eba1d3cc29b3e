"""Reads of recalls: whom one touches, what it comes to, and how it is told."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.urls import reverse
from django.utils import timezone

from shop.catalogue.models import Product
from shop.orders.models import OrderLine
from shop.orders.ports import RecallTold
from shop.recalls import wording
from shop.recalls.models import Recall, RecallNotice, RecallShelf
from shop.recalls.ports import letters_of
from shop.search.ports import OffSale
from shop.stock.models import StockItem, StockMovement

State, Refund = RecallNotice.State, RecallNotice.Refund
_OPEN = Q(state=State.LISTED) | Q(refund=Refund.DUE)


def concerned(
    *, product_id: int, lots: Sequence[str], first: date | None, last: date | None, since: date | None
) -> tuple[str, dict[str, Any]]:
    """A statement of (line_id, order_id, status, charged, is_certain): whose orders a recall touches. No query by itself.

    Of dates that were read only the recalled ones count; where none was read, nobody knows, and it counts. Lots are not
    read on what is sold: they narrow nothing. What was never put in a packed order is left out.
    """
    parameters = {
        "product": product_id, "first": first, "last": last, "since": since,
        "by_date": first is not None or last is not None, "whole": not lots and first is None and last is None,
    }  # fmt: skip
    return _CONCERNED, parameters


_CONCERNED = """
SELECT l.id AS line_id, l.order_id, o.status, l.billed - coalesce(l.billed_share, 0) AS charged,
       %(whole)s OR (%(by_date)s AND coalesce(known.is_recalled, false)) AS is_certain
  FROM orders_orderline l
  JOIN orders_order o ON o.id = l.order_id
  JOIN slots_slot s ON s.id = o.slot_id
  LEFT JOIN LATERAL (
       SELECT bool_or(e.best_before_on BETWEEN coalesce(%(first)s::date, '-infinity')
                                           AND coalesce(%(last)s::date, 'infinity')) AS is_recalled
         FROM orders_lineevent e WHERE e.line_id = l.id AND e.best_before_on IS NOT NULL) known ON true
 WHERE l.product_id = %(product)s
   AND o.status IN ('awaiting_payment', 'placed', 'picking', 'packed', 'delivered')
   AND (%(since)s::date IS NULL OR (s.starts_at AT TIME ZONE 'Europe/Paris')::date >= %(since)s::date)
   AND NOT (l.picked IS NOT DISTINCT FROM 0)
   AND (NOT %(by_date)s OR known.is_recalled IS DISTINCT FROM false)
"""


class Figures(NamedTuple):
    """What a recall comes to, before it is decided. Euros; shelves are those where something lies."""

    shelves: int
    open_orders: int
    buyers: int
    without_date: int
    amount: Decimal


def figures(
    *, product_id: int, lots: Sequence[str], first: date | None, last: date | None, since: date | None
) -> Figures:
    """What `open_recall` would touch now. Two queries."""
    sql, parameters = concerned(product_id=product_id, lots=lots, first=first, last=last, since=since)
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES.replace("{concerned}", sql), parameters)
        open_orders, buyers, without_date, amount = cursor.fetchone()
    shelves = StockItem.objects.filter(product=product_id, on_hand__gt=0).count()
    return Figures(shelves, open_orders, buyers, without_date, amount)


_FIGURES = """
SELECT count(*) FILTER (WHERE status NOT IN ('packed', 'delivered')),
       count(*) FILTER (WHERE status IN ('packed', 'delivered')),
       count(*) FILTER (WHERE status IN ('packed', 'delivered') AND NOT is_certain),
       coalesce(sum(charged) FILTER (WHERE status IN ('packed', 'delivered')), 0)
  FROM ({concerned}) touched
"""


def first_receipt(product_id: int, lots: Sequence[str]) -> datetime | None:
    """When the first of these lots came in; None where none is known. One query."""
    came = StockMovement.objects.filter(
        item__product=product_id, lot__in=lots, kind=StockMovement.Kind.RECEIPT
    )
    return came.order_by("at").values_list("at", flat=True).first() if lots else None


def product_by_ean(ean: str) -> Product | None:
    """One query."""
    return Product.objects.filter(ean=ean).first()


def unfinished() -> list[int]:
    """Recalls with orders to list, to tell or to refund, the oldest first. One query."""
    left = RecallNotice.objects.filter(_OPEN, recall=OuterRef("pk"))
    found = Recall.objects.filter(Q(listed_at=None) | Exists(left)).order_by("pk")
    return list(found.values_list("pk", flat=True))


def to_treat(recall_id: int, *, before: datetime, limit: int) -> list[int]:
    """Notices to deal with that nobody looked at since ``before``, the longest unseen first. One query."""
    due = RecallNotice.objects.filter(_OPEN, Q(looked_at=None) | Q(looked_at__lt=before), recall=recall_id)
    return list(due.order_by(F("looked_at").asc(nulls_first=True), "pk").values_list("pk", flat=True)[:limit])


class Progress(NamedTuple):
    """Where a recall stands: orders, and euros asked back."""

    orders: int
    left: int
    told: int
    dropped: int
    in_crates: int
    bought: int
    refunded: int
    by_hand: int
    amount: Decimal


def progress(recall: Recall) -> Progress:
    """Two queries."""
    found = recall.notices.aggregate(
        orders=Count("pk"),
        left=Count("pk", filter=_OPEN),
        told=Count("pk", filter=Q(told_at__isnull=False)),
        dropped=Count("pk", filter=Q(state__in=[State.DROPPED, State.IN_CRATES])),
        bought=Count("pk", filter=Q(state=State.BOUGHT)),
        refunded=Count("pk", filter=Q(refund__in=[Refund.ASKED, Refund.DONE])),
        by_hand=Count("pk", filter=Q(refund=Refund.BY_HAND)),
        amount=Sum("amount", filter=Q(refund__in=[Refund.ASKED, Refund.DONE]), default=Decimal(0)),
    )
    return Progress(in_crates=lines_to_take_out(recall).count(), **found)


def lines_to_take_out(recall: Recall) -> QuerySet[OrderLine]:
    """Recalled articles that still lie in open crates, with their orders. No query by itself."""
    inside = OrderLine.objects.filter(
        product=recall.product_id, recalled_at__isnull=False, picked__gt=0, order__status="picking"
    )
    return inside.select_related("order").order_by("pk")


def shelves_of(recall: Recall) -> list[RecallShelf]:
    """With depot and who checked. One query."""
    found = recall.shelves.select_related("item__depot", "item__product", "checked_by")
    return list(found.order_by("item__depot__name"))


class Unreached(NamedTuple):
    """Somebody whose letter failed: to be called."""

    reference: str
    order_id: int
    name: str
    phone: str
    email: str


# Letters leave within seconds; what has none after that is for a person.
SHOWN = 200


def unreached(recall: Recall, *, limit: int = SHOWN) -> list[Unreached]:
    """Whose letter failed, or was never written, the first ``limit`` of them. Two queries per thousand orders told."""
    found: list[Unreached] = []
    for rows in _chunks(recall):
        states = letters_of(recall.pk, [row.order.reference for row in rows])
        found += [
            Unreached(
                row.order.reference, row.order_id, f"{row.order.first_name} {row.order.last_name}",
                row.order.phone, row.order.email,
            )
            for row in rows
            if states.get(row.order.reference, _unwritten(row)) == "failed"
        ]  # fmt: skip
        if len(found) >= limit:
            break
    return found[:limit]


def _unwritten(notice: RecallNotice) -> str:
    """No letter yet: the fact is on its way for a while, then somebody has to look."""
    is_late = notice.told_at is not None and notice.told_at < timezone.now() - wording.LETTER_LEAVES_WITHIN
    return "failed" if is_late else "waiting"


def _chunks(recall: Recall, size: int = 1000) -> Iterator[list[RecallNotice]]:
    """Told notices with their orders and lines, in order of id. One query each."""
    last = 0
    told = recall.notices.filter(told_at__isnull=False).select_related("order__slot", "line").order_by("pk")
    while rows := list(told.filter(pk__gt=last)[:size]):
        yield rows
        last = rows[-1].pk


def buyers(recall: Recall) -> Iterator[dict[str, Any]]:
    """Everyone told, row by row, for a file. Two queries per thousand."""
    for rows in _chunks(recall):
        states = letters_of(recall.pk, [row.order.reference for row in rows])
        for row in rows:
            yield wording.buyer(row, states.get(row.order.reference, _unwritten(row)))


def current() -> list[dict[str, Any]]:
    """The recalls that stand, the latest first, as the public page tells them. One query."""
    standing = Recall.objects.filter(closed_at=None).select_related("product__shelf__parent")
    return [wording.public(recall) for recall in standing]


def recalls_told(order_reference: str) -> list[RecallTold]:
    """What of an order was recalled, for its page. One query."""
    found = RecallNotice.objects.filter(order__reference=order_reference, told_at__isnull=False)
    return [wording.on_order(notice) for notice in found.select_related("recall", "line").order_by("pk")]


def off_sale(slug: str) -> OffSale | None:
    """Why a product is not on its page: it is recalled. One query."""
    found = Recall.objects.filter(product__slug=slug, product__recalled_at__isnull=False, closed_at=None)
    recall = found.first()
    if recall is None:
        return None
    return OffSale(recall.name, wording.why(recall), str(recall.get_advice_display()), reverse("recalls"))


def letter_about(recall_id: int, order_reference: str) -> dict[str, Any]:
    """What the letter about a recall says of one order. One query; raises RecallNotice.DoesNotExist."""
    notice = RecallNotice.objects.select_related("recall", "line", "order__slot").get(
        recall=recall_id, order__reference=order_reference
    )
    return wording.letter(notice)
