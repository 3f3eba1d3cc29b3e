"""A half-day's rounds drawn along one axis of time. Pure but for the rows it is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from delivery.rounds.models import Round, Stop
from delivery.rounds.problem import Load, load_of_all
from delivery.rounds.wording import distance

# The axis in units of the drawing; a stop is never narrower than a finger is sure to see.
WIDTH, NARROWEST = 1000, 8
HOUR = timedelta(hours=1)
MOST_LABELS = 8


@dataclass(frozen=True, slots=True)
class Mark:
    """A stop on the axis."""

    stop: Stop
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Lane:
    """A round: where it lies on the axis, its stops, and what its van carries at the start."""

    round: Round
    x: int
    width: int
    marks: list[Mark]
    load: Load

    @property
    def late(self) -> int:
        return sum(bool(mark.stop.violation) for mark in self.marks)

    @property
    def distance(self) -> str:
        return distance(self.round.metres)


@dataclass(frozen=True, slots=True)
class Axis:
    starts_at: datetime
    ends_at: datetime

    def x(self, at: datetime) -> int:
        return round(WIDTH * (at - self.starts_at) / (self.ends_at - self.starts_at))

    @property
    def hours(self) -> list[datetime]:
        """Whole hours evenly apart, both ends among them, as many as a phone can show side by side."""
        whole = (self.ends_at - self.starts_at) // HOUR
        parts = next((n for n in range(MOST_LABELS - 1, 0, -1) if whole % n == 0), 1)
        return [self.starts_at + (whole // parts) * number * HOUR for number in range(parts + 1)]


def axis_of(rounds: Sequence[Round]) -> Axis | None:
    """From the whole hour before the first leaves to the one after the last is back; None without any."""
    if not rounds:
        return None
    first, last = min(one.starts_at for one in rounds), max(one.returns_at for one in rounds)
    begins = first.replace(minute=0, second=0, microsecond=0)
    ends = last.replace(minute=0, second=0, microsecond=0)
    ends = ends if ends == last else ends + HOUR
    return Axis(begins, max(ends, begins + HOUR))


def lanes_of(rounds: Sequence[Round], axis: Axis) -> list[Lane]:
    return [_lane(one, axis) for one in rounds]


def _lane(round_: Round, axis: Axis) -> Lane:
    stops = list(round_.stops.all())
    marks = [
        Mark(stop, axis.x(stop.arrives_at), max(NARROWEST, axis.x(stop.leaves_at) - axis.x(stop.arrives_at)))
        for stop in stops
    ]
    x = axis.x(round_.starts_at)
    load = load_of_all(stop.drop.load for stop in stops)
    return Lane(round_, x, max(NARROWEST, axis.x(round_.returns_at) - x), marks, load)
