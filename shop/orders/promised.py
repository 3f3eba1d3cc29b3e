"""What an order is promised, in units: what the room of promises is told. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shop.pricing.rules import BY_WEIGHT


@dataclass(frozen=True, slots=True)
class Units:
    """An article sold by weight counts for one. ``told`` were announced, or replaced: not missing, and not complete."""

    ordered: int
    missing: int
    told: int


def units_ordered(lines: Iterable[tuple[str, int]]) -> int:
    """Of (how it is sold, pieces or grams), stand-ins left out."""
    return sum(1 if sold_by == BY_WEIGHT else quantity for sold_by, quantity in lines if quantity)


def units_of(lines: Iterable[Any], answered: Mapping[int, int]) -> Units:
    """What of an order's lines lies in its crates, once these are closed.

    Missing is what is absent and was neither told early (``dropped``) nor answered for: ``answered`` is line → pieces or
    grams about which somebody said, at the empty shelf, what they wanted. What a stand-in replaces was accepted with it;
    what of the stand-in is absent in its turn was not.
    """
    every = list(lines)
    stands = {line.replaces_id: line for line in every if line.replaces_id}
    found = [
        _of_line(line, stands.get(line.pk), answered.get(line.pk, 0))
        for line in every
        if not line.replaces_id
    ]
    return Units(
        sum(one.ordered for one in found), sum(one.missing for one in found), sum(one.told for one in found)
    )


def _of_line(line: Any, stand: Any, answered: int) -> Units:
    absent = line.missing
    replaced = min(absent, max(0, stand.quantity - line.dropped)) if stand else 0
    told_at_shelf = min(absent - replaced, answered)
    # Refused, or dropped with its customer's agreement, a stand-in is no absence.
    stand_absent = min(stand.missing, line.dropped + replaced) if stand else 0
    missing = absent - replaced - told_at_shelf + stand_absent
    told = line.dropped + replaced + told_at_shelf - stand_absent
    if line.sold_by == BY_WEIGHT:
        return Units(1, int(missing > 0), int(missing <= 0 < told))
    return Units(line.quantity, missing, told)
