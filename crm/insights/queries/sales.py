"""What was sold each day and what was taken off it, counted where it lies."""

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Case, Count, DecimalField, F, Q, Sum, Value, When
from django.db.models.functions import Cast, Coalesce, Greatest, Least, TruncDate
from django.utils import timezone

from crm.insights.programme.sales import CENT, DELIVERY, GIFTS, NOTHING, POINTS, PROMOTIONS, VOUCHERS, Sales
from delivery.slots.rules import local_midnight
from loyalty.points.figures import spent_otherwise
from loyalty.points.queries import terms_at
from loyalty.points.rules import worth
from loyalty.rewards.queries import given_cost
from shop.orders.models import Order, OrderLine

_EXACT: Any = DecimalField(max_digits=20, decimal_places=6)


def sales_by_day(since: date, until: date) -> dict[date, Sales]:
    """Orders placed from one day on and before another, that stand, at what is billed where it is known; what is delivered
    once more at no cost is no sale. Six queries, however many orders.
    """
    begins, ends = local_midnight(since), local_midnight(until)
    discounts: dict[date, dict[str, Decimal]] = defaultdict(dict)
    turnover: dict[date, tuple[int, Decimal]] = {}
    for day, orders, paid, offered in _orders(begins, ends):
        turnover[day] = orders, paid
        _add(discounts[day], DELIVERY, offered)
    for day, amount in _promotions(begins, ends):
        _add(discounts[day], PROMOTIONS, amount)
    for day, origin, amount in _vouchers(begins, ends):
        _add(discounts[day], VOUCHERS + origin, amount)
    row = terms_at(timezone.now())
    for day, points in spent_otherwise(begins, ends).items():
        if row:
            _add(discounts[day], POINTS, worth(points, row.terms))
    for day, cost in given_cost(begins, ends).items():
        _add(discounts[day], GIFTS, cost)
    return {
        day: Sales(*turnover.get(day, (0, NOTHING)), discounts.get(day, {}))
        for day in turnover.keys() | discounts.keys()
    }


def _add(known: dict[str, Decimal], what: str, amount: Decimal | None) -> None:
    if amount:
        known[what] = amount.quantize(CENT)


def _placed(begins: datetime, ends: datetime, of: str = "") -> Q:
    return Q(
        **{
            f"{of}placed_at__gte": begins, f"{of}placed_at__lt": ends, f"{of}status__in": Order.STANDING,
            f"{of}makes_good": None,
        }
    )  # fmt: skip


def _orders(begins: datetime, ends: datetime) -> Any:
    """(day, orders, turnover, delivery that promotions offered). One query."""
    billed = {
        name: Coalesce(f"bill__{name}", name) for name in ("goods_total", "delivery_fee", "voucher_discount")
    }
    paid = billed["goods_total"] + billed["delivery_fee"] - billed["voucher_discount"]
    offered = Case(
        When(~Q(delivery_label=""), then=Greatest(F("slot__price") - billed["delivery_fee"], Value(NOTHING))),
        default=Value(NOTHING), output_field=_EXACT,
    )  # fmt: skip
    days = Order.objects.filter(_placed(begins, ends)).annotate(day=TruncDate("placed_at")).order_by()
    return days.values_list("day").annotate(number=Count("pk"), paid=Sum(paid), offered=Sum(offered))


def _promotions(begins: datetime, ends: datetime) -> Any:
    """(day, what promotions took off what was delivered, of a line that is not packed yet all). A stand-in that is sold at the
    price of what it stands for is no promotion. One query.
    """
    picked, quantity = Cast("picked", _EXACT), Cast("quantity", _EXACT)
    delivered = Case(
        When(picked=None, then=Value(Decimal(1))),
        default=Least(picked, quantity) / quantity,
        output_field=_EXACT,
    )
    lines = OrderLine.objects.filter(
        _placed(begins, ends, "order__"), discount__gt=0, promotion__isnull=False
    )
    days = lines.annotate(day=TruncDate("order__placed_at")).order_by()
    taken = Cast(F("discount") - F("price_kept"), _EXACT) * delivered
    return days.values_list("day").annotate(amount=Sum(taken, output_field=_EXACT))


_VOUCHERS = """
SELECT (o.placed_at AT TIME ZONE %(zone)s)::date, v.origin, sum(v.amount) FROM orders_order o
  JOIN vouchers_voucher v ON v.order_reference = o.reference AND v.order_reference <> ''
 WHERE o.placed_at >= %(begins)s AND o.placed_at < %(ends)s AND o.status = ANY(%(standing)s) AND o.makes_good_id IS NULL
 GROUP BY 1, 2
"""


def _vouchers(begins: datetime, ends: datetime) -> list[tuple[date, str, Decimal]]:
    """(day of the order, origin, what vouchers take off it). One query."""
    told: dict[str, Any] = {
        "begins": begins, "ends": ends, "standing": list(Order.STANDING),
        "zone": timezone.get_current_timezone_name(),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_VOUCHERS, told)
        return list(cursor.fetchall())
