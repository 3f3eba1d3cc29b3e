"""What points are earned, what they are worth, until when they last. Pure: no database, no clock.

Money is counted in whole cents, points are whole numbers.
"""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from math import ceil
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
# What is spent under such a source became vouchers, which are counted as orders use them.
EXCHANGED = "exchange-"
CENT, HUNDRED = Decimal("0.01"), Decimal(100)


class PointsShort(Exception):
    """Fewer points may be spent than are asked for; ``usable`` is how many may."""

    def __init__(self, usable: int) -> None:
        super().__init__(usable)
        self.usable = usable


# What staff may give a customer of their own in thirty days, all together, by the right they have.
CEILINGS = {"points.give_many_points": 3000, "points.give_points": 300}


class AboveCeiling(Exception):
    """More points than may still be given to this customer; ``left`` may."""

    def __init__(self, left: int) -> None:
        super().__init__(left)
        self.left = left


class NoProgramme(Exception):
    """No rules of points are in force: none are given."""


@dataclass(frozen=True, slots=True)
class Terms:
    """``points`` for each full ``step_cents`` finally paid; a hundred points are worth ``hundred_worth`` euros. They wait
    ``pending_days`` from the delivery, and last ``lasts_months`` from then on, or for good where that is None.
    """

    step_cents: int
    points: int
    hundred_worth: Decimal
    pending_days: int
    lasts_months: int | None
    counts_alcohol: bool = False

    @property
    def share(self) -> Fraction:
        """What the points of a sum are worth, as a part of it."""
        return self.points * Fraction(self.hundred_worth) / self.step_cents


@dataclass(frozen=True, slots=True)
class Programme:
    """The rules of points one after the other, each from the instant it begins with, in order of time."""

    stages: tuple[tuple[datetime, Terms], ...] = ()

    def at(self, now: datetime) -> Terms | None:
        """Those in force then; None before the first."""
        return next((terms for begins, terms in reversed(self.stages) if begins <= now), None)

    def between(self, start: datetime, end: datetime) -> list[Terms]:
        """Those in force at some instant from ``start`` on and before ``end``."""
        first = self.at(start)
        later = [terms for begins, terms in self.stages if start < begins < end]
        return [first, *later] if first else later

    def with_stage(self, begins: datetime, terms: Terms) -> "Programme":
        """The same with one more, in place of what would begin at that very instant."""
        others = [stage for stage in self.stages if stage[0] != begins]
        return Programme(tuple(sorted([*others, (begins, terms)], key=lambda stage: stage[0])))


@dataclass(frozen=True, slots=True)
class Step:
    """What a sum changes: ``points``, negative where they are taken back, and what is carried over to the next sum."""

    points: int
    carried_cents: int


def step(carried_cents: int, counted_cents: int, terms: Terms) -> Step:
    """Full steps of what was carried over and what is counted now; the rest is carried on, nothing is ever rounded away.

    A negative sum takes back what it gave: whatever is bought and given back in between, an account has the points of
    the full steps of all that was finally paid.
    """
    steps, rest = divmod(carried_cents + counted_cents, terms.step_cents)
    return Step(steps * terms.points, rest)


def missing_cents(carried_cents: int, terms: Terms) -> int:
    """How much more is to be paid until the next points."""
    return terms.step_cents - carried_cents % terms.step_cents


def months_to(points: int, monthly_cents: int, terms: Terms) -> int | None:
    """Whole months in which somebody who pays so much a month has so many points; None of nothing paid."""
    if monthly_cents <= 0:
        return None
    cents = ceil(points / terms.points) * terms.step_cents
    return ceil(cents / monthly_cents)


def worth(points: int, terms: Terms) -> Decimal:
    """Euros, down to the cent: nobody is told more than they have."""
    return (Decimal(points) * terms.hundred_worth / 100).quantize(CENT, ROUND_DOWN)


def points_worth(amount: Decimal, terms: Terms) -> int:
    """Points that are worth at least so many euros."""
    return ceil(amount * 100 / terms.hundred_worth)


def usable_at(delivered_at: datetime, terms: Terms) -> datetime:
    """When the days in which goods may go back are over."""
    return delivered_at + timedelta(days=terms.pending_days)


