"""What orders must ask the rooms above: which invoices and credit notes were made? Bound in config/wiring.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
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


_documents: Documents | None = None


def bind_documents(documents: Documents) -> None:
    global _documents
    _documents = documents


def documents_of(order_reference: str) -> Sequence[DocumentLink]:
    """What was made for an order. As many queries as the bound answer takes."""
    if _documents is None:
        raise RuntimeError("config/wiring.py binds no documents")
    return _documents(order_reference)
