"""Calls that are owed: asked for once an occasion, tried until somebody answers, every try kept."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from crm.desk.models import CallAttempt, Callback
from crm.desk.queries.pages import opening_hours
from crm.desk.rules import CALLED_WITHIN
from crm.desk.services.conversations import MoveRefused
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
    answered, so a fact's handler may run twice. A call about an order that is owed already is the same call. ``reason`` is one of Callback.Reason. Without a phone, the order's or
    the customer's is shown. At most six queries. Raises ReasonUnknown, PhoneInvalid.
    """
    if reason not in Callback.Reason:
        raise ReasonUnknown(reason)
    if known := _known(occasion):
        return known
    now = timezone.now()
    promised_at = within_an_hour(now)
    asked = Callback(
        occasion=occasion, reason=reason, order_reference=order_reference, customer_id=customer_id,
        conversation_id=conversation_id, name=name, phone=normalise_phone(phone), asked_at=now,
        promised_at=promised_at, next_at=promised_at,
    )  # fmt: skip
    # Two at once about one order: the database keeps one.
    Callback.objects.bulk_create([asked], ignore_conflicts=True)
    return _known(occasion) or _joined(occasion, order_reference)


def _known(occasion: str) -> Callback | None:
    return Callback.objects.filter(Q(occasion=occasion) | Q(also__contains=[occasion])).first()


def _joined(occasion: str, order_reference: str) -> Callback:
    """The call about this order that is owed already, which is for this occasion too. Locks it."""
    owed = Callback.objects.select_for_update(no_key=True).filter(
        order_reference=order_reference, state__in=Callback.OPEN
    )
    callback = owed.get()
    callback.also.append(occasion)
    callback.save(update_fields=["also"])
    return callback


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
