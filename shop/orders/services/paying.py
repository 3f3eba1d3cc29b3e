"""Whether a placed order is paid, and who is asked when it is not."""

from django.db import transaction
from django.utils import timezone

from config.facts import publish
from loyalty.vouchers import services as vouchers
from shop.orders.events import OrderPaymentNeeded
from shop.orders.models import Order
from shop.orders.queries import CUTOFF_NEAR
from shop.orders.services.books import Kind, Status, cutoff_has_come, has_event, locked, record
from shop.payments import services as payments
from shop.payments.queries import payment_state


@transaction.atomic
def note_refusal(*, reference: str) -> None:
    """The card was refused: the order waits for another one until it expires. Locks the order."""
    order = Order.objects.select_for_update().get(reference=reference)
    if order.status == Status.AWAITING_PAYMENT:
        record(order, Kind.PAYMENT_REFUSED)


@transaction.atomic
def ask_for_payment(*, reference: str) -> None:
    """Nothing secures a placed order: its customer is asked, the slot kept until the cut-off. Idempotent.

    Whatever fact led here may be old news, so the payment itself is looked at: nobody who has paid is asked,
    nor anybody whose answer is awaited. Locks the order; four queries at most.
    """
    order = locked(reference)
    if order.status != Status.PLACED or order.payment_needed_at or cutoff_has_come(order):
        return
    if _is_paid(order) or payment_state(reference) == "unknown":
        return
    order.payment_needed_at = timezone.now()
    order.save(update_fields=["payment_needed_at"])
    record(order, Kind.PAYMENT_NEEDED)
    publish(OrderPaymentNeeded(order_reference=reference, customer_id=order.customer_id))


@transaction.atomic
def note_payment_made(*, reference: str) -> None:
    """The customer paid again, or their saved card was charged; the payment itself must confirm it.

    Locks the order; once is enough.
    """
    order = locked(reference)
    if order.payment_needed_at and _is_paid(order):
        order.payment_needed_at = None
        order.save(update_fields=["payment_needed_at"])
        record(order, what_was_secured(reference))
    elif payment_state(reference) == "secured" and not has_event(order, Kind.PAYMENT_SECURED):
        record(order, Kind.PAYMENT_SECURED)


@transaction.atomic
def spend_voucher(*, reference: str) -> bool:
    """The order was charged: its voucher is used, for what its bill says it took off. Idempotent.

    False: it has none, or this is done. One query, and those of vouchers.use.
    """
    order = Order.objects.select_related("bill").get(reference=reference)
    if not order.voucher_discount:
        return False
    bill = getattr(order, "bill", None)
    return vouchers.use(order_reference=reference, amount=(bill or order).voucher_discount)


def what_was_secured(reference: str) -> Kind:
    """Money on a card, or only the card: the history must not claim the one for the other."""
    is_saved_only = payment_state(reference) == "card_saved"
    return Kind.CARD_SAVED if is_saved_only else Kind.PAYMENT_SECURED


def _is_paid(order: Order) -> bool:
    """Money is authorised, or a card is saved whose time to be charged is not over. Two queries."""
    state = payment_state(order.reference)
    in_time = order.slot.cutoff_at > timezone.now() + CUTOFF_NEAR
    return state == "secured" or (state == "card_saved" and in_time)


def ask_before_cutoff(*, reference: str) -> str:
    """The cut-off is near and no money secures the order: charge its saved card, else ask its customer.

    Answers "secured", "asked" or "unknown". Outside any transaction: it may talk to the provider.
    """
    payments.authorise_now(order_reference=reference)
    state = payment_state(reference)
    if state == "unknown" or state == "secured":
        return state
    ask_for_payment(reference=reference)
    return "asked"
