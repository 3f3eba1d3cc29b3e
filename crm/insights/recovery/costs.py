"""What broken promises cost: what was paid, to the cent, and what is estimated to be lost."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from crm.insights.recovery.episodes import Episode, Kind
from crm.insights.recovery.estimate import Comparison, Group, Recovery

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class LostMargin:
    """Margin of the orders that did not come, in euros, over the compared incidents only.

    The next order within the horizon counts, those after it do not. Less than zero where more returned than would have.
    """

    incidents: int
    value: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class CostLine:
    """One cause, or all. ``lost`` is None where there is not enough to estimate it."""

    cause: str
    incidents: int
    paid: Mapping[Kind, Decimal]
    lost: LostMargin | None

    @property
    def total_paid(self) -> Decimal:
        return sum(self.paid.values(), Decimal(0))


@dataclass(frozen=True, slots=True)
class Costs:
    """``total`` counts an order with two causes once: its incidents are not the sum of the lines'."""

    lines: tuple[CostLine, ...]
    total: CostLine


def costs(episodes: Sequence[Episode], recovery: Recovery) -> Costs:
    """Every incident of the period by cause, the dearest first; those too recent to compare were paid for too."""
    paid: dict[str, dict[Kind, Decimal]] = defaultdict(lambda: dict.fromkeys(Kind, Decimal(0)))
    incidents: dict[str, int] = defaultdict(int)
    for episode in episodes:
        for cause in set(episode.causes):
            incidents[cause] += 1
        for cost in episode.costs:
            paid[cost.cause][cost.kind] += cost.amount
    groups = {group.name: group for group in recovery.by_cause}
    lines = [
        CostLine(cause, number, dict(paid[cause]), _lost(groups.get(cause)))
        for cause, number in incidents.items()
    ]
    total = CostLine(
        cause="",
        incidents=sum(episode.is_incident for episode in episodes),
        paid={kind: sum((line.paid[kind] for line in lines), Decimal(0)) for kind in Kind},
        lost=_lost(recovery.overall),
    )
    return Costs(tuple(sorted(lines, key=lambda line: (-line.total_paid, line.cause))), total)


def _lost(group: Group | None) -> LostMargin | None:
    comparison = group.comparison if group else None
    if comparison is None or comparison.usual_margin is None:
        return None
    interval = comparison.difference.interval
    return LostMargin(
        incidents=comparison.incidents,
        value=_margin(comparison, comparison.difference.value),
        low=_margin(comparison, interval.high),
        high=_margin(comparison, interval.low),
    )


def _margin(comparison: Comparison, difference: float) -> Decimal:
    """Fewer returns are a loss: the sign turns."""
    usual = comparison.usual_margin or Decimal(0)
    lost = -Decimal(difference) * comparison.incidents * usual
    # Adding zero turns « −0,00 » into « 0,00 ».
    return lost.quantize(CENT, ROUND_HALF_UP) + 0
