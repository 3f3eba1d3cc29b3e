"""Told before it happens: an order that will be late, and what its customer chooses instead of waiting.

Lock order: order → hold → slots → half-days → run; the account last.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from config.facts import publish
from delivery.rounds import services as rounds
from delivery.slots import services as slots
from delivery.tracking import services as tracking
from shop.orders.delays import SlotChoice, slot_choice
from shop.orders.events import DelayAnswered, DelayTold
from shop.orders.models import Delay, Order
from shop.orders.services.books import Kind, Status, locked, record
from shop.orders.services.calling_off import call_off
from shop.orders.services.errors import ChoiceGone, DelayOver
from shop.orders.services.manifests import tell_rounds
from shop.orders.services.on_the_road import return_order
from shop.orders.services.pickup_codes import open_pickup
from shop.payments import services as payments

Answer, Cause = Delay.Answer, Delay.Cause
STILL_TO_COME = (Status.PLACED, Status.PICKING, Status.PACKED)
_NOTED: Mapping[str, Kind] = {
    Answer.WAIT: Kind.WAITED_FOR,
    Answer.SLOT: Kind.SLOT_MOVED,
    Answer.PICKUP: Kind.TO_PICK_UP,
}


@transaction.atomic
def tell_delay(*, reference: str, cause: str, expected_at: datetime | None) -> Delay | None:
    """An order will come late, or came to a closed door: its customer is told, and may choose. None for what is over,
    or is fetched.

    While they have not answered, a new forecast only moves the hour; another cause is told anew. Locks the order; seven
    queries, and what `publish` takes.
    """
    order = locked(reference)
    if order.status not in STILL_TO_COME or order.is_collect:
        return None
    delay = order.delays.filter(answer="").first()
    if delay and delay.cause == cause:
        Delay.objects.filter(pk=delay.pk).update(expected_at=expected_at)
        return delay
    if delay:
        delay.cause, delay.expected_at = cause, expected_at
        delay.save(update_fields=["cause", "expected_at"])
    else:
        delay = Delay.objects.create(order=order, cause=cause, expected_at=expected_at)
    if cause != Cause.MISSED:
        record(order, Kind.DELAY_TOLD, cause=cause)
    publish(
        DelayTold(
            order_reference=reference, customer_id=order.customer_id, delay_id=delay.pk, cause=str(cause)
        )
    )
    return delay


@transaction.atomic
def answer_delay(
    *, token: str, answer: str, slot_id: int | None = None, by: str = Delay.By.CUSTOMER
) -> Delay:
    """Do what the customer of a late order chose: wait, another slot, fetch it at a point, or an end to it.

    ``slot_id`` is a slot on offer (`delays.slot_choices`), of the order's zone or of a point. Raises Delay.DoesNotExist,
    DelayOver (it has come, was called off, or was answered), ChoiceGone (that slot is full, closed or not on offer, or
    nobody may choose that here); then nothing changed. Locks the order first. At most sixty queries, however many lines.
    """
    reference = Delay.objects.values_list("order__reference", flat=True).get(token=token)
    order = locked(reference)
    delay = Delay.objects.get(token=token)
    if delay.answer or order.status not in STILL_TO_COME:
        raise DelayOver(reference)
    if answer not in may_choose(delay):
        raise ChoiceGone(answer)
    if answer in {Answer.SLOT, Answer.PICKUP}:
        choice = slot_choice(order, slot_id, is_pickup=answer == Answer.PICKUP)
        if choice is None:
            raise ChoiceGone(slot_id)
        _move(order, choice)
        _call_back(order)
    if answer == Answer.CANCEL:
        _end(order)
        _call_back(order)
    else:
        record(order, _NOTED[answer], **({"slot": slot_id} if slot_id else {}))
    delay.answer, delay.answered_at, delay.answered_by = answer, timezone.now(), by
    delay.save(update_fields=["answer", "answered_at", "answered_by"])
    publish(DelayAnswered(order_reference=reference, customer_id=order.customer_id, delay_id=delay.pk))
    return delay


def may_choose(delay: Delay) -> tuple[str, ...]:
    """Whoever was out when the courier came has nothing to wait for, and had their promise kept."""
    if delay.cause == Cause.MISSED:
        return Answer.SLOT, Answer.PICKUP
    return Answer.WAIT, Answer.SLOT, Answer.PICKUP, Answer.CANCEL


def _call_back(order: Order) -> None:
    """After its half-day was locked, so that a courier who begins to load now has begun, or finds it gone."""
    try:
        tracking.call_back(order_reference=order.reference)
    except tracking.AtTheDoor as there:
        raise DelayOver(order.reference) from there


def _move(order: Order, choice: SlotChoice) -> None:
    try:
        slots.move_booking(order_reference=order.reference, slot_id=choice.slot.pk)
    except (slots.SlotUnknown, slots.SlotClosed, slots.SlotFull) as refused:
        raise ChoiceGone(choice.slot.pk) from refused
    order.slot = choice.slot
    changed = ["slot"]
    if choice.slot.zone.is_collect:
        order.zone = choice.slot.zone
        order.line1, order.line2 = order.zone.line1, order.zone.line2
        order.postcode, order.city = order.zone.postcode, order.zone.city
        changed += ["zone", "line1", "line2", "postcode", "city"]
    order.save(update_fields=changed)
    if order.is_collect:
        open_pickup(order=order)
        rounds.cancel_drop(order_reference=order.reference)
    else:
        tell_rounds(reference=order.reference)


def _end(order: Order) -> None:
    """Before its crates are closed nothing was charged; after, all of it is given back."""
    if order.status == Status.PACKED:
        return_order(order=order)
        rounds.cancel_drop(order_reference=order.reference)
        return
    call_off(order, Kind.CANCELLED, is_our_doing=True)
    payments.release(order_reference=order.reference)
