"""An order tells what it is promised, and what became of it. In the caller's transaction, which holds the order's lock.

The outcome is locked after all that the order holds. Not called from other rooms.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from delivery.promise import services as promises
from delivery.promise.services import Promised
from shop.orders.models import Order, OrderBill, OrderLine, ShortageQuestion
from shop.orders.promised import units_of, units_ordered
from shop.payments.rules import cents

_By = ShortageQuestion.By


class Ordered(NamedTuple):
    """How a line is sold, pieces or grams of it, and its part of the order's voucher."""

    sold_by: str
    quantity: int
    voucher_share: Decimal = Decimal(0)


def promise(order: Order, lines: Sequence[Ordered]) -> None:
    """The order is firm; ``lines`` are what was ordered, stand-ins left out. Again is once. Two queries and the fact's."""
    promises.open_outcome(
        order_reference=order.reference,
        customer_id=order.customer_id,
        zone_id=order.zone_id,
        is_collect=order.is_collect,
        rank=order.rank,
        promised=_promised(order, lines),
    )


def promise_anew(order: Order, lines: Sequence[OrderLine]) -> None:
    """It was amended to these lines; one placed before promises were kept gets its own. One UPDATE and the fact's."""
    ordered = _ordered(lines)
    try:
        promises.change_outcome(order_reference=order.reference, promised=_promised(order, ordered))
    except promises.OutcomeUnknown:
        promise(order, ordered)


def _ordered(lines: Sequence[OrderLine]) -> list[Ordered]:
    """Without what stands in for something else."""
    return [Ordered(one.sold_by, one.quantity, one.voucher_share) for one in lines if not one.replaces_id]


def _promised(order: Order, lines: Sequence[Ordered]) -> Promised:
    off_delivery = order.voucher_discount - sum((line.voucher_share for line in lines), Decimal(0))
    return Promised(
        slot_starts_at=order.slot.starts_at,
        slot_ends_at=order.slot.ends_at,
        fee_cents=max(0, cents(order.delivery_fee - off_delivery)),
        total_cents=cents(order.total),
        units_ordered=units_ordered((line.sold_by, line.quantity) for line in lines),
    )


def promise_no_more(order: Order, *, is_our_doing: bool) -> None:
    promises.cancel_outcome(order_reference=order.reference, is_our_doing=is_our_doing)


def note_packed(order: Order, lines: Sequence[OrderLine], bill: OrderBill) -> None:
    """Its crates are closed. Orders placed before promises were kept get theirs here. Five queries and the facts'."""
    promise(order, _ordered(lines))
    units = units_of(lines, _answered(order))
    assert order.packed_at is not None  # noqa: S101 - it is being packed
    promises.record_picking(
        order_reference=order.reference,
        units_ordered=units.ordered,
        units_missing=units.missing,
        units_told=units.told,
        fee_cents=cents(_fee_charged(lines, bill)),
        total_cents=cents(bill.total),
        at=order.packed_at,
    )


def _answered(order: Order) -> dict[int, int]:
    """Line → what was missing at its shelf and somebody said what to do about. One query."""
    asked = ShortageQuestion.objects.filter(order=order, answered_by__in=[_By.CUSTOMER, _By.STAFF])
    asked = asked.exclude(answer=ShortageQuestion.Answer.FOUND)
    return dict(asked.values_list("line_id", "missing"))


def _fee_charged(lines: Sequence[OrderLine], bill: OrderBill) -> Decimal:
    """What a voucher takes off beyond the articles' shares, it takes off the delivery."""
    shares = sum((line.billed_share or Decimal(0) for line in lines), Decimal(0))
    return bill.delivery_fee - (bill.voucher_discount - shares)
