"""In which order shelves are visited, and how goods are spread over crates. Pure."""

import re
from collections.abc import Iterable, Mapping

MOST_AT_ONCE = 6
LETTERS = "ABCDEF"
MOST_CRATES = 30
# Frozen goods are taken last, so that they spend the least time on the trolley.
TEMPERATURES = ("ambient", "chilled", "frozen")
_PARTS = re.compile(r"\d+|\D+")


def walking_key(temperature: str, shelf_position: str, name: str) -> tuple[object, ...]:
    """Sorts lines as one walks: dry, then chilled, then frozen; « A2 » before « A10 »; what has no place last."""
    parts = tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part.lower())
        for part in _PARTS.findall(shelf_position)
    )
    return (TEMPERATURES.index(temperature), not shelf_position, parts, name)


def free_letters(taken: Iterable[str]) -> list[str]:
    """Places of a trolley that nothing stands on, in their order."""
    return [letter for letter in LETTERS if letter not in set(taken)]


def crates_of(wanted: Mapping[str, int]) -> list[str]:
    """The temperature of each crate, numbered from 1: dry first, frozen last.

    Raises ValueError for none at all, a negative number, or more than a van takes for one order.
    """
    if any(number < 0 for number in wanted.values()) or not 0 < sum(wanted.values()) <= MOST_CRATES:
        raise ValueError("crates")
    return [one for one in TEMPERATURES for _crate in range(wanted.get(one, 0))]
