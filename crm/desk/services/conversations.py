"""A matter opens, is answered, noted, closed and comes back. Lock order: the conversation, then what it writes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from crm.desk.mail_rules import reply_address
from crm.desk.models import Conversation, Entry
from crm.desk.rules import answer_due
from crm.desk.services.taking import TakenByAnother
from crm.desk.text_rules import gaps
from crm.outbox.services import queue_message
from shop.customers.queries import is_proven_email
from shop.customers.rules import normalise_phone

Channel, State, Outcome, Kind = Conversation.Channel, Conversation.State, Conversation.Outcome, Entry.Kind


class MoveRefused(Exception):
    """The conversation is not in a state from which it may go there: a colleague or another tab was first."""


class AnsweredMeanwhile(Exception):
    """Something was said since the agent last looked: what they decided before it may be wrong."""


class Erased(Exception):
    """What was said is forgotten, and whose it was: nothing more is written under it."""


class NoAddress(Exception):
    """Nobody can be written to: the matter came by telephone, or was erased."""


class GapsLeft(Exception):
    """The text still holds gaps or placeholders; ``names`` says which."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(*names)
        self.names = list(names)


@transaction.atomic
def receive_contact_request(
    *,
    name: str,
    email: str,
    subject: str,
    message: str,
    order_reference: str = "",
    customer_id: int | None = None,
) -> Conversation:
    """Keep what somebody wrote in the form and queue its acknowledgement, both or neither. Two inserts, and at
    most three statements for the letter.
    """
    now = timezone.now()
    conversation = Conversation.objects.create(
        channel=Channel.FORM, subject=subject, name=name, email=email.strip().lower(),
        order_reference=order_reference, customer_id=customer_id, received_at=now, due_at=answer_due(now), last_at=now,
    )  # fmt: skip
    Entry.objects.create(conversation=conversation, kind=Kind.FORM, text=message, at=now)
    acknowledge(conversation, message)
    return conversation


def acknowledge(conversation: Conversation, message: str) -> None:
    """Tell at once that it came and until when it is answered, in the caller's transaction. At most three statements.

    The letter repeats the words only to an address its customer has proven: anybody may type anybody's
    address, and must not have the shop carry a message there.
    """
    queue_message(
        purpose="contact_acknowledged",
        occasion=f"contact-{conversation.pk}",
        recipient=conversation.email,
        customer_id=conversation.customer_id,
        template="contact_acknowledged",
        reply_to=reply_to(conversation),
        context=letter_context(conversation, message)
        | {"is_proven": is_proven_email(conversation.customer_id, conversation.email)},
    )


def letter_context(conversation: Conversation, message: str) -> dict[str, Any]:
    return {
        "name": conversation.name,
        "number": str(conversation.pk),
        "subject": conversation.title or conversation.get_subject_display(),
        "order_reference": conversation.order_reference,
        "message": message,
        "answer_by": conversation.due_at,
        "help_phone": settings.HELP_PHONE,
        "takes_replies": bool(settings.INBOUND_EMAIL),
    }


def reply_to(conversation: Conversation) -> str:
    """Where a reply is to go: into the conversation, or to whoever reads the help address where no mail comes in."""
    if not settings.INBOUND_EMAIL:
        return str(settings.HELP_EMAIL)
    return reply_address(settings.INBOUND_EMAIL, number=conversation.pk, token=conversation.reply_token)


@transaction.atomic
def answer_conversation(
    *, conversation_id: int, text: str, user_id: int, key: str, seen_entry_id: int
) -> Entry:
    """Write to the customer: keep the words, stamp the moment, queue the letter. At most nine statements.

    ``key`` names the form it was sent from: sent twice it is one answer. ``seen_entry_id`` is the last entry that the
    agent had before their eyes. Takes the matter for this agent. Locks the conversation. Raises TakenByAnother,
    AnsweredMeanwhile, NoAddress, GapsLeft, MoveRefused, Erased: then nothing is kept nor sent.
    """
    if left := gaps(text):
        raise GapsLeft(left)
    conversation = kept(conversation_id)
    if done := Entry.objects.filter(key=key, conversation=conversation).first():
        return done
    if conversation.assigned_to_id not in {None, user_id}:
        raise TakenByAnother(conversation.assigned_to_id)
    if conversation.state == State.CLOSED:
        raise MoveRefused
    if not conversation.email:
        raise NoAddress
    _must_have_read(conversation, seen_entry_id)
    asked = _last_words(conversation)
    entry = Entry.objects.create(
        conversation=conversation, kind=Kind.REPLY, text=text, written_by_id=user_id, is_answer=True, key=key
    )
    conversation.assigned_to_id, conversation.assigned_at = user_id, entry.at
    note_answered(conversation, entry.at)
    queue_message(
        purpose="contact_answered",
        occasion=f"contact-{conversation.pk}-{entry.pk}",
        recipient=conversation.email,
        customer_id=conversation.customer_id,
        template="contact_answered",
        reply_to=reply_to(conversation),
        context=letter_context(conversation, asked) | {"answer": text},
    )
    return entry


# What must not be answered nor filed past.
_NEWS = (*Entry.FROM_CUSTOMER, Kind.REPLY, Kind.PHONE, Kind.CHAT)


def _must_have_read(conversation: Conversation, seen_entry_id: int) -> None:
    """One query; raises AnsweredMeanwhile."""
    if conversation.entries.filter(pk__gt=seen_entry_id, kind__in=_NEWS).exists():
        raise AnsweredMeanwhile


