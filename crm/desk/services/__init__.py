"""Every write of the desk, by what it is about."""

from crm.desk.services.callbacks import (
    ReasonUnknown,
    ask_callback,
    call_about_conversation,
    close_callback,
    record_attempt,
)
from crm.desk.services.claims import call_about_claim, no_call_about_claim
from crm.desk.services.conversations import (
    AnsweredMeanwhile,
    Erased,
    GapsLeft,
    MoveRefused,
    NoAddress,
    answer_conversation,
    attach_to,
    close_conversation,
    note_contact,
    note_in,
    receive_contact_request,
    reopen_conversation,
)
from crm.desk.services.inbound import receive_mail
from crm.desk.services.pages import (
    DEFAULTS,
    publish_page,
    seed_help,
    seed_pages,
    seed_reply_texts,
    shipped_questions,
    shipped_reply_texts,
)
from crm.desk.services.promises import CALLS, call_for_compensation
from crm.desk.services.taking import TakenByAnother, release, take, take_over

__all__ = [
    "CALLS",
    "DEFAULTS",
    "AnsweredMeanwhile",
    "Erased",
    "GapsLeft",
    "MoveRefused",
    "NoAddress",
    "ReasonUnknown",
    "TakenByAnother",
    "answer_conversation",
    "ask_callback",
    "attach_to",
    "call_about_claim",
    "call_about_conversation",
    "call_for_compensation",
    "close_callback",
    "close_conversation",
    "no_call_about_claim",
    "note_contact",
    "note_in",
    "publish_page",
    "receive_contact_request",
    "receive_mail",
    "record_attempt",
    "release",
    "reopen_conversation",
    "seed_help",
    "seed_pages",
    "seed_reply_texts",
    "shipped_questions",
    "shipped_reply_texts",
    "take",
    "take_over",
]
