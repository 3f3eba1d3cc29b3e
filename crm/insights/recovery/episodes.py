"""What the arithmetic needs to know: one episode per order delivered in the period."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from statistics import median_low

# Somebody who came twice in one week has no rhythm of three days yet.
RHYTHM_FLOOR_DAYS = 7
# One gap is an accident, two begin to be a habit.
GAPS_FOR_A_RHYTHM = 2


class BadEpisode(ValueError):
    """An episode contradicts itself: whoever read it made a mistake."""


class Kind(StrEnum):
    """What a broken promise is paid with. Lost margin is estimated, not paid."""

    REFUND = "refund"
    GESTURE = "gesture"
    REPLACEMENT = "replacement"
    TRIP = "trip"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one incident cost, in euros including VAT."""

    cause: str
    kind: Kind
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Episode:
    """One order at the moment it arrived, and what its customer did next. Days are counted from that moment.

    ``orders_so_far`` includes this one. ``rhythm_days`` is :func:`own_rhythm` of the gaps before it. ``basket`` and
    ``usual_margin`` (of the customer's usual basket, None when unknown) are euros. ``observed_days`` end where the
    period was read. ``returned_after_days`` tells the next order *placed after* the arrival: one already waiting
    is no return. ``causes`` and ``remedies`` are as staff read them, empty without incident.
    ``days_since_incident`` looks back to the last incident of an earlier order, ``next_incident_after_days``
    forward to the first of another order. Raises BadEpisode.
    """

    customer_id: int
    orders_so_far: int
    rhythm_days: int | None
    zone: str
    basket: Decimal
    observed_days: int
    returned_after_days: int | None = None
    causes: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()
    costs: tuple[Cost, ...] = ()
    usual_margin: Decimal | None = None
    days_since_incident: int | None = None
    next_incident_after_days: int | None = None

    def __post_init__(self) -> None:
        if self.orders_so_far < 1 or self.observed_days < 0 or self.basket < 0:
            raise BadEpisode("no order, no time or no basket is less than none")
        for days in (self.returned_after_days, self.next_incident_after_days):
            if days is not None and not 0 <= days <= self.observed_days:
                raise BadEpisode("something was seen outside the time observed")
        if self.days_since_incident is not None and self.days_since_incident < 0:
            raise BadEpisode("an earlier incident came later")
        if self.rhythm_days is not None and self.rhythm_days < 1:
            raise BadEpisode("a rhythm lasts a day at least")
        if not self.causes and (self.remedies or self.costs):
            raise BadEpisode("a remedy or a cost without an incident")
        if not {cost.cause for cost in self.costs} <= set(self.causes):
            raise BadEpisode("a cost of a cause the order does not have")

    @property
    def is_incident(self) -> bool:
        return bool(self.causes)

    def returned_within(self, days: int) -> bool:
        return self.returned_after_days is not None and self.returned_after_days <= days


def own_rhythm(gap_days: Sequence[int]) -> int | None:
    """The customer's median gap between orders, in days, never below a week; None for newcomers."""
    if len(gap_days) < GAPS_FOR_A_RHYTHM:
        return None
    return max(RHYTHM_FLOOR_DAYS, median_low(gap_days))
