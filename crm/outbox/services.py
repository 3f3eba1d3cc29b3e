"""Every write about messages: queue, claim, send, reconcile, purge.

The database is the queue of record; Celery is only nudged. A claim commits *before* the sending: a crash
then leaves a doubt, never a double (ADR 0004).
"""

import logging
import time
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import get_connection
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from crm.outbox import secrets
from crm.outbox.letters import render
from crm.outbox.models import MOVES, Message, State, Suppression
from crm.outbox.sending import Outcome, hand_over, open_failed
from delivery.promise.queries import has_open_incident
from shop.customers.models import Consent
from shop.customers.queries import has_consent

logger = logging.getLogger(__name__)

CLAIM_SIZE = 20
MOST_ATTEMPTS = 8
# How long prospecting waits, and again, while its reader was let down and it is not over.
HELD_FOR = timedelta(days=1)
LOST_AFTER = timedelta(minutes=10)
# After a broker that did not answer, how long requests are spared the wait: the sweep sends meanwhile.
NUDGE_PAUSE_SECONDS = 5.0
_nudge_silent_until = 0.0


class OutsideTransaction(RuntimeError):
    """A message was queued where no transaction makes its reason true."""


class MessageExpired(Exception):
    """Its code or link is no longer valid: sending it would only mislead."""


class MoveRefused(Exception):
    """The message is not in a state from which it may go there."""


# --- queue ---------------------------------------------------------------------------------------


def queue_message(
    *,
    purpose: str,
    occasion: str,
    recipient: str,
    template: str,
    context: dict[str, Any],
    customer_id: int | None = None,
    expires_at: datetime | None = None,
    is_secret: bool = False,
    is_marketing: bool = False,
    reply_to: str = "",
) -> int:
    """Write one message in the caller's transaction and nudge the sender after it commits; its id.

    The pair (purpose, occasion) happens once: a second call changes nothing and returns the first's id.
    `reply_to` is where an answer goes, when not to the sender. `is_secret` seals the bodies and needs `expires_at`. Two queries.
    Raises OutsideTransaction, LetterUnknown, ValidationError on an address no mail can go to.
    """
    if not transaction.get_connection().in_atomic_block:
        raise OutsideTransaction(purpose)
    recipient = recipient.strip().lower()
    validate_email(recipient)
    letter = render(template, context)
    closed = secrets.seal if is_secret else str
    message = Message(
        purpose=purpose, occasion=occasion, recipient=recipient, customer_id=customer_id,
        subject=letter.subject, html=closed(letter.html), text=closed(letter.text),
        is_secret=is_secret, is_marketing=is_marketing, expires_at=expires_at,
        reply_to=reply_to,
    )  # fmt: skip
    Message.objects.bulk_create([message], ignore_conflicts=True)
    transaction.on_commit(nudge, robust=True)
    return Message.objects.values_list("pk", flat=True).get(purpose=purpose, occasion=occasion)


def nudge() -> None:
    """Ask Celery to send now. A dead broker costs nothing but the seconds until the sweep."""
    global _nudge_silent_until
    from crm.outbox.tasks import send_queued

    if time.monotonic() < _nudge_silent_until:
        return
    try:
        send_queued.apply_async(retry=False, ignore_result=True, expires=60)
    except Exception as fault:  # whatever the transport raises, the message is safe in its row
        _nudge_silent_until = time.monotonic() + NUDGE_PAUSE_SECONDS
        logger.warning("mail queue unreachable: %s", type(fault).__name__)


# --- claim and send ------------------------------------------------------------------------------


@transaction.atomic
def claim_batch(limit: int = CLAIM_SIZE) -> list[Message]:
    """Take up to `limit` due messages for this process alone. Two queries and two per marketing letter.

    Rows another process is claiming are skipped, not waited for. Prospecting waits while its reader was let down and it
    is not over. The caller commits before it sends.
    """
    now = timezone.now()
    taken = list(
        Message.objects.filter(state=State.QUEUED, due_at__lte=now)
        .order_by("due_at", "pk")
        .select_for_update(skip_locked=True)[:limit]
    )
    refused = {message.pk: reason for message in taken if (reason := _refusal(message))}
    for pk, reason in refused.items():
        Message.objects.filter(pk=pk).update(state=State.FAILED, reason=reason)
    held = {message.pk for message in taken if message.pk not in refused and _is_ill_timed(message, now)}
    if held:
        Message.objects.filter(pk__in=held).update(due_at=now + HELD_FOR)
    claimed = [message for message in taken if message.pk not in refused and message.pk not in held]
    for message in claimed:
        message.state, message.claimed_at, message.handed_at = State.CLAIMED, now, None
        message.attempts += 1
    Message.objects.bulk_update(claimed, ["state", "claimed_at", "handed_at", "attempts"])
    return claimed


