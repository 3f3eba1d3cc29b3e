"""Calls that are owed: asked for once an occasion, tried until somebody answers, every try kept.

Lock order: the conversation, then the call.
"""

from datetime import datetime
from uuid import uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from crm.desk.models import CallAttempt, Callback
from crm.desk.queries.pages import opening_hours
from crm.desk.rules import CALLED_WITHIN
from crm.desk.services.conversations import MoveRefused, kept
from crm.desk.services.taking import TakenByAnother
from delivery.promise import services as promises
from delivery.promise.queries import compensation_of_occasion
from shop.customers.rules import normalise_phone

State, Result = Callback.State, CallAttempt.Result


class ReasonUnknown(ValueError):
    """No reason of Callback.Reason: a mistake of whoever asks, better heard at once."""


@transaction.atomic
def ask_callback(
    *,
    occasion: str,
    reason: str,
    order_reference: str,
    customer_id: int | None,
    conversation_id: int | None = None,
    name: str = "",
    phone: str = "",
) -> Callback:
    """Somebody is to be called within the hour, of opening hours; at night within the first hour of the next opening.

    ``occasion`` names what it is for (``report-12``): asked again with it, nothing changes and the first call is
    answered, so a fact's handler may run twice. A call about an order that is owed already is the same call: it learns
    what it lacked, and the phone given last. ``reason`` is one of Callback.Reason. Without a phone, the order's or the
    customer's is shown. Locks the call it joins; at most six queries, unless calls end meanwhile. Raises ReasonUnknown,
    PhoneInvalid.
    """
    if reason not in Callback.Reason:
        raise ReasonUnknown(reason)
    now = timezone.now()
    promised_at = within_an_hour(now)
    asked = Callback(
        occasion=occasion, reason=reason, order_reference=order_reference, customer_id=customer_id,
        conversation_id=conversation_id, name=name, phone=normalise_phone(phone), asked_at=now,
        promised_at=promised_at, next_at=promised_at,
    )  # fmt: skip
    while True:
        if owed := _known(occasion) or _joined(asked):
            return owed
        # Two at once about one order: the database keeps one, which may have ended by the time it is looked for.
        Callback.objects.bulk_create([asked], ignore_conflicts=True)


@transaction.atomic
def call_about_conversation(*, conversation_id: int) -> Callback:
    """Call whom a conversation is with. As long as the call is owed it is the same one; once over, the next is another.

    Locks the conversation, so that a button pressed twice asks once; at most eight queries. Raises Erased.
    """
    conversation = kept(conversation_id)
    if owed := conversation.callbacks.filter(state__in=Callback.OPEN).first():
        return owed
    return ask_callback(
        # Never a number: those of calls that joined another one would come again.
        occasion=f"conversation-{conversation.pk}-{uuid4().hex}",
        reason=Callback.Reason.ASKED,
        order_reference=conversation.order_reference,
        customer_id=conversation.customer_id,
        conversation_id=conversation.pk,
        name=conversation.name,
        phone=conversation.phone,
    )


def _known(occasion: str) -> Callback | None:
    return Callback.objects.filter(Q(occasion=occasion) | Q(also__contains=[occasion])).first()


def _joined(asked: Callback) -> Callback | None:
    """The call about this order that is owed already, which is for this occasion too; None where none is. Locks it."""
    if not asked.order_reference:
        return None
    owed = (
        Callback.objects.select_for_update(no_key=True)
        .filter(order_reference=asked.order_reference, state__in=Callback.OPEN)
        .first()
    )
    if owed is None or asked.occasion in (owed.occasion, *owed.also):
        return owed
    owed.also.append(asked.occasion)
    # Who is asked for goes with the number.
    owed.name = (asked.phone and asked.name) or owed.name or asked.name
    owed.phone = asked.phone or owed.phone
    owed.customer_id = owed.customer_id or asked.customer_id
    owed.conversation_id = owed.conversation_id or asked.conversation_id
    owed.save(update_fields=["also", "name", "phone", "customer", "conversation"])
    return owed


def within_an_hour(now: datetime) -> datetime:
    """The end of an hour in which somebody is there. No query."""
    return opening_hours().after_open_time(timezone.localtime(now), CALLED_WITHIN)


@transaction.atomic
def record_attempt(*, callback_id: int, result: str, note: str, user_id: int, key: str) -> CallAttempt:
    """Note a call that was made. Nobody reached: to be tried again within the next open hour. Four statements at most.

    ``key`` names the form: sent twice it is one call. The promise itself never moves. Locks the call; raises
    MoveRefused when it is over, TakenByAnother.
    """
    callback = _open(callback_id, user_id, unless=key)
    if callback is None:
        return CallAttempt.objects.get(key=key)
    attempt = CallAttempt.objects.create(
        callback=callback, result=Result(result), note=note, by_id=user_id, key=key
    )
    if result == Result.REACHED:
        _end(callback, State.CALLED, user_id)
    else:
        callback.state, callback.next_at = State.NOT_REACHED, within_an_hour(attempt.at)
        # Whoever is free at that hour tries next.
        callback.assigned_to_id = callback.assigned_at = None
        callback.save()
    return attempt


@transaction.atomic
def close_callback(*, callback_id: int, user_id: int) -> Callback:
    """Nobody is to be called any more. Locks the call; two statements. Raises MoveRefused, TakenByAnother."""
    callback = _open(callback_id, user_id)
    assert callback is not None  # noqa: S101 - only a form sent twice has none
    _end(callback, State.CLOSED, user_id)
    return callback


@transaction.atomic
def drop_occasion(occasion: str) -> None:
    """What it was asked for has come to its end otherwise: the call is over, unless it is owed for something else too.

    Locks the call; two statements.
    """
    owed = Callback.objects.select_for_update(no_key=True).filter(state__in=Callback.OPEN)
    callback = owed.filter(Q(occasion=occasion) | Q(also__contains=[occasion])).first()
    if callback is None:
        return
    others = [one for one in (callback.occasion, *callback.also) if one != occasion]
    if others:
        callback.occasion, callback.also = others[0], others[1:]
    else:
        callback.state, callback.ended_at = State.CLOSED, timezone.now()
    callback.save(update_fields=["occasion", "also", "state", "ended_at"])


def _open(callback_id: int, user_id: int, *, unless: str = "") -> Callback | None:
    callback = Callback.objects.select_for_update(no_key=True).get(pk=callback_id)
    if unless and CallAttempt.objects.filter(key=unless).exists():
        return None
    if callback.state not in Callback.OPEN:
        raise MoveRefused
    if callback.assigned_to_id not in {None, user_id}:
        raise TakenByAnother(callback.assigned_to_id)
    return callback


def _end(callback: Callback, state: str, user_id: int) -> None:
    callback.state, callback.ended_at = state, timezone.now()
    callback.assigned_to_id = user_id
    callback.save()
    for occasion in (callback.occasion, *callback.also):
        if granted := compensation_of_occasion(occasion):
            promises.note_carried_out(compensation_id=granted)
