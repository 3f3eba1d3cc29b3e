"""What a half-day's rounds are made of, and what a plan of them says. Plain values: no database, no clock.

Times are whole seconds from the half-day's beginning, distances whole metres, weights grams.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import asin, cos, radians, sin, sqrt

EARTH_METRES = 6_371_000


@dataclass(frozen=True, slots=True)
class Point:
    """Degrees, as maps write them (WGS 84)."""

    latitude: float
    longitude: float

    def metres_to(self, other: "Point") -> float:
        """As the crow flies, by the haversine formula."""
        up, down = radians(self.latitude), radians(other.latitude)
        half = sin((down - up) / 2) ** 2
        half += cos(up) * cos(down) * sin(radians(other.longitude - self.longitude) / 2) ** 2
        return 2 * EARTH_METRES * asin(sqrt(min(1.0, half)))


@dataclass(frozen=True, slots=True)
class Load:
    """What an order takes of a van, or a van holds. Frozen crates are crates too."""

    crates: int = 0
    frozen: int = 0
    grams: int = 0

    def __add__(self, other: "Load") -> "Load":
        return Load(self.crates + other.crates, self.frozen + other.frozen, self.grams + other.grams)


def load_of_all(loads: Iterable[Load]) -> Load:
    """What several take of a van together."""
    return sum(loads, Load())


class Violation(StrEnum):
    """What of a promise or of a van's limits a plan could not keep."""

    LATE = "late"
    OVERTIME = "overtime"
    CRATES = "crates"
    FROZEN = "frozen"
    WEIGHT = "weight"
    OUT_OF_REACH = "out_of_reach"
    NO_VAN = "no_van"


@dataclass(frozen=True, slots=True)
class Call:
    """A delivery to make: between ``earliest`` and ``latest`` somebody is at home, for ``service`` seconds."""

    key: int
    point: Point
    earliest: int
    latest: int
    service: int
    load: Load = Load()
    # A customer's first orders: left out last.
    is_newcomer: bool = False


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A van with its courier, from ``starts`` to ``ends``, both at the depot."""

    key: int
    holds: Load
    starts: int
    ends: int


@dataclass(frozen=True, slots=True)
class Legs:
    """Seconds and metres from place to place; place 0 is the depot, place n + 1 the n-th call. Not symmetric: how fast
    one drives hangs on the hour.
    """

    seconds: Sequence[Sequence[int]]
    metres: Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Problem:
    calls: Sequence[Call]
    vehicles: Sequence[Vehicle]
    legs: Legs


@dataclass(frozen=True, slots=True)
class Planned:
    """A call in a round: when the van gets there and when it goes on."""

    call: int
    arrives: int
    leaves: int
    violation: Violation | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """The calls of one vehicle in their order. ``starts`` and ``returns`` at the depot."""

    vehicle: int
    stops: tuple[Planned, ...]
    starts: int
    returns: int
    metres: int
    violation: Violation | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """``left_out`` tells why of each call that no round takes."""

    routes: tuple[Route, ...]
    left_out: Mapping[int, Violation] = field(default_factory=dict)

    @property
    def late(self) -> list[Planned]:
        return [stop for route in self.routes for stop in route.stops if stop.violation]

    @property
    def metres(self) -> int:
        return sum(route.metres for route in self.routes)

    @property
    def seconds(self) -> int:
        """From leaving the depot to being back, all rounds together."""
        return sum(route.returns - route.starts for route in self.routes)
