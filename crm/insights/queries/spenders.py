"""Orders as the comparison of spenders sees them: how many points their customer had, and what they did next."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db import connection
from django.db.models import F
from django.db.models.functions import Coalesce

from crm.insights.programme.benefit import SPENT, Purchase
from crm.insights.queries.episodes import RHYTHM_READ, margin_of_a_euro
from crm.insights.recovery.episodes import Cost, Kind, own_rhythm
from delivery.slots.rules import local_midnight
from loyalty.points.figures import accounts_number, usable_when_counted
from shop.orders.models import Order

# So many customers say as much as all of them, and are read in seconds.
ENOUGH_ACCOUNTS = 10_000


@dataclass(frozen=True, slots=True)
class _Bought:
    reference: str
    placed_at: datetime
    came_at: datetime | None
    total: Decimal


def purchases(since: date, until: date) -> tuple[list[Purchase], int]:
    """Every order handed over from ``since`` on and before ``until`` that brought points; and of one customer in how many
    they are. Five queries, however many orders.
    """
    begins, ends = local_midnight(since), local_midnight(until)
    one_in = max(1, -(-accounts_number() // ENOUGH_ACCOUNTS))
    had = usable_when_counted(begins, one_in=one_in)
    spent = _spent(begins - RHYTHM_READ)
    margin = margin_of_a_euro(ends)
    found: list[Purchase] = []
    for customer_id, history in _histories(begins, ends, one_in).items():
        found.extend(_of_customer(customer_id, history, (begins, ends), had, spent, margin))
    return found, one_in


def _histories(begins: datetime, ends: datetime, one_in: int) -> dict[int, list[_Bought]]:
    """One query."""
    found = Order.objects.filter(
        placed_at__gte=begins - RHYTHM_READ, placed_at__lt=ends, makes_good=None, status__in=Order.STANDING
    )
    rows = (
        found.annotate(owner=Coalesce("customer__merged_into", "customer"))
        .annotate(part=F("owner") % one_in)
        .filter(part=0)
        .order_by("owner", "placed_at")
        .values_list("owner", "reference", "placed_at", "delivered_at", "total")
    )
    histories: dict[int, list[_Bought]] = defaultdict(list)
    for owner, reference, placed_at, came_at, total in rows.iterator(chunk_size=5000):
        histories[owner].append(_Bought(reference, placed_at or begins, came_at, total))
    return histories


_SPENT = """
SELECT v.order_reference, -e.points, v.amount FROM vouchers_voucher v
  JOIN points_pointentry e ON e.account_id = v.owner_id AND e.kind = 'spent' AND e.source = v.source
 WHERE v.origin = 'loyalty' AND v.order_reference <> '' AND v.granted_at >= %s
"""


def _spent(since: datetime) -> dict[str, tuple[int, Decimal]]:
    """Order → the points that its voucher was had for, and what it took off. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_SPENT, [since])
        return {reference: (points, amount) for reference, points, amount in cursor.fetchall()}


def _of_customer(
    customer_id: int, history: Sequence[_Bought], period: tuple[datetime, datetime], had: dict[str, int],
    spent: dict[str, tuple[int, Decimal]], margin: Decimal,
) -> Iterator[Purchase]:  # fmt: skip
    begins, ends = period
    gaps = [(later.placed_at - one.placed_at).days for one, later in pairwise(history)]
    for place, order in enumerate(history):
        came = order.came_at
        if came is None or not begins <= came < ends or order.reference not in had:
            continue
        points, amount = spent.get(order.reference, (0, Decimal(0)))
        usual = sum((one.total for one in history[: place + 1]), Decimal(0)) / (place + 1)
        later = history[place + 1 :]
        with_points: Any = [one for one in later if one.reference in spent]
        yield Purchase(
            customer_id=customer_id,
            orders_so_far=place + 1,
            rhythm_days=own_rhythm(gaps[:place]),
            zone="",
            basket=order.total,
            observed_days=(ends - came).days,
            returned_after_days=_first_after((one.placed_at for one in later), came),
            causes=(SPENT,) if points else (),
            costs=(Cost(SPENT, Kind.GESTURE, amount),) if points else (),
            usual_margin=(usual * margin).quantize(Decimal("0.01")) if margin else None,
            days_since_incident=_last_before(
                (one.came_at for one in history[:place] if one.reference in spent), came
            ),
            next_incident_after_days=_first_after(
                (one.came_at for one in with_points if one.came_at and one.came_at < ends), came
            ),
            had_points=had[order.reference] + points,
        )


def _first_after(instants: Iterator[datetime], came: datetime) -> int | None:
    return min(((at - came).days for at in instants if at > came), default=None)


def _last_before(instants: Iterator[datetime | None], came: datetime) -> int | None:
    return min(((came - at).days for at in instants if at and at <= came), default=None)
