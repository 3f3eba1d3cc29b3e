"""What the customer page asks of rooms that stand elsewhere: incidents and what made up for them. Bound in config/wiring.py.

Unbound, the page leaves these sections out: a desk answers before promises are measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Incident:
    """A promise that was broken, in one French phrase: « 42 minutes de retard », « 2 articles manquants »."""

    order_reference: str
    what: str
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class Compensation:
    """What made up for one, in French, with the sentence that its customer reads as the reason."""

    order_reference: str
    what: str
    why: str
    granted_at: datetime


class IncidentsOf(Protocol):
    def __call__(self, customer_ids: Sequence[int], /) -> Sequence[Incident]:
        """Of a customer and the guests merged into them, the latest first. A constant number of queries."""


class CompensationsOf(Protocol):
    def __call__(self, customer_ids: Sequence[int], /) -> Sequence[Compensation]:
        """Of a customer and the guests merged into them, the latest first. A constant number of queries."""


_incidents: IncidentsOf | None = None
_compensations: CompensationsOf | None = None


def bind_promises(incidents: IncidentsOf | None, compensations: CompensationsOf | None) -> None:
    global _incidents, _compensations
    _incidents, _compensations = incidents, compensations


def incidents_of(customer_ids: Sequence[int]) -> Sequence[Incident] | None:
    """None where nobody measures promises. As many queries as the bound answer takes."""
    return None if _incidents is None else _incidents(customer_ids)


def compensations_of(customer_ids: Sequence[int]) -> Sequence[Compensation] | None:
    """None where nobody makes up for promises. As many queries as the bound answer takes."""
    return None if _compensations is None else _compensations(customer_ids)
