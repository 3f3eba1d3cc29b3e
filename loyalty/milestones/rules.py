"""When a customer reaches a milestone, and who gets which sample. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

# A customer gets a sample this rarely, and of an article once.
SAMPLE_EVERY = timedelta(days=30)
# One in so many of those who could have one gets none: what the others buy then is compared with them.
HELD_OUT = 5
# What somebody buys of the shelf within so long counts as brought by the sample.
CONVERTS_WITHIN = timedelta(days=60)


# Ranks may jump, as guests turn out to be one customer: a gift that was passed is caught up with so many orders later.
CAUGHT_UP = 3


class NotAmong(Exception):
    """It is none of those to choose from."""


@dataclass(frozen=True, slots=True)
class Sample:
    """An article to try: the shelf it comes from, and how many are left."""

    item_id: int
    shelf_ref: int
    stock: int
    name: str = ""


def sample_for(
    samples: Sequence[Sample], *, bought: Collection[int], tried: Collection[int]
) -> Sample | None:
    """What to try: of a shelf never bought from, never tried before, of which most are left; the lower id of two."""
    fit = [one for one in samples if one.stock and one.shelf_ref not in bought and one.item_id not in tried]
    return min(fit, key=lambda one: (-one.stock, one.item_id)) if fit else None


def is_held_out(customer_id: int, item_id: int) -> bool:
    """Whether this customer is among those compared with: the same answer each time, as good as drawn."""
    drawn = sha256(f"sample:{customer_id}:{item_id}".encode()).digest()
    return int.from_bytes(drawn[:4], "big") % HELD_OUT == 0


def years_between(first: date, day: date) -> int | None:
    """Whole years, on their anniversary only; the 29 February has its on 1 March in common years. None on other days."""
    years = day.year - first.year
    if years < 1:
        return None
    try:
        due = first.replace(year=day.year)
    except ValueError:
        due = date(day.year, 3, 1)
    return years if due == day else None