def _refusal(message: Message) -> str:
    """Why a due message may not leave, or nothing."""
    if message.has_expired:
        return "expired"
    if not message.is_marketing:
        return ""
    if Suppression.objects.filter(address=message.recipient).exists():
        return "suppressed"
    if message.customer_id and not has_consent(message.customer_id, Consent.Purpose.LETTERS):
        return "no_consent"
    return ""


def _is_ill_timed(message: Message, now: datetime) -> bool:
    """Nobody is sold anything while we owe them something."""
    return bool(message.is_marketing and message.customer_id and has_open_incident(message.customer_id, now))


def send_due(limit: int = CLAIM_SIZE, *, until: float | None = None) -> int:
    """Claim a batch and send it over one connection; how many were claimed.

    `until` (monotonic seconds): what is not handed over by then goes back to the queue.
    """
    with transaction.atomic(durable=True):
        claimed = claim_batch(limit)
    if claimed:
        send_claimed(claimed, until=until)
    return len(claimed)


def send_claimed(claimed: list[Message], *, until: float | None = None) -> None:
    """Send messages this process has claimed, one commit before each hand-over and one after.

    In the demonstration (OUTBOX_DELIVERS off) nothing leaves: a message is kept, readable in the admin.
    """
    connection = None
    for place, message in enumerate(claimed):
        if until is not None and time.monotonic() > until:
            _give_back(claimed[place:])
            break
        if settings.OUTBOX_DELIVERS and connection is None:
            connection = get_connection(fail_silently=False)
            if refusal := open_failed(connection):
                _postpone(claimed[place:], refusal)
                break
        if not _begin(message):
            continue
        outcome = _deliver(message, connection)
        record_outcome(message, outcome)
        if outcome.connection_is_spent and connection is not None:
            connection.close()
            connection = None
    if connection is not None:
        connection.close()


def _deliver(message: Message, connection: Any) -> Outcome:
    if connection is None:
        return Outcome(State.SENT, reason="kept")
    try:
        bodies = (secrets.unseal(message.html), secrets.unseal(message.text)) if message.is_secret else None
    except secrets.Unreadable:
        return Outcome(State.FAILED, reason="unreadable")
    html, text = bodies or (message.html, message.text)
    return hand_over(message, html=html, text=text, connection=connection)


def _begin(message: Message) -> bool:
    """Commit that the provider is about to be spoken to; False when the claim is no longer ours."""
    ours = Message.objects.filter(pk=message.pk, state=State.CLAIMED, claimed_at=message.claimed_at)
    return bool(ours.update(handed_at=timezone.now()))


def record_outcome(message: Message, outcome: Outcome) -> None:
    """Write what became of a message. One UPDATE; a state that moved on meanwhile is left alone."""
    if outcome.state == State.QUEUED and message.attempts >= MOST_ATTEMPTS:
        outcome = Outcome(State.FAILED, reason=outcome.reason)
    changes: dict[str, Any] = {"state": outcome.state, "reason": outcome.reason}
    if outcome.state == State.SENT:
        changes |= {"sent_at": timezone.now(), "provider_message_id": outcome.provider_message_id[:200]}
    if outcome.state == State.QUEUED:
        changes |= {"due_at": timezone.now() + backoff(message.attempts), "handed_at": None}
    # A slow sender whose claim was given up for lost still knows best what happened.
    known_to_us = [State.CLAIMED, State.UNKNOWN] if outcome.state != State.QUEUED else [State.CLAIMED]
    Message.objects.filter(pk=message.pk, state__in=known_to_us, claimed_at=message.claimed_at).update(
        **changes
    )
    logger.info("message %s %s %s", message.pk, outcome.state, outcome.reason)


def backoff(attempts: int) -> timedelta:
    """20 s, 40 s, 80 s… an hour at most."""
    return timedelta(seconds=min(20 * 2 ** (attempts - 1), 3600))


def _postpone(messages: Iterable[Message], reason: str) -> None:
    """No connection: nothing was said, so nothing is in doubt."""
    for message in messages:
        record_outcome(message, Outcome(State.QUEUED, reason=reason))


def _give_back(messages: Iterable[Message]) -> None:
    """Return claims that were never handed over, without counting an attempt."""
    for message in messages:
        Message.objects.filter(
            pk=message.pk, state=State.CLAIMED, claimed_at=message.claimed_at, handed_at=None
        ).update(state=State.QUEUED, attempts=message.attempts - 1)


# --- afterwards ----------------------------------------------------------------------------------


