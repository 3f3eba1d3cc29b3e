"""Every write of the desk, by what it is about."""

from crm.desk.services.conversations import (
    AnsweredMeanwhile,
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
from crm.desk.services.pages import publish_page, seed_help, seed_pages, shipped_questions
from crm.desk.services.taking import TakenByAnother, release, take, take_over

__all__ = [
    "AnsweredMeanwhile",
    "GapsLeft",
    "MoveRefused",
    "NoAddress",
    "TakenByAnother",
    "answer_conversation",
    "attach_to",
    "close_conversation",
    "note_contact",
    "note_in",
    "publish_page",
    "receive_contact_request",
    "release",
    "reopen_conversation",
    "seed_help",
    "seed_pages",
    "shipped_questions",
    "take",
    "take_over",
]
