"""What orders do as their courier goes on: left, at the door, handed over, brought back."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from config.facts import publish
from loyalty.vouchers import services as vouchers
from loyalty.vouchers.models import Voucher
from shop.orders.events import OrderReturned
from shop.orders.models import Order, OrderEvent
from shop.orders.refunds import ledger_of
from shop.orders.rules import GIVEN_BACK_LASTS
from shop.orders.services.books import Kind, Status, has_event, locked, move, record
from shop.orders.services.preparing import hand_over
from shop.orders.services.promising import promise_no_more
from shop.orders.services.refunding import Returned, give_back
from shop.payments import services as payments
from shop.payments.models import PaymentOperation
from shop.payments.queries import asked_to_capture

RETURNED = "non-remise"


@transaction.atomic
def note_on_the_road(*, references: Sequence[str], kind: OrderEvent.Kind) -> None:
    """Write in the history of orders that they left, or that their courier is at the door; once each, and nothing of
    those that are over. Three queries, however many.
    """
    found = Order.objects.filter(reference__in=references, status=Status.PACKED).order_by("pk")
    orders = list(found.select_for_update())
    known = OrderEvent.objects.filter(order__in=orders, kind=kind).values_list("order_id", flat=True)
    told = set(known)
    OrderEvent.objects.bulk_create(
        OrderEvent(order=order, kind=kind) for order in orders if order.pk not in told
    )


@transaction.atomic
def note_delivered(
    *, reference: str, at: datetime, refused: Sequence[str] = (), deposits_back: int = 0
) -> Order:
    """Its courier handed it over: what was refused at the door is given back, deposits taken back are written down.

    Twice is once. Raises MoveRefused. Locks the order, then the account; 25 queries at most.
    """
    order = hand_over(reference=reference, at=at)
    if deposits_back and not has_event(order, Kind.DEPOSITS_BACK):
        record(order, Kind.DEPOSITS_BACK, number=deposits_back)
    if refused:
        _give_back_refused(order, {int(line_id) for line_id in refused})
    return order


def _give_back_refused(order: Order, line_ids: set[int]) -> None:
    ledger = ledger_of(order)
    if ledger is None:
        return
    parts = [
        Returned(pk, charged.left)
        for pk, charged in ledger.charged.items()
        if pk in line_ids and charged.left and charged.billed
    ]
    if parts:
        give_back(
            order_reference=order.reference,
            reason=PaymentOperation.Reason.REFUSED,
            occasion=f"{order.reference}-porte",
            lines=parts,
        )


@transaction.atomic
def note_missed(*, reference: str) -> None:
    """Nobody took it: it is brought back to the depot. Once for each day. Locks the order; four queries."""
    order = locked(reference)
    if order.status != Status.PACKED:
        return
    today = timezone.localdate()
    missed = order.events.filter(kind=Kind.MISSED).order_by("-id").first()
    if missed is None or timezone.localdate(missed.at) != today:
        record(order, Kind.MISSED)


@transaction.atomic
def return_order(*, order: Order) -> Order:
    """An order whose crates are closed comes to nobody: its customer pays nothing. The caller holds its lock.

    What was taken is given back, what was only authorised released; a capture that is under way is given back once it
    is made. A voucher that is spent is granted anew. At most forty queries, however many lines.
    """
    move(order, Status.RETURNED)
    record(order, Kind.RETURNED)
    promise_no_more(order, is_our_doing=True)
    publish(OrderReturned(order_reference=order.reference, customer_id=order.customer_id))
    settle_returned_money(order)
    return order


@transaction.atomic
def settle_returned(*, reference: str) -> None:
    """Money of an order that was given back has moved: give that back too. Twice is once. Locks the order."""
    order = locked(reference)
    if order.status == Status.RETURNED:
        settle_returned_money(order)


def settle_returned_money(order: Order) -> None:
    if not asked_to_capture(order.reference):
        payments.release(order_reference=order.reference)
        vouchers.give_back(order_reference=order.reference)
        return
    ledger = ledger_of(order)
    if ledger is None or not ledger.total_left or not has_event(order, Kind.PAID):
        return
    give_back(
        order_reference=order.reference,
        reason=PaymentOperation.Reason.LATE,
        occasion=f"{order.reference}-{RETURNED}",
        lines=[
            Returned(pk, charged.left)
            for pk, charged in ledger.charged.items()
            if charged.left and (charged.billed or charged.deposit)
        ],
        with_delivery=True,
    )
    _grant_anew(order)


def _grant_anew(order: Order) -> None:
    """A voucher that this order spent is worth again what it took off."""
    discount = order.bill.voucher_discount
    if discount and not vouchers.give_back(order_reference=order.reference):
        vouchers.grant(
            kind=Voucher.Kind.AMOUNT,
            value=discount,
            origin=Voucher.Origin.COMPENSATION,
            source=f"{RETURNED}:{order.reference}",
            owner_id=order.customer_id,
            valid_until=timezone.now() + GIVEN_BACK_LASTS,
        )