def expires_at(usable: datetime, terms: Terms) -> datetime | None:
    """The end of the day, in Paris, of the last month: nobody loses points in the middle of their shopping."""
    if terms.lasts_months is None:
        return None
    day = usable.astimezone(PARIS).date()
    year, month = divmod(day.year * 12 + day.month - 1 + terms.lasts_months, 12)
    last = day.replace(year=year, month=month + 1, day=min(day.day, monthrange(year, month + 1)[1]))
    return datetime.combine(last + timedelta(days=1), datetime.min.time(), PARIS)


def oldest_first(held: Sequence[tuple[int, int]], points: int) -> list[tuple[int, int]]:
    """(lot, points of it) that make up ``points`` of (lot, points left), in the order they come in; all where too few."""
    taken, left = [], points
    for lot, remaining in held:
        if not left:
            break
        if some := min(left, remaining):
            taken.append((lot, some))
            left -= some
    return taken


# --- what a programme costs -------------------------------------------------------------------------------------------

# Below so many points that ended, nobody can tell what share of their like is spent: all are counted.
ENOUGH_ENDED = 10_000


@dataclass(frozen=True, slots=True)
class Cohort:
    """Points of one age, in months since they might be spent: ``left`` of those that ended had got so old, ``spent`` of
    these were spent after all.
    """

    age: int
    left: int
    spent: int

    @property
    def share(self) -> Decimal | None:
        """None where too few ended to tell."""
        return Decimal(max(self.spent, 0)) / self.left if self.left >= ENOUGH_ENDED else None


def cohorts(credited: int, taken: Iterable[tuple[int, int, int]]) -> list[Cohort]:
    """Of lots that ended with so many points in all: from (age in months, spent then, lost then otherwise), what was left
    at each age and what of it was spent from then on. Points given back to their lot are spent less.
    """
    by_age = {age: (spent, lost) for age, spent, lost in taken}
    left, to_spend = credited, sum(spent for spent, _lost in by_age.values())
    found = []
    for age in range(max(by_age, default=0) + 1):
        found.append(Cohort(age, left, to_spend))
        spent, lost = by_age.get(age, (0, 0))
        left, to_spend = left - spent - lost, to_spend - spent
    return found


def expected_use(owed: Iterable[tuple[int, int]], history: Sequence[Cohort]) -> tuple[int, int]:
    """Of (age, points) that are owed: how many will be spent, by what became of those that ended; and how many of them
    are counted whole, for want of history. Older than any that ended, they are counted whole too.
    """
    shares = {cohort.age: cohort.share for cohort in history}
    known = [(points, shares.get(age)) for age, points in owed]
    whole = sum(points for points, share in known if share is None)
    part = sum((points * share for points, share in known if share is not None), Decimal(0))
    return ceil(part) + whole, whole


@dataclass(frozen=True, slots=True)
class History:
    """What orders of a period brought an account: points ``given``, less those taken back; the ``cents`` that they count,
    and the ``stepped_cents`` whose full steps made these points. ``carried_cents`` and ``step_cents`` are those of its end.
    """

    given: int
    cents: int
    stepped_cents: int
    carried_cents: int
    step_cents: int

    @property
    def carried_before(self) -> int:
        """What was carried into the period: what its steps took and left, less what it counts."""
        return self.carried_cents % self.step_cents + self.stepped_cents - self.cents


@dataclass(frozen=True, slots=True)
class Replayed:
    """A period as it was and as other rules would have had it. ``reach``: accounts that had the points of the first ``reward``
    of it alone; ``gain`` and ``lose`` compare the worth of what each was given.
    """

    accounts: int = 0
    given: int = 0
    would: int = 0
    reach: int = 0
    would_reach: int = 0
    gain: int = 0
    lose: int = 0
    reward: int | None = None


def replay(
    histories: Iterable[History], terms: Terms, in_force: Terms, *, reward: int | None = None
) -> Replayed:
    """Give the points of a period anew under ``terms``, beside what it gave, worth what it is ``in_force``. An account's
    steps telescope: all it counts is one sum.
    """
    accounts = given = would = reach = would_reach = gain = lose = 0
    for history in histories:
        anew = step(history.carried_before, history.cents, terms).points
        was, becomes = history.given * in_force.hundred_worth, anew * terms.hundred_worth
        accounts += 1
        given += history.given
        would += anew
        reach += reward is not None and history.given >= reward
        would_reach += reward is not None and anew >= reward
        gain += becomes > was
        lose += becomes < was
    return Replayed(accounts, given, would, reach, would_reach, gain, lose, reward)
