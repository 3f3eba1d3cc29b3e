"""How long a stop takes, what a crate holds, when a half-day begins. Pure."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from delivery.rounds.problem import Load, Point, Violation
from delivery.slots.rules import PARIS

# A courier who arrives on the last minute is late at the next light.
MARGIN = timedelta(minutes=5)
# Seconds at a door: parking, stairs, handing over; each crate; asking an age; showing a newcomer how it works.
AT_THE_DOOR, PER_CRATE, AGE_CHECK, NEWCOMER = 210, 30, 60, 60
# What fits a crate, before the picker says how many were filled.
GRAMS_PER_CRATE = 11_000
# Of an article whose weight nobody knows.
USUAL_GRAMS = 400
# The right to plan, lock and announce.
DISPATCH = "rounds.dispatch"
# How far from its depot a stop may lie: beyond, its place is a mistake.
FARTHEST_METRES = 150_000


class Half(StrEnum):
    """A courier's working half of a day."""

    MORNING = "morning"
    AFTERNOON = "afternoon"


AFTERNOON_BEGINS = time(14)
_BEGINS: Mapping[Half, time] = {Half.MORNING: time(), Half.AFTERNOON: AFTERNOON_BEGINS}


def half_of(at: datetime) -> tuple[date, Half]:
    """The local day and half that an instant falls in."""
    local = at.astimezone(PARIS)
    return local.date(), Half.AFTERNOON if local.time() >= AFTERNOON_BEGINS else Half.MORNING


def bounds(day: date, half: Half) -> tuple[datetime, datetime]:
    """When a half-day begins and ends. Clocks change at night: a morning may last 13 or 15 hours."""
    begins = datetime.combine(day, _BEGINS[half], tzinfo=PARIS)
    if half is Half.MORNING:
        ends = datetime.combine(day, AFTERNOON_BEGINS, tzinfo=PARIS)
    else:
        ends = datetime.combine(day + timedelta(days=1), time(), tzinfo=PARIS)
    return begins.astimezone(UTC), ends.astimezone(UTC)


def service_seconds(*, crates: int, age_check: bool, is_newcomer: bool) -> int:
    return AT_THE_DOOR + crates * PER_CRATE + age_check * AGE_CHECK + is_newcomer * NEWCOMER


def crates_guessed(grams_by_temperature: Mapping[str, int]) -> dict[str, int]:
    """How many crates an order will fill, temperature by temperature, each at least one where there is something."""
    return {kind: -(-grams // GRAMS_PER_CRATE) for kind, grams in grams_by_temperature.items() if grams > 0}


def load_of(crates: Mapping[str, int], grams: int) -> Load:
    return Load(crates=sum(crates.values()), frozen=crates.get("frozen", 0), grams=grams)


def is_on_earth(point: Point) -> bool:
    return -90 <= point.latitude <= 90 and -180 <= point.longitude <= 180


def too_much(load: Load, holds: Load) -> Violation | None:
    """The limit of a van that a load passes, if one."""
    if load.crates > holds.crates:
        return Violation.CRATES
    if load.frozen > holds.frozen:
        return Violation.FROZEN
    if load.grams > holds.grams:
        return Violation.WEIGHT
    return None
