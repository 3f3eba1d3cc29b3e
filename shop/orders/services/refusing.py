"""A replacement that its customer does not want: taken off before the crates are closed, refunded after."""

from django.db import transaction
from django.utils import timezone

from shop.orders.models import LineEvent, Order, OrderLine, Refund
from shop.orders.refund_rules import REFUSED_WITHIN
from shop.orders.refunds import is_closed, ledger_of
from shop.orders.services.books import Status, locked
from shop.orders.services.errors import MoveRefused, NoReplacement, RefusalTooLate
from shop.orders.services.refunding import Returned, give_back
from shop.payments.models import PaymentOperation
from shop.stock import services as stock


@transaction.atomic
def refuse_substitute(*, order_reference: str, line_id: int, by_id: int | None = None) -> Refund | None:
    """Before the crates are closed it is taken off and never paid (None), afterwards all of it is refunded.

    ``by_id`` is staff, on the customer's word. Twice is once. Raises NoReplacement (no such line, none of it came),
    RefusalTooLate, MoveRefused (cancelled), MoreThanBilled (refunded for another reason), NothingToRefund (it cost
    nothing), and what `payments.refund` raises. Locks the order, then stock or the account; at most 26 queries.
    """
    order = locked(order_reference)
    line = order.lines.filter(pk=line_id, replaces__isnull=False).first()
    if line is None:
        raise NoReplacement(line_id)
    if order.status in {Status.PLACED, Status.PICKING}:
        _take_off(order, line, by_id)
        return None
    if not is_closed(order):
        raise MoveRefused(order.status)
    return _refund(order, line, by_id)


def _take_off(order: Order, line: OrderLine, by_id: int | None) -> None:
    """It goes back on its shelf, or out of the crate: the picker reads that nothing of it is wanted."""
    if not line.wanted:
        return
    dropped = line.wanted
    line.dropped, line.picked = line.quantity, 0
    line.save(update_fields=["dropped", "picked"])
    LineEvent.objects.create(line=line, kind=LineEvent.Kind.REFUSED, quantity=dropped, by_id=by_id)
    if line.product_id:
        stock.change_reservations(
            order_reference=order.reference, depot_id=order.depot_id, changes={line.product_id: -dropped}
        )


def _refund(order: Order, line: OrderLine, by_id: int | None) -> Refund:
    occasion = f"substitute-{line.pk}"
    if known := order.refunds.filter(occasion=occasion).first():
        return known
    if not line.picked:
        raise NoReplacement(line.pk)
    if timezone.now() > order.slot.ends_at + REFUSED_WITHIN:
        raise RefusalTooLate(line.pk)
    ledger = ledger_of(order)
    left = ledger.charged[line.pk].left if ledger else 0
    refund = give_back(
        order_reference=order.reference,
        reason=PaymentOperation.Reason.SUBSTITUTE,
        occasion=occasion,
        lines=[Returned(line.pk, left)],
        by_id=by_id,
    )
    LineEvent.objects.create(line=line, kind=LineEvent.Kind.REFUSED, quantity=left, by_id=by_id)
    return refund
