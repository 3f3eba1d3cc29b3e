"""What milestones must know of orders, which stand above."""

from collections.abc import Callable, Collection

Ranks = Callable[[int], int]
Anniversaries = Callable[[], Collection[tuple[int, int]]]
_ranks: list[Ranks] = []
_anniversaries: list[Anniversaries] = []


def bind_ranks(ranks: Ranks) -> None:
    """Which order of a customer, guests of theirs included, the next one is. Once, at start."""
    _ranks[:] = [ranks]


def rank_of_next(customer_id: int) -> int:
    """One query."""
    return _ranks[0](customer_id)


def bind_anniversaries(anniversaries: Anniversaries) -> None:
    """(customer, years) of those whose first delivery was so many years ago today. Once, at start."""
    _anniversaries[:] = [anniversaries]


def anniversaries_today() -> Collection[tuple[int, int]]:
    """One query."""
    return _anniversaries[0]()
