"""How many disappointed customers came back, beside comparable ones without incident."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from math import sqrt

from crm.insights.recovery.comparing import Case, Figures, compare, days_reached
from crm.insights.recovery.episodes import Episode
from crm.insights.recovery.intervals import (
    LEVEL,
    Estimate,
    around,
    effective_size,
    jackknife_error,
    student,
    wilson,
)
from crm.insights.recovery.matching import (
    VARIABLES,
    Comparables,
    Variable,
    class_of,
    comparables,
    is_too_recent,
    is_touched,
)

HORIZONS = (30, 60)
# Below this number of customers a share says nothing.
ENOUGH_CUSTOMERS = 30
# A difference needs so many who returned, and so many who did not, among the disappointed.
ENOUGH_EACH = 5
# What others say they won back, and what we mean to beat.
TO_BEAT = 0.5


class Verdict(StrEnum):
    """Whether more than half came back, as far as the interval tells."""

    BEATEN = "beaten"
    MISSED = "missed"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class HalfBack:
    """By which day half had ordered again; None when not within the horizon."""

    day: int | None
    earliest: int | None
    latest: int | None


@dataclass(frozen=True, slots=True)
class Returns:
    """A share that returned, and how soon."""

    share: Estimate
    half_back: HalfBack


@dataclass(frozen=True, slots=True)
class Comparison:
    """The incidents that found comparable orders. ``difference`` is theirs, in shares of one."""

    incidents: int
    disappointed: float
    comparable: Returns
    difference: Estimate
    usual_margin: Decimal | None

    @property
    def is_real(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.difference.interval.low > 0 or self.difference.interval.high < 0


@dataclass(frozen=True, slots=True)
class Group:
    """Incidents with something in common. ``returns`` and ``comparison`` are None where there is not enough."""

    name: str
    incidents: int
    customers: int
    returned: int
    unmatched: int
    returns: Returns | None
    comparison: Comparison | None

    @property
    def verdict(self) -> Verdict | None:
        if self.returns is None:
            return None
        interval = self.returns.share.interval
        if interval.low > TO_BEAT:
            return Verdict.BEATEN
        return Verdict.MISSED if interval.high < TO_BEAT else Verdict.OPEN


@dataclass(frozen=True, slots=True)
class Recovery:
    """The whole figure. An order with two causes or remedies stands in both groups, once in ``overall``.

    ``too_recent`` and ``touched`` are incidents left out; ``comparable_*`` those without incident that were kept.
    """

    horizon_days: int
    variables: tuple[str, ...]
    overall: Group
    by_remedy: tuple[Group, ...]
    by_cause: tuple[Group, ...]
    without_remedy: Group
    too_recent: int
    touched: int
    comparable_orders: int
    comparable_customers: int
    level: float = LEVEL


def recover(
    episodes: Sequence[Episode], *, horizon_days: int, variables: Sequence[Variable] = VARIABLES
) -> Recovery:
    """Whether the disappointed came back within the horizon, by remedy and by cause."""
    seen = [episode for episode in episodes if not is_too_recent(episode, horizon_days)]
    clear = [episode for episode in seen if not is_touched(episode, horizon_days)]
    incidents = [episode for episode in clear if episode.is_incident]
    others = comparables((e for e in clear if not e.is_incident), variables, horizon_days)
    read = _Reader(others, variables, horizon_days)
    return Recovery(
        horizon_days=horizon_days,
        variables=tuple(variable.name for variable in variables),
        overall=read.group("", incidents),
        by_remedy=read.groups(incidents, lambda episode: episode.remedies),
        by_cause=read.groups(incidents, lambda episode: episode.causes),
        without_remedy=read.group("", [episode for episode in incidents if not episode.remedies]),
        too_recent=sum(episode.is_incident for episode in episodes) - sum(e.is_incident for e in seen),
        touched=sum(episode.is_incident for episode in seen) - len(incidents),
        comparable_orders=sum(tally.orders for tally in others.classes.values()),
        comparable_customers=len(others.by_customer),
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    others: Comparables
    variables: Sequence[Variable]
    horizon_days: int

    def groups(
        self, incidents: Sequence[Episode], names_of: Callable[[Episode], tuple[str, ...]]
    ) -> tuple[Group, ...]:
        """One group a name, the largest first."""
        named: dict[str, list[Episode]] = defaultdict(list)
        for episode in incidents:
            for name in set(names_of(episode)):
                named[name].append(episode)
        ordered = sorted(named.items(), key=lambda pair: (-len(pair[1]), pair[0]))
        return tuple(self.group(name, members) for name, members in ordered)

    def group(self, name: str, incidents: Sequence[Episode]) -> Group:
        matched = [e for e in incidents if self.others.has_enough(class_of(e, self.variables))]
        return Group(
            name=name,
            incidents=len(incidents),
            customers=_customers(incidents),
            returned=sum(episode.returned_within(self.horizon_days) for episode in incidents),
            unmatched=len(incidents) - len(matched),
            returns=self._returns(incidents),
            comparison=self._comparison(matched),
        )

    def _returns(self, incidents: Sequence[Episode]) -> Returns | None:
        customers = _customers(incidents)
        if customers < ENOUGH_CUSTOMERS:
            return None
        by_customer: dict[int, list[bool]] = defaultdict(list)
        for episode in incidents:
            by_customer[episode.customer_id].append(episode.returned_within(self.horizon_days))
        number, returned = len(incidents), sum(map(sum, by_customer.values()))
        share = returned / number
        error = jackknife_error(
            share, [(returned - sum(own)) / (number - len(own)) for own in by_customer.values()]
        )
        days = sorted(
            (episode.returned_after_days, 1 / number)
            for episode in incidents
            if episode.returned_after_days is not None and episode.returned_within(self.horizon_days)
        )
        size = effective_size(share, error, customers)
        return _returned(share, size, student(LEVEL, customers - 1), days)

    def _comparison(self, matched: Sequence[Episode]) -> Comparison | None:
        customers = _customers(matched)
        returned = sum(episode.returned_within(self.horizon_days) for episode in matched)
        if customers < ENOUGH_CUSTOMERS or min(returned, len(matched) - returned) < ENOUGH_EACH:
            return None
        cases = [
            Case(e.customer_id, class_of(e, self.variables), e.returned_within(self.horizon_days))
            for e in matched
        ]
        figures, without_each = compare(cases, self.others)
        quantile = student(LEVEL, customers - 1)
        error = jackknife_error(figures.difference, [one.difference for one in without_each])
        return Comparison(
            incidents=len(matched),
            disappointed=figures.disappointed,
            comparable=self._comparable(cases, figures, without_each, quantile),
            difference=Estimate(figures.difference, around(figures.difference, error, quantile)),
            usual_margin=_mean_margin(matched),
        )

    def _comparable(
        self, cases: Sequence[Case], figures: Figures, without_each: Sequence[Figures], quantile: float
    ) -> Returns:
        per_class: dict[object, int] = defaultdict(int)
        for case in cases:
            per_class[case.key] += 1
        weights = {
            key: number / len(cases) / self.others.classes[key].orders for key, number in per_class.items()
        }
        error = jackknife_error(figures.comparable, [one.comparable for one in without_each])
        # Kish's size of a weighted sample.
        at_most = 1 / sum(self.others.classes[key].orders * weight**2 for key, weight in weights.items())
        days = [(day, weights[key]) for day, key in self.others.returns if key in weights]
        size = effective_size(figures.comparable, error, at_most)
        return _returned(figures.comparable, size, quantile, days)


def _returned(share: float, size: float, quantile: float, days: Sequence[tuple[int, float]]) -> Returns:
    # The day half had returned: the days on which the interval of the share reaches one half (Woodruff 1952).
    half = quantile * sqrt(0.25 / size)
    earliest, day, latest = days_reached(days, (max(0.0, 0.5 - half), 0.5, 0.5 + half))
    return Returns(Estimate(share, wilson(share, size, quantile)), HalfBack(day, earliest, latest))


def _customers(incidents: Sequence[Episode]) -> int:
    return len({episode.customer_id for episode in incidents})


def _mean_margin(incidents: Sequence[Episode]) -> Decimal | None:
    known = [episode.usual_margin for episode in incidents if episode.usual_margin is not None]
    return sum(known, Decimal(0)) / len(known) if known else None
