"""Who is comparable with whom: exact on coarse classes, so that nothing is extrapolated."""

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from crm.insights.recovery.episodes import Episode

RANKS = (1, 2, 3, 9)  # 1, 2, 3, 4 to 9, 10 and more
RHYTHMS = (7, 14, 30)  # a week, two, a month, rarer
BASKETS = (Decimal(60), Decimal(100))
# A class with fewer customers without incident compares with chance: its incidents count as unmatched.
COMPARABLES_AT_LEAST = 5
# An incident weighs on what follows for about as long as the longer horizon.
WASHOUT_DAYS = 60


@dataclass(frozen=True, slots=True)
class Variable:
    """Something both sides must have alike."""

    name: str
    class_of: Callable[[Episode], Hashable]


def _rhythm(episode: Episode) -> int:
    return -1 if episode.rhythm_days is None else bisect_left(RHYTHMS, episode.rhythm_days)


VARIABLES: tuple[Variable, ...] = (
    Variable("orders", lambda episode: bisect_left(RANKS, episode.orders_so_far)),
    Variable("rhythm", _rhythm),
    Variable("zone", lambda episode: episode.zone),
    Variable("basket", lambda episode: bisect_left(BASKETS, episode.basket)),
)


def class_of(episode: Episode, variables: Sequence[Variable]) -> Hashable:
    return tuple(variable.class_of(episode) for variable in variables)


def is_too_recent(episode: Episode, horizon_days: int) -> bool:
    """Nobody can tell yet. Those who did return are too recent as well: to keep only them would flatter."""
    return episode.observed_days < horizon_days


def is_touched(episode: Episode, horizon_days: int) -> bool:
    """Whether another incident speaks in what follows.

    One shortly before weighs on both sides alike. One within the horizon bars a customer without incident, but only
    if it came before their next order: a later one cannot have kept them away, and to bar it would remove
    precisely those who returned.
    """
    before, after = episode.days_since_incident, episode.next_incident_after_days
    if before is not None and before < WASHOUT_DAYS:
        return True
    if episode.is_incident or after is None or after > horizon_days:
        return False
    return not episode.returned_within(after)


@dataclass(slots=True)
class Tally:
    """Orders of one class, and how many were followed by a return."""

    orders: int = 0
    returned: int = 0
    customers: int = 0

    @property
    def share(self) -> float:
        return self.returned / self.orders


@dataclass(slots=True)
class Comparables:
    """Orders without incident, by class and customer."""

    classes: dict[Hashable, Tally] = field(default_factory=dict)
    by_customer: dict[int, dict[Hashable, tuple[int, int]]] = field(default_factory=dict)
    returns: list[tuple[int, Hashable]] = field(default_factory=list)

    def has_enough(self, key: Hashable) -> bool:
        tally = self.classes.get(key)
        return tally is not None and tally.customers >= COMPARABLES_AT_LEAST


def comparables(episodes: Iterable[Episode], variables: Sequence[Variable], horizon_days: int) -> Comparables:
    """Count orders without incident. ``returns`` hold (days, class) of those that returned, soonest first."""
    found = Comparables()
    for episode in episodes:
        key = class_of(episode, variables)
        tally = found.classes.setdefault(key, Tally())
        returned = episode.returned_within(horizon_days)
        own = found.by_customer.setdefault(episode.customer_id, {})
        orders, returns = own.get(key, (0, 0))
        tally.customers += not orders
        tally.orders += 1
        tally.returned += returned
        own[key] = (orders + 1, returns + returned)
        if returned and episode.returned_after_days is not None:
            found.returns.append((episode.returned_after_days, key))
    found.returns.sort(key=lambda pair: pair[0])
    return found
