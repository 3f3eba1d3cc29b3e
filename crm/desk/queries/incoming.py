"""Which conversation a mail belongs to."""

import re

from django.utils.crypto import constant_time_compare

from crm.desk.models import Conversation
from crm.outbox.queries import LetterSent

_OCCASION = re.compile(r"contact-([0-9]{1,18})(?:-[0-9]{1,18})?")
_LETTERS = {"contact_acknowledged", "contact_answered"}


def conversation_named(number: int, token: str) -> int | None:
    """The conversation of a reply address, if the token is its own and it was not erased. One query."""
    kept = (
        Conversation.objects.filter(pk=number, erased_at=None).values_list("reply_token", flat=True).first()
    )
    return number if kept is not None and constant_time_compare(kept, token) else None


def conversation_of_letter(letter: LetterSent) -> int | None:
    """The conversation in which a letter was written. One query; none for any other letter."""
    found = _OCCASION.fullmatch(letter.occasion) if letter.purpose in _LETTERS else None
    if found is None:
        return None
    return Conversation.objects.filter(pk=int(found[1]), erased_at=None).values_list("pk", flat=True).first()


def latest_waiting(email: str) -> int | None:
    """The latest that waits of what came by mail from this address, of no known customer. One query."""
    waiting = Conversation.objects.filter(
        email=email, state=Conversation.State.WAITING, channel=Conversation.Channel.EMAIL, customer=None
    )
    return waiting.order_by("-pk").values_list("pk", flat=True).first()
