"""An answer is carried out: money back, or the same once more. Once for the claim, never beyond what was billed."""

from collections.abc import Mapping
from typing import NamedTuple

from django.db import transaction

from delivery.slots import services as slots
from shop.claims.models import Claim
from shop.claims.services.books import Answer, Event, Kind, State, move, record, tell_answered
from shop.orders import services as orders
from shop.orders.models import Order, OrderLine, Refund
from shop.orders.services import Returned
from shop.payments import services as payments
from shop.payments.models import PaymentOperation
from shop.stock import services as stock

_REASONS: Mapping[str, str] = {
    Kind.MISSING: PaymentOperation.Reason.MISSING,
    Kind.DAMAGED: PaymentOperation.Reason.DAMAGED,
    Kind.LIFE: PaymentOperation.Reason.MISTAKE,
}
# The money is not taken yet: the worker is about it.
_LATER = (orders.NotBilled, payments.RefundAboveCaptured)
_NEVER = (orders.NothingToRefund, orders.MoreThanBilled, payments.AlreadyRefunded)


class Given(NamedTuple):
    """``refund`` where money is on its way; else ``is_later`` once it was taken, or never."""

    refund: Refund | None
    is_later: bool = False


def give_back(claim: Claim, quantities: Mapping[OrderLine, int], *, by_id: int | None = None) -> Given:
    """What was reported of an order goes back, once for the claim. Locks the order, then the account; 18 queries."""
    try:
        with transaction.atomic():
            refund = orders.give_back(
                order_reference=claim.order.reference,
                reason=_REASONS[claim.kind],
                occasion=claim.occasion,
                lines=[Returned(line.pk, quantity) for line, quantity in quantities.items()],
                by_id=by_id,
            )
    except _LATER:
        return Given(None, is_later=True)
    except _NEVER:
        return Given(None)
    return Given(refund)


def deliver_again(
    claim: Claim, quantities: Mapping[OrderLine, int], slot_id: int, *, by_id: int | None = None
) -> Order | None:
    """The same once more, in this slot; None where slot or stock is gone, and nothing is left behind then.

    Locks the order, then the slot, then stock; 32 queries.
    """
    try:
        with transaction.atomic():
            return orders.redo_delivery(
                order_reference=claim.order.reference,
                quantities={line.pk: quantity for line, quantity in quantities.items()},
                slot_id=slot_id,
                key=claim.key,
                by_id=by_id,
            )
    except (
        orders.NothingToRedo, orders.MoveRefused, stock.StockShort, slots.SlotFull, slots.SlotClosed,
        slots.SlotUnknown,
    ):  # fmt: skip
        return None


def answer_refunded(claim: Claim, refund: Refund, *, by_id: int | None = None, said: str = "") -> None:
    move(claim, State.ANSWERED, answer=Answer.REFUND, refund=refund, by_id=by_id, said=said)
    record(claim, Event.REFUNDED, by_id=by_id, refund=refund.pk)
    tell_answered(claim)


def answer_replaced(claim: Claim, again: Order, *, by_id: int | None = None, said: str = "") -> None:
    move(claim, State.ANSWERED, answer=Answer.REPLACEMENT, replacement=again, by_id=by_id, said=said)
    record(claim, Event.REPLACED, by_id=by_id, reference=again.reference)
    tell_answered(claim)
