"""What orders must ask the rooms above: which documents were made, which letters did not leave, what was recalled?

Bound in config/wiring.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class DocumentLink:
    """A file that the order's customer may open."""

    label: str
    number: str
    issued_on: date
    url: str


class Documents(Protocol):
    def __call__(self, order_reference: str) -> Sequence[DocumentLink]:
        """The documents of an order, the invoice first."""


@dataclass(frozen=True, slots=True)
class Late:
    """An order past a promised step: what it is that did not happen, and since when."""

    reference: str
    order_id: int
    slot_starts_at: datetime
    what: str
    since: datetime
    question_id: int | None = None


class StuckLetters(Protocol):
    def __call__(self) -> Sequence[Late]:
        """Letters about orders that failed or may not have left, the oldest first. One query."""


_documents: Documents | None = None
_stuck_letters: StuckLetters | None = None


def bind_documents(documents: Documents) -> None:
    global _documents
    _documents = documents


def documents_of(order_reference: str) -> Sequence[DocumentLink]:
    """What was made for an order. As many queries as the bound answer takes."""
    if _documents is None:
        raise RuntimeError("config/wiring.py binds no documents")
    return _documents(order_reference)


def bind_stuck_letters(letters: StuckLetters) -> None:
    global _stuck_letters
    _stuck_letters = letters


def stuck_letters() -> Sequence[Late]:
    """As many queries as the bound answer takes."""
    if _stuck_letters is None:
        raise RuntimeError("config/wiring.py binds no letters")
    return _stuck_letters()


@dataclass(frozen=True, slots=True)
class RecallTold:
    """A recalled article of an order, in the words its customer reads."""

    name: str
    hazard: str
    what_to_do: str
    became: str
    url: str


class Recalls(Protocol):
    def __call__(self, order_reference: str) -> Sequence[RecallTold]:
        """What of an order was recalled. One query."""


_recalls: Recalls | None = None


def bind_recalls(recalls: Recalls) -> None:
    global _recalls
    _recalls = recalls


def recalls_of(order_reference: str) -> Sequence[RecallTold]:
    """What of an order was recalled. As many queries as the bound answer takes."""
    if _recalls is None:
        raise RuntimeError("config/wiring.py binds no recalls")
    return _recalls(order_reference)
