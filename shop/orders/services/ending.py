"""Orders that come to nothing: given up, cancelled, called off unpaid. What they held is given back."""

import logging
from collections.abc import Sequence

from django.db import transaction

from delivery.slots import services as slots
from loyalty.vouchers import services as vouchers
from shop.orders.models import Order, OrderEvent
from shop.orders.services.books import Kind, Status, cutoff_has_come, locked, locked_of, move, record
from shop.orders.services.calling_off import call_off
from shop.orders.services.errors import MoveRefused, TooLateToCancel, TooLateToPlace
from shop.orders.services.paying import note_payment_made
from shop.orders.services.placing import place_order
from shop.payments import services as payments
from shop.pricing import services as promotions
from shop.stock import services as stock

logger = logging.getLogger(__name__)


def abandon_order(*, reference: str) -> str:
    """Give up an unpaid order: the provider's session is expired *before* anything is released.

    Answers "abandoned", "placed" (it turned out to be paid) or "unknown" (the provider did not answer:
    nothing is released, the next run asks again, until the slot's cut-off). Paid once the cut-off had come,
    it is abandoned all the same, the payment voided and told. Outside any transaction.
    """
    outcome = payments.abandon(order_reference=reference)
    if outcome == "secured":
        try:
            place_order(reference=reference)
        except TooLateToPlace:
            return give_up_late(reference=reference)
        except MoveRefused:
            return "abandoned"  # Somebody else gave it up in between.
        return "placed"
    if outcome == "unknown" and not cutoff_has_come(
        Order.objects.select_related("slot").get(reference=reference)
    ):
        return "unknown"
    return "abandoned" if _give_back(reference) else "placed"


@transaction.atomic
def give_up_late(*, reference: str) -> str:
    """Abandon an order that was paid once its cut-off had come; the payment is voided and its payer told."""
    if not _give_back(reference):
        return "placed"
    payments.void_late_success(order_reference=reference)
    return "abandoned"


@transaction.atomic
def _give_back(reference: str) -> bool:
    """Lock order → hold → stock → promotions → voucher → account, and give back what they hold; False when the order
    is firm.
    """
    order = Order.objects.select_for_update().get(reference=reference)
    if order.status != Status.AWAITING_PAYMENT:
        return order.status == Status.ABANDONED
    move(order, Status.ABANDONED)
    record(order, Kind.ABANDONED)
    slots.unpin_hold(order_reference=reference, holder=str(order.basket_key))
    stock.return_stock(order_reference=reference)
    promotions.give_back(order_reference=reference)
    vouchers.give_back(order_reference=reference)
    # Nothing is held where the page was closed; where the provider never answered, it goes on asking.
    payments.release(order_reference=reference)
    return True


@transaction.atomic
def cancel_order(*, reference: str, customer_ids: Sequence[int] | None = None) -> Order:
    """The customer changes their mind before the cut-off: slot, stock and money are given back. Idempotent.

    ``customer_ids`` limits it to these customers' orders. Raises TooLateToCancel, MoveRefused,
    Order.DoesNotExist. The authorisation is lifted by the worker, which goes on until the provider answers.
    """
    mine = Order.objects.filter(reference=reference)
    if customer_ids is not None:
        mine = mine.filter(customer_id__in=customer_ids)
    order = locked_of(mine)
    if order.status == Status.CANCELLED:
        return order
    if order.status == Status.PICKING or (order.status == Status.PLACED and cutoff_has_come(order)):
        raise TooLateToCancel(reference)
    call_off(order, Kind.CANCELLED)
    payments.release(order_reference=order.reference)
    return order


def settle_at_cutoff(*, reference: str) -> str:
    """The cut-off has come and no money was seen: close the payment page, then call the order off unless paid.

    Answers "secured" (it was paid after all), "cancelled", "unknown" (the provider did not answer) or "doubt"
    (a charge is unanswered: staff see it, reconciliation goes on asking). Outside any transaction.
    """
    # Where a card is saved this asks nobody anything: its charge is for reconciliation to follow.
    if payments.abandon(order_reference=reference) == "unknown":
        return "unknown"
    try:
        order = cancel_unpaid(reference=reference)
    except payments.PaymentAlreadySecured:
        note_payment_made(reference=reference)
        return "secured"
    except payments.PaymentUncertain:
        logger.error("order %s is past its cut-off and its payment in doubt", reference)
        return "doubt"
    return "cancelled" if order.status == Status.CANCELLED else "secured"


@transaction.atomic
def cancel_unpaid(*, reference: str) -> Order:
    """The cut-off came and no money did: the shop calls the order off. Idempotent; nothing before the cut-off.

    Whether it is paid is decided last, under the account's lock: raises payments.PaymentAlreadySecured,
    payments.PaymentUncertain, and then nothing is given back.
    """
    order = locked(reference)
    if order.status != Status.PLACED or not cutoff_has_come(order):
        return order
    call_off(order, Kind.UNPAID)
    payments.release_unsecured(order_reference=reference)
    return order


@transaction.atomic
def note_release(*, reference: str) -> None:
    """The provider has lifted the authorisation, or forgotten the card: say so in the history, once."""
    order = Order.objects.select_for_update().get(reference=reference)
    history = set(order.events.values_list("kind", flat=True))
    if history & OrderEvent.RELEASES:
        return
    only_a_card = Kind.CARD_SAVED in history and Kind.PAYMENT_SECURED not in history
    record(order, Kind.CARD_FORGOTTEN if only_a_card else Kind.PAYMENT_RELEASED)