def _last_words(conversation: Conversation) -> str:
    """What the customer last wrote, which the answer repeats to remind of it. One query."""
    words = conversation.entries.filter(kind__in=Entry.FROM_CUSTOMER).order_by("-pk")
    return str(words.values_list("text", flat=True).first() or "")


def note_answered(conversation: Conversation, at: datetime) -> None:
    """Nothing is owed any more. The caller holds the lock. One UPDATE."""
    conversation.state, conversation.due_at, conversation.last_at = State.ANSWERED, None, at
    conversation.first_answer_at = conversation.first_answer_at or at
    conversation.save()


@transaction.atomic
def note_in(
    *,
    conversation_id: int,
    kind: str,
    text: str,
    user_id: int,
    key: str,
    seen_entry_id: int,
    is_answer: bool = False,
) -> Entry:
    """Add a call, a chat or an internal note to a matter. Locks it; at most five statements.

    ``is_answer``: the customer has what they asked for, so nothing is owed any more, of what had been said up to
    ``seen_entry_id``. Raises MoveRefused on a kind that nobody writes by hand, and on a closed matter that a note would
    answer; AnsweredMeanwhile, Erased.
    """
    conversation = kept(conversation_id)
    if done := Entry.objects.filter(key=key, conversation=conversation).first():
        return done
    is_answer = is_answer and kind != Kind.NOTE
    if kind not in BY_HAND or (is_answer and conversation.state == State.CLOSED):
        raise MoveRefused
    if is_answer:
        _must_have_read(conversation, seen_entry_id)
    entry = Entry.objects.create(
        conversation=conversation, kind=kind, text=text, written_by_id=user_id, is_answer=is_answer, key=key
    )
    if is_answer:
        note_answered(conversation, entry.at)
    else:
        conversation.last_at = entry.at
        conversation.save(update_fields=["last_at"])
    return entry


BY_HAND: tuple[str, ...] = (Kind.PHONE, Kind.CHAT, Kind.NOTE)


@transaction.atomic
def note_contact(
    *,
    channel: str,
    subject: str,
    text: str,
    user_id: int,
    key: str,
    is_settled: bool,
    name: str = "",
    email: str = "",
    phone: str = "",
    order_reference: str = "",
    customer_id: int | None = None,
) -> Conversation:
    """Open a matter for what was said by telephone or in a chat. Unsettled, an answer is owed within a day.

    Three statements. Sent twice under one key it is opened once. Raises PhoneInvalid, MoveRefused on a channel that
    writes by itself.
    """
    if channel not in {Channel.PHONE, Channel.CHAT}:
        raise MoveRefused
    if done := Entry.objects.filter(key=key).select_related("conversation").first():
        return done.conversation
    now = timezone.now()
    conversation = Conversation.objects.create(
        channel=channel, subject=subject, name=name, email=email.strip().lower(), phone=normalise_phone(phone),
        order_reference=order_reference, customer_id=customer_id, received_at=now, last_at=now,
        state=State.ANSWERED if is_settled else State.WAITING,
        due_at=None if is_settled else answer_due(now), first_answer_at=now if is_settled else None,
        assigned_to_id=user_id, assigned_at=now,
    )  # fmt: skip
    kind = Kind.PHONE if channel == Channel.PHONE else Kind.CHAT
    Entry.objects.create(
        conversation=conversation,
        kind=kind,
        text=text,
        written_by_id=user_id,
        is_answer=is_settled,
        key=key,
        at=now,
    )
    return conversation


@transaction.atomic
def close_conversation(
    *, conversation_id: int, outcome: str, user_id: int, seen_entry_id: int
) -> Conversation:
    """File a matter of which ``seen_entry_id`` was the last that the agent read. Locks it; three statements.

    Raises MoveRefused, TakenByAnother, AnsweredMeanwhile, Erased.
    """
    conversation = kept(conversation_id)
    if conversation.assigned_to_id not in {None, user_id}:
        raise TakenByAnother(conversation.assigned_to_id)
    move(conversation, to=State.CLOSED)
    _must_have_read(conversation, seen_entry_id)
    conversation.outcome, conversation.due_at = Outcome(outcome), None
    conversation.save()
    return conversation


@transaction.atomic
def reopen_conversation(*, conversation_id: int, user_id: int) -> Conversation:
    """Owe an answer again, within a day, and look after it. Locks it; two statements. Raises MoveRefused, Erased."""
    conversation = kept(conversation_id)
    move(conversation, to=State.WAITING)
    conversation.outcome, conversation.due_at = "", answer_due(timezone.now())
    conversation.assigned_to_id, conversation.assigned_at = user_id, timezone.now()
    conversation.save()
    return conversation


@transaction.atomic
def attach_to(*, conversation_id: int, customer_id: int | None, order_reference: str) -> Conversation:
    """Say whose matter it is, and about which order: an agent has made sure. Locks it; two statements. Raises Erased."""
    conversation = kept(conversation_id)
    conversation.customer_id, conversation.order_reference = customer_id, order_reference
    conversation.save(update_fields=["customer", "order_reference"])
    return conversation


def locked(conversation_id: int) -> Conversation:
    """One query. Raises Conversation.DoesNotExist."""
    return Conversation.objects.select_for_update(no_key=True).get(pk=conversation_id)


def kept(conversation_id: int) -> Conversation:
    """Locked. One query; raises Conversation.DoesNotExist, Erased."""
    conversation = locked(conversation_id)
    if conversation.erased_at is not None:
        raise Erased
    return conversation


def move(conversation: Conversation, *, to: str) -> None:
    if to not in Conversation.MOVES[conversation.state]:
        raise MoveRefused
    conversation.state = to
