"""What the rules of points must know from above: what points are exchanged for, and whether the law still holds on what is sold
with more of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from loyalty.points.rules import Terms


@dataclass(frozen=True, slots=True)
class TooGenerous:
    """An article whose reduction and multiplied points would together pass what the law allows; all in percent of its price."""

    promotion: str
    article: str
    reduced_percent: Decimal
    points_percent: Decimal
    most_percent: int


Check = Callable[[datetime, Terms], TooGenerous | None]
_check: list[Check] = []


def bind_check(check: Check) -> None:
    """Once, at start."""
    _check[:] = [check]


def too_generous(begins: datetime, terms: Terms) -> TooGenerous | None:
    """What keeps these rules from being written, from that instant on."""
    return _check[0](begins, terms)


FirstReward = Callable[[datetime], int | None]
_first_reward: list[FirstReward] = []


def bind_first_reward(first_reward: FirstReward) -> None:
    """How many points the least of the rewards asks for; None where there is none. Once, at start."""
    _first_reward[:] = [first_reward]


def first_reward(now: datetime) -> int | None:
    """One query."""
    return _first_reward[0](now)


Rate = Callable[[], Decimal | None]
_best_rate: list[Rate] = []


def bind_best_rate(best_rate: Rate) -> None:
    """Euros for a point of the reward that gives most; None without any. Once, at start."""
    _best_rate[:] = [best_rate]


def best_rate() -> Decimal | None:
    """One query."""
    return _best_rate[0]()
