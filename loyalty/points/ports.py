"""What points must know of what they are exchanged for, which stands above."""

from collections.abc import Callable
from datetime import datetime

FirstReward = Callable[[datetime], int | None]
_first_reward: list[FirstReward] = []


def bind_first_reward(first_reward: FirstReward) -> None:
    """How many points the least of the rewards asks for; None where there is none. Once, at start."""
    _first_reward[:] = [first_reward]


def first_reward(now: datetime) -> int | None:
    """One query."""
    return _first_reward[0](now)
