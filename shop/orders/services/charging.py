"""The money of closed crates: asked for with the bill, by itself again, or by somebody who says why."""

import logging
from decimal import Decimal

from django.db import transaction

from shop.orders.models import Order, OrderEvent
from shop.orders.services.books import Kind, Status, has_event, locked, record
from shop.orders.services.errors import NothingToCharge
from shop.payments import services as payments
from shop.payments.queries import asked_to_capture
from shop.payments.rules import cents

logger = logging.getLogger(__name__)
_CLOSED = (Status.PACKED, Status.DELIVERED)


def ask_for_money(order: Order, total: Decimal) -> None:
    """The order goes on whatever the payment does: it is asked again, and staff see what could not be taken."""
    if not total:
        payments.release(order_reference=order.reference)
        return
    try:
        with transaction.atomic():
            payments.capture(order_reference=order.reference, amount=total)
    except (payments.NothingAuthorised, payments.PaymentClosed, payments.CaptureAboveAuthorised) as refused:
        logger.error("order %s is packed and cannot be charged: %s", order.reference, type(refused).__name__)


@transaction.atomic
def charge(*, reference: str) -> None:
    """Ask once more for the money of a closed order, where it was refused or could not be asked. Again is the same.

    Locks the order, then the account; eight queries.
    """
    order = locked(reference)
    if order.status in _CLOSED and not has_event(order, Kind.PAID):
        ask_for_money(order, order.bill.total)


def is_charge_due(order: Order) -> bool:
    """Whether its crates are closed, and less than its bill was taken or is being. Two queries."""
    return order.status in _CLOSED and asked_to_capture(order.reference) < order.bill.total


@transaction.atomic
def charge_by_hand(*, reference: str, why: str, by_id: int | None) -> Decimal:
    """Somebody asks for the money of a closed order now, for one of `OrderEvent.ChargeReason`; the euros of its bill.

    Written in its history, then asked by the worker like any other. Raises ValueError (no such reason), NothingToCharge,
    and where nothing can be taken what payments.capture raises. Locks the order, then the account; eleven queries.
    """
    reason = OrderEvent.ChargeReason(why)
    order = locked(reference)
    if not is_charge_due(order):
        raise NothingToCharge(reference)
    total: Decimal = order.bill.total
    payments.capture(order_reference=reference, amount=total)
    record(order, Kind.CHARGE_ASKED, total_cents=cents(total), why=str(reason), by=by_id)
    return total


@transaction.atomic
def note_paid(*, reference: str) -> None:
    """The money of its bill was taken: say so in the history, once. Locks the order; four queries."""
    order = locked(reference)
    if order.status in (*_CLOSED, Status.RETURNED) and not has_event(order, Kind.PAID):
        record(order, Kind.PAID)
