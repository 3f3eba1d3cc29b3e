"""What is forgotten: after three years, when a customer is erased, and what was cut off a mail after three months.

Rows, dates and figures stay, so that what was measured stays true; names, addresses, words and files go.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from crm.desk.models import Attachment, CallAttempt, Callback, Conversation, Entry, IncomingMail
from crm.outbox.services import forget_letters

# As the page on privacy promises: three years after the exchange has ended.
KEPT = timedelta(days=3 * 365 + 1)
CUT_KEPT = timedelta(days=90)
AT_ONCE = 200
LETTERS = ("contact_acknowledged", "contact_answered")
State, Outcome = Conversation.State, Conversation.Outcome


@transaction.atomic
def erase_words_of(*, customer_ids: Collection[int], emails: Collection[str] = ()) -> int:
    """Forget what was said with a customer, for whoever erases them; how many conversations.

    ``emails`` are those they have proven: what was written from them without signing in is theirs too. Locks the
    conversations, by id; twelve statements however many.
    """
    whose = Q(customer__in=customer_ids) | Q(email__in=[email.lower() for email in emails if email])
    erased = _erase(_locked(whose))
    _erase_calls(Q(customer__in=customer_ids))
    return erased


@transaction.atomic
def forget_old_conversations(now: datetime, *, limit: int = AT_ONCE) -> int:
    """Erase conversations whose last words are three years old; how many. Twelve statements."""
    erased = _erase(_locked(Q(last_at__lt=now - KEPT), limit))
    _erase_calls(Q(asked_at__lt=now - KEPT, conversation=None))
    return erased


@transaction.atomic
def forget_cuts(now: datetime) -> int:
    """Blank what was cut off mails three months ago, and forget that those which were not kept ever came; how many.

    Two statements.
    """
    old = IncomingMail.objects.filter(received_at__lt=now - CUT_KEPT)
    forgotten, _by_model = old.filter(entry=None).delete()
    return forgotten + old.exclude(cut="").update(cut="")


def _locked(which: Q, limit: int | None = None) -> list[Conversation]:
    found = Conversation.objects.select_for_update(no_key=True).filter(which, erased_at=None).order_by("pk")
    return list(found[:limit] if limit else found)


def _erase(conversations: Sequence[Conversation]) -> int:
    if not conversations:
        return 0
    now, ids = timezone.now(), [one.pk for one in conversations]
    for one in conversations:
        one.name = one.email = one.phone = one.title = ""
        one.outcome = one.outcome or (Outcome.SETTLED if one.first_answer_at else Outcome.NO_ANSWER)
        one.state, one.due_at, one.erased_at = State.CLOSED, None, now
    Conversation.objects.bulk_update(
        conversations, ["name", "email", "phone", "title", "outcome", "state", "due_at", "erased_at"]
    )
    Attachment.objects.filter(entry__conversation__in=ids).delete()
    IncomingMail.objects.filter(entry__conversation__in=ids).update(cut="", refused=[])
    _forget_letters(ids)
    Entry.objects.filter(conversation__in=ids, erased_at=None).update(text="", sender="", erased_at=now)
    _erase_calls(Q(conversation__in=ids))
    return len(ids)


def _forget_letters(ids: Sequence[int]) -> None:
    """Copies of the same words lie with the letters that carried them."""
    replies = Entry.objects.filter(conversation__in=ids, kind=Entry.Kind.REPLY)
    occasions = [f"contact-{one}" for one in ids]
    occasions += [f"contact-{one}-{entry}" for one, entry in replies.values_list("conversation_id", "pk")]
    forget_letters(purposes=LETTERS, occasions=occasions)


def _erase_calls(which: Q) -> None:
    now = timezone.now()
    calls = Callback.objects.filter(which, erased_at=None).order_by("pk")
    ids = list(calls.select_for_update(no_key=True).values_list("pk", flat=True)[:5000])
    calls.filter(pk__in=ids, state__in=Callback.OPEN).update(state=Callback.State.CLOSED, ended_at=now)
    CallAttempt.objects.filter(callback__in=ids, erased_at=None).update(note="", erased_at=now)
    Callback.objects.filter(pk__in=ids).update(name="", phone="", erased_at=now)
