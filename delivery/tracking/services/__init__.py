"""Every write about the road. Lock order: courier → half-day → run → its visits."""

from delivery.tracking.errors import (
    AlreadyOut,
    AtTheDoor,
    CardWithoutAnswer,
    EventUnreadable,
    NothingConcerned,
    NotYourRound,
)
from delivery.tracking.services.calling_back import call_back
from delivery.tracking.services.forgetting import forget_positions, forget_receivers
from delivery.tracking.services.incidents import announce_incident
from delivery.tracking.services.questions import log_question, make_card
from delivery.tracking.services.reports import Said, report
from delivery.tracking.services.runs import open_run, tick, warn_unplanned

__all__ = [
    "AlreadyOut",
    "AtTheDoor",
    "CardWithoutAnswer",
    "EventUnreadable",
    "NotYourRound",
    "NothingConcerned",
    "Said",
    "announce_incident",
    "call_back",
    "forget_positions",
    "forget_receivers",
    "log_question",
    "make_card",
    "open_run",
    "report",
    "tick",
    "warn_unplanned",
]
