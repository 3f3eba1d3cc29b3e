"""Mail that comes in: into the conversation it answers, or a new one. The same mail twice is one."""

from dataclasses import dataclass
from hashlib import sha256

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from crm.desk import limits
from crm.desk.attachments import kept_files
from crm.desk.card_rules import without_cards
from crm.desk.incoming import Incoming
from crm.desk.mail_rules import as_text, is_automatic, message_ids, named_in, readable
from crm.desk.models import Attachment, Conversation, Entry, IncomingMail
from crm.desk.queries.incoming import conversation_named, conversation_of_letter, latest_waiting
from crm.desk.rules import answer_due
from crm.desk.services.conversations import acknowledge, locked
from crm.outbox.queries import LetterSent, letter_named
from shop.customers.rules import clean_line

Became, State, Kind = IncomingMail.Became, Conversation.State, Entry.Kind


@dataclass(frozen=True, slots=True)
class _Words:
    written: str
    cut: str


@transaction.atomic
def receive_mail(mail: Incoming) -> IncomingMail:
    """Keep one mail: in the conversation that its address or the letter it answers names, else in a new one.

    Words are cut for reading, card numbers taken out, files checked. A machine's mail opens nothing, reopens nothing and
    is answered by nothing. A stranger's is acknowledged at once, thrice an hour at most. Handed in again, it changes
    nothing and the first row is answered. Locks the conversation; about twelve statements, and one a file kept.
    """
    row, is_new = _claim(mail)
    if not is_new:
        return row
    sender = _valid(mail.sender)
    words = _words(mail)
    is_machine = is_automatic(mail.headers, sender=sender, envelope_sender=mail.envelope_sender) or _is_ours(
        sender
    )
    if not sender or not (words.written or mail.files):
        return _settle(row, Became.EMPTY)
    if not limits.may_mail(sender):
        return _settle(row, Became.LIMITED)
    letter = letter_named(
        message_ids(mail.headers.get("in-reply-to", ""), mail.headers.get("references", ""))
    )
    known = _known(mail, letter, sender)
    if is_machine:
        return _keep_automatic(row, known, words)
    entry = _add(known, sender, words) if known else _open(mail, letter, sender, words)
    kept, refused = kept_files(mail.files)
    Attachment.objects.bulk_create(Attachment(entry=entry, **fields) for fields in kept)
    row.entry, row.cut, row.refused = entry, words.cut, refused
    return _settle(row, Became.ADDED if known else Became.OPENED)


def _claim(mail: Incoming) -> tuple[IncomingMail, bool]:
    """Its row, and whether it is new. Whoever hands the same mail in meanwhile waits, and finds it."""
    named = (
        mail.message_id.strip() or mail.event_id or f"{mail.sender} {mail.subject} {mail.text} {mail.html}"
    )
    key = sha256(f"{named}\n{mail.sender.lower()}".encode()).hexdigest()
    try:
        with transaction.atomic():
            return IncomingMail.objects.create(key=key, became=Became.EMPTY), True
    except IntegrityError:
        return IncomingMail.objects.get(key=key), False


def _settle(row: IncomingMail, became: str) -> IncomingMail:
    row.became = became
    row.save()
    return row


def _valid(address: str) -> str:
    cleaned = address.strip().lower()
    try:
        validate_email(cleaned)
    except ValidationError:
        return ""
    return cleaned if len(cleaned) <= 254 else ""


def _is_ours(sender: str) -> bool:
    """Our own letters sent back to us would be answered for ever."""
    local, _at, domain = sender.partition("@")
    return f"{local.partition('+')[0]}@{domain}" in {
        settings.HELP_EMAIL.lower(), settings.INBOUND_EMAIL.lower(), _bare(settings.DEFAULT_FROM_EMAIL)
    }  # fmt: skip


def _bare(address: str) -> str:
    return address.rpartition("<")[2].rstrip(">").strip().lower()


def _line(text: str) -> str:
    return without_cards(clean_line(text))


def _words(mail: Incoming) -> _Words:
    written, cut = readable(mail.text if mail.text.strip() else as_text(mail.html))
    return _Words(without_cards(written), without_cards(cut))


def _known(mail: Incoming, letter: LetterSent | None, sender: str) -> Conversation | None:
    """By the address it was sent to, which cannot be guessed; by the letter it answers, for whom that was sent to."""
    named = named_in(mail.recipients, settings.INBOUND_EMAIL) if settings.INBOUND_EMAIL else None
    found = conversation_named(*named) if named else None
    if found is None and letter is not None and letter.recipient == sender:
        found = conversation_of_letter(letter)
    return _kept(found)


def _kept(conversation_id: int | None) -> Conversation | None:
    """Locked; None where it was erased meanwhile."""
    known = locked(conversation_id) if conversation_id is not None else None
    return known if known is not None and known.erased_at is None else None


def _keep_automatic(row: IncomingMail, known: Conversation | None, words: _Words) -> IncomingMail:
    """« Absent jusqu’au 3 » helps whoever reads the conversation; it waits for no answer."""
    if known is not None and words.written:
        row.entry = Entry.objects.create(conversation=known, kind=Kind.AUTOMATIC, text=words.written)
    return _settle(row, Became.AUTOMATIC)


def _add(known: Conversation, sender: str, words: _Words) -> Entry:
    """What was answered or filed waits again, from now; what waits already goes on waiting since its oldest words."""
    now = timezone.now()
    entry = Entry.objects.create(
        conversation=known, kind=Kind.EMAIL, text=words.written, at=now,
        sender=sender if sender != known.email else "",
    )  # fmt: skip
    if known.state != State.WAITING:
        known.state, known.outcome, known.due_at = State.WAITING, "", answer_due(now)
    known.last_at = now
    known.save()
    return entry


def _open(mail: Incoming, letter: LetterSent | None, sender: str, words: _Words) -> Entry:
    """A stranger's conversation, acknowledged. Whoever writes again and again finds the one that waits already."""
    is_acknowledged = not mail.is_spam and limits.may_be_acknowledged(sender)
    waiting = None if is_acknowledged else _kept(latest_waiting(sender))
    # An agent may have found out meanwhile whose it is.
    if waiting is not None and waiting.customer_id is None:
        return _add(waiting, sender, words)
    is_reply = letter is not None and letter.recipient == sender
    now = timezone.now()
    conversation = Conversation.objects.create(
        channel=Conversation.Channel.EMAIL, title=_line(mail.subject)[:160], name=_line(mail.sender_name)[:80],
        email=sender, received_at=now, due_at=answer_due(now), last_at=now,
        # Whoever answers our letter had it; a From line alone proves nothing.
        customer_id=letter.customer_id if letter and is_reply else None,
        order_reference=letter.order_reference[:20] if letter and is_reply else "",
    )  # fmt: skip
    entry = Entry.objects.create(conversation=conversation, kind=Kind.EMAIL, text=words.written, at=now)
    if is_acknowledged:
        acknowledge(conversation, words.written)
    return entry
