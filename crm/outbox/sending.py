"""Handing one message to the mail server or provider, and telling a refusal from a doubt."""

import re
import smtplib
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from anymail.exceptions import AnymailError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils.crypto import constant_time_compare, salted_hmac

from crm.outbox.models import Message, State

_TOO_MANY = 429
_GOODBYE = 421


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message. QUEUED: surely refused for now; UNKNOWN: perhaps accepted."""

    state: str
    reason: str = ""
    provider_message_id: str = ""
    connection_is_spent: bool = False


def open_failed(connection: Any) -> str:
    """Open the connection; a reason when the server cannot be reached. Nothing was said about any message."""
    try:
        connection.open()
    except (smtplib.SMTPException, OSError, AnymailError) as fault:
        return f"unreachable:{type(fault).__name__}"[:60]
    return ""


def hand_over(message: Message, *, html: str, text: str, connection: Any) -> Outcome:
    """Send one message. Never raises for what a server or a letter can do wrong."""
    try:
        email = _compose(message, html=html, text=text, connection=connection)
        email.send(fail_silently=False)
    except Exception as fault:
        return _judge(fault)
    status = getattr(email, "anymail_status", None)
    return Outcome(State.SENT, provider_message_id=str(getattr(status, "message_id", "") or ""))


def _compose(message: Message, *, html: str, text: str, connection: Any) -> EmailMultiAlternatives:
    email = EmailMultiAlternatives(
        message.subject,
        text,
        settings.DEFAULT_FROM_EMAIL,
        [message.recipient],
        connection=connection,
        reply_to=[message.reply_to] if message.reply_to else None,
        headers={"Message-ID": message_id(message.pk), "Auto-Submitted": "auto-generated"},
    )
    email.attach_alternative(html, "text/html")
    # Comes back in the provider's webhooks, so that a doubt is settled even if its answer never reached us.
    email.metadata = {"message": message.pk}  # type: ignore[attr-defined]
    return email


def message_id(pk: int) -> str:
    """The same for every attempt: a mail program that gets it twice shows it once."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{pk}.{_mark(pk, settings.SECRET_KEY)}@{domain}>"


def message_named(header: str) -> int | None:
    """The number of the message whose Message-ID this is, under this or a former secret; None for any other."""
    found = re.fullmatch(r"<([0-9]{1,18})\.([0-9a-f]{20})@[^<>@\s]+>", header.strip())
    if found is None:
        return None
    pk = int(found[1])
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    is_ours = any(constant_time_compare(_mark(pk, secret), found[2]) for secret in secrets)
    return pk if is_ours else None


def _mark(pk: int, secret: str | bytes) -> str:
    return salted_hmac("crm.outbox.message_id", str(pk), secret=secret).hexdigest()[:20]


def _judge(fault: Exception) -> Outcome:
    """A clear refusal leaves no doubt; a silence does."""
    name = type(fault).__name__
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _said in fault.recipients.values()]
        return _refused_with(max(codes, default=550))
    if isinstance(fault, smtplib.SMTPResponseException):
        return _refused_with(fault.smtp_code)
    if isinstance(fault, AnymailRecipientsRefused):
        return Outcome(State.FAILED, reason="recipient_refused")
    if isinstance(fault, AnymailError):
        return _judge_provider(fault)
    if isinstance(fault, (smtplib.SMTPException, OSError)):
        return Outcome(State.UNKNOWN, reason=f"silence:{name}"[:60], connection_is_spent=True)
    # A header with a line break, an address nothing can encode: the letter itself is wrong.
    return Outcome(State.FAILED, reason=f"letter:{name}"[:60], connection_is_spent=True)


def _refused_with(code: int) -> Outcome:
    state = State.QUEUED if 400 <= code < 500 else State.FAILED
    return Outcome(state, reason=f"smtp:{code}", connection_is_spent=code == _GOODBYE)


def _judge_provider(fault: AnymailError) -> Outcome:
    status = fault.status_code
    if status is None:
        cause = type(fault.__cause__ or fault).__name__
        return Outcome(State.UNKNOWN, reason=f"silence:{cause}"[:60])
    if status == _TOO_MANY:
        return Outcome(State.QUEUED, reason="provider:429")
    if 400 <= status < 500:
        return Outcome(State.FAILED, reason=f"provider:{status}")
    return Outcome(State.UNKNOWN, reason=f"provider:{status}")
