"""Postcodes: what one looks like, and which area it belongs to. Pure."""

import re
from collections.abc import Collection

# ASCII digits only: \d would let Arabic digits through. Departments 00, 96 and 99 do not exist.
_POSTCODE = re.compile(r"(?:0[1-9]|[1-8][0-9]|9[0-578])[0-9]{3}")
_FIVE_FIGURES = re.compile(r"[0-9]{5}")
_SPACES = re.compile(r"[\s\u00a0\u202f]+")
SHORTEST_PREFIX = 2


def normalise_postcode(typed: str) -> str:
    """What was typed without its spaces: « 75 011 » → « 75011 ». Check the outcome with is_valid_postcode."""
    return _SPACES.sub("", typed)


def is_valid_postcode(postcode: str) -> bool:
    """Five figures of an existing department, overseas and Corsica (20) included, nothing around them."""
    return _POSTCODE.fullmatch(postcode) is not None


def has_five_figures(postcode: str) -> bool:
    """Written like a postcode, whether or not its department exists: 99999 is, 7501 is not."""
    return _FIVE_FIGURES.fullmatch(postcode) is not None


def prefixes_of(postcode: str) -> list[str]:
    """Every area a postcode may fall in, the most precise first: 69001, 6900, 690, 69."""
    return [postcode[:length] for length in range(len(postcode), SHORTEST_PREFIX - 1, -1)]


def longest_prefix(postcode: str, known: Collection[str]) -> str | None:
    """The most precise known area of a postcode."""
    return next((prefix for prefix in prefixes_of(postcode) if prefix in known), None)


def department_of(postcode: str) -> str:
    """75 for 75011, 971 for 97110: three figures overseas."""
    return postcode[:3] if postcode.startswith(("97", "98")) else postcode[:2]


def distance(postcode: str, other: str) -> tuple[int, int]:
    """Sorts places by how near two valid postcodes seem: figures in common from the left, then how far they count.

    A guess: the shop has no map. It never leaves a place out, it only says which to show first.
    """
    shared = next((at for at, pair in enumerate(zip(postcode, other, strict=True)) if pair[0] != pair[1]), 5)
    return -shared, abs(int(postcode) - int(other))