@transaction.atomic
def mark_lost(*, older_than: timedelta = LOST_AFTER) -> int:
    """Settle claims whose sender died; how many are now in doubt. Two statements.

    Handed over: `unknown`, never resent by itself. Not yet handed over: nothing was said, back to the queue.
    """
    stale = Message.objects.filter(state=State.CLAIMED, claimed_at__lt=timezone.now() - older_than)
    stale.filter(handed_at=None).update(state=State.QUEUED, reason="sender_lost")
    lost = stale.exclude(handed_at=None).update(state=State.UNKNOWN, reason="sender_lost")
    if lost:
        logger.error("%s messages in doubt: their sender died", lost)
    return lost


@transaction.atomic
def purge_secrets() -> int:
    """Blank the sealed bodies whose code or link has expired; how many. One UPDATE."""
    now = timezone.now()
    return Message.objects.filter(is_secret=True, purged_at=None, expires_at__lte=now).update(
        html="", text="", purged_at=now
    )


@transaction.atomic
def forget_letters(*, purposes: Collection[str], occasions: Collection[str]) -> int:
    """Blank the words and the recipient of some letters, for whoever erases what they repeat; how many. Two UPDATEs.

    What has not left yet leaves no more. That each was written, when, and what became of it stays.
    """
    found = Message.objects.filter(purpose__in=purposes, occasion__in=occasions, purged_at=None)
    found.filter(state=State.QUEUED).update(state=State.FAILED, reason="erased")
    return found.update(html="", text="", recipient="", reply_to="", purged_at=timezone.now())


@transaction.atomic
def requeue(message_id: int, *, even_if_unknown: bool = False) -> None:
    """Put a failed message back in the queue; an `unknown` one only when a person says so.

    Locks the message. Raises MoveRefused, MessageExpired.
    """
    message = Message.objects.select_for_update().get(pk=message_id)
    allowed = {State.FAILED, State.UNKNOWN} if even_if_unknown else {State.FAILED}
    if message.state not in allowed:
        raise MoveRefused
    if message.has_expired or message.purged_at:
        raise MessageExpired
    _put_back(Message.objects.filter(pk=message_id))


@transaction.atomic
def requeue_failed(messages: QuerySet[Message]) -> int:
    """Put back in the queue those of `messages` that failed and may still arrive in time; how many. One UPDATE."""
    now = timezone.now()
    may_arrive = Q(expires_at=None) | Q(expires_at__gt=now)
    return _put_back(messages.filter(may_arrive, state=State.FAILED, purged_at=None))


def _put_back(messages: QuerySet[Message]) -> int:
    transaction.on_commit(nudge, robust=True)
    return messages.update(
        state=State.QUEUED, attempts=0, reason="", due_at=timezone.now(), claimed_at=None, handed_at=None
    )


@transaction.atomic
def suppress(address: str, *, reason: str) -> None:
    """No marketing letter to this address again. One INSERT; the first reason stays."""
    Suppression.objects.bulk_create(
        [Suppression(address=address.strip().lower(), reason=reason)], ignore_conflicts=True
    )


_ARRIVED = {"sent", "delivered", "opened", "clicked"}
_REFUSED = {"bounced", "rejected", "failed"}


@transaction.atomic
def record_tracking(
    *, event: str, provider_message_id: str, message_id: int | None, recipient: str, reject_reason: str
) -> None:
    """Take the provider's word: it settles `unknown`, and undoes `sent` when the letter bounced.

    Unknown messages and repeated or late events change nothing. At most three queries.
    """
    if event == "complained":
        suppress(recipient, reason=Suppression.Reason.COMPLAINED)
    elif event == "unsubscribed":
        suppress(recipient, reason=Suppression.Reason.LEFT)
    elif event == "bounced" and reject_reason in {"bounced", "invalid"}:
        suppress(recipient, reason=Suppression.Reason.BOUNCED)
    moves: dict[str, Any] = {}
    if event in _ARRIVED:
        moves = {"state": State.SENT, "sent_at": timezone.now(), "reason": event}
    elif event in _REFUSED:
        moves = {"state": State.FAILED, "reason": f"{event}:{reject_reason}"[:60]}
    if moves:
        before = {state for state, after in MOVES.items() if moves["state"] in after} - {State.QUEUED}
        _tracked(provider_message_id, message_id, recipient).filter(state__in=before).update(**moves)


def _tracked(provider_message_id: str, message_id: int | None, recipient: str) -> QuerySet[Message]:
    """The message an event is about: by the provider's id, or by ours when we died before learning it."""
    named = Q(pk=message_id) if message_id else Q(pk__in=[])
    if provider_message_id:
        named |= Q(provider_message_id=provider_message_id)
    addressed = Q(recipient=recipient) if recipient else Q()
    return Message.objects.filter(named, addressed)
