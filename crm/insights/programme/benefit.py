"""Whether those who spend their points come back more than those who have as many and keep them.

The statistic of recovery (ADR 30): an order paid with points stands where an order with an incident stands there.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from crm.insights.recovery.costs import CENT
from crm.insights.recovery.episodes import Episode
from crm.insights.recovery.estimate import Group, recover
from crm.insights.recovery.matching import VARIABLES as OF_RECOVERY
from crm.insights.recovery.matching import Variable

HORIZON_DAYS = 30
# What an order paid with points has for a cause.
SPENT = "points"
HAD = (200, 500, 1000)


@dataclass(frozen=True, slots=True)
class Purchase(Episode):
    """An order of somebody who had so many points to spend, those it was paid with among them."""

    had_points: int = 0


def _points(episode: Episode) -> int:
    return bisect_right(HAD, episode.had_points) if isinstance(episode, Purchase) else 0


VARIABLES = (
    *(one for one in OF_RECOVERY if one.name in {"orders", "rhythm", "basket"}),
    Variable("points", _points),
)


@dataclass(frozen=True, slots=True)
class Amount:
    """Euros with their interval."""

    value: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Benefit:
    """``group``: orders paid with points, and those alike without. ``cost`` is what points took off the orders compared,
    ``extra`` the margin of the orders more that followed; None where there is not enough to tell.
    """

    group: Group
    cost: Decimal | None
    extra: Amount | None
    one_in: int


def benefit(purchases: Sequence[Purchase], *, reward: int | None, one_in: int = 1) -> Benefit:
    """Of orders of customers who had the points of the first ``reward``; of nobody where there is none. ``one_in``: which part of the customers these are."""
    able = [one for one in purchases if reward is not None and one.had_points >= reward]
    group = recover(able, horizon_days=HORIZON_DAYS, variables=VARIABLES).overall
    compared = group.comparison
    if compared is None:
        return Benefit(group, None, None, one_in)
    paid = [cost.amount for one in able for cost in one.costs]
    mean = sum(paid, Decimal(0)) / len(paid) if paid else Decimal(0)
    cost = (mean * compared.incidents).quantize(CENT)
    if compared.usual_margin is None:
        return Benefit(group, cost, None, one_in)
    margin, found = compared.usual_margin * compared.incidents, compared.difference
    value, low, high = (
        (Decimal(str(share)) * margin).quantize(CENT)
        for share in (found.value, found.interval.low, found.interval.high)
    )
    return Benefit(group, cost, Amount(value, low, high), one_in)
