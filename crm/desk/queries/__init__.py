"""Every read of the desk, by what it is about."""

from crm.desk.queries.pages import (
    TERMS,
    Answer,
    PageView,
    TermsMissing,
    closed_until,
    current_terms_version,
    has_terms,
    help_answers,
    opening_hours,
    page_as_of,
    page_in_force,
)
from crm.desk.queries.queue import Backlog, Item, Queue, backlog, newcomers, queue
from crm.desk.queries.times import AnswerTimes, answer_times

__all__ = [
    "TERMS",
    "Answer",
    "AnswerTimes",
    "Backlog",
    "Item",
    "PageView",
    "Queue",
    "TermsMissing",
    "answer_times",
    "backlog",
    "closed_until",
    "current_terms_version",
    "has_terms",
    "help_answers",
    "newcomers",
    "opening_hours",
    "page_as_of",
    "page_in_force",
    "queue",
]
