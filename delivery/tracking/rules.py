"""What a phone may say of a round, by the clock and by what was said before. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# A phone's clock is put right by how far it was off; what is left is the network.
FORESIGHT = timedelta(minutes=2)
# A phone that was off for a night still has its say; one of last week does not.
OLDEST = timedelta(hours=36)
# Below this a clock is not touched: the way of a message takes as long.
SKEW_FROM = timedelta(minutes=2)
POSITION_KEPT = timedelta(days=60)


class Refusal(StrEnum):
    """Why an event changes nothing."""

    IN_FUTURE = "in_future"
    TOO_OLD = "too_old"
    BEFORE_START = "before_start"
    BEFORE_ARRIVAL = "before_arrival"
    NOT_OPEN = "not_open"
    NO_SUCH_STOP = "no_such_stop"
    AGE_NOT_CHECKED = "age_not_checked"
    STOPS_LEFT = "stops_left"
    ROUND_OVER = "round_over"
    OFF_THE_PLANET = "off_the_planet"
    REFUSED_UNKNOWN = "refused_unknown"


class Absent(StrEnum):
    """What a courier found at a door where nobody took anything."""

    NOBODY = "nobody"
    CODE = "code"
    ADDRESS = "address"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Times:
    """What is known of a round and a stop when something more is said of them."""

    opened_at: datetime
    left_at: datetime | None = None
    arrived_at: datetime | None = None


def put_right(at: datetime, *, sent_at: datetime, now: datetime) -> datetime:
    """An instant by a phone's clock, moved by as much as that was off when it sent."""
    skew = now - sent_at
    return at if abs(skew) < SKEW_FROM else at + skew


def refusal_of_time(at: datetime, *, now: datetime, times: Times) -> Refusal | None:
    """Why this cannot have happened then, if so: tomorrow, last week, before the van left, before it arrived."""
    if at > now + FORESIGHT:
        return Refusal.IN_FUTURE
    if at < now - OLDEST:
        return Refusal.TOO_OLD
    if at < (times.left_at or times.opened_at) - SKEW_FROM:
        return Refusal.BEFORE_START
    if times.arrived_at and at < times.arrived_at - SKEW_FROM:
        return Refusal.BEFORE_ARRIVAL
    return None


def minutes_late(arrived_at: datetime, slot_ends_at: datetime) -> int:
    """Whole minutes begun after the slot's end; 0 for whoever comes in time."""
    late = arrived_at - slot_ends_at
    return max(0, -(-int(late.total_seconds()) // 60))


def unknown_articles(refused: Collection[str], there: Collection[str]) -> bool:
    """Whether something is refused that was never to come."""
    return not set(refused) <= set(there)
