"""What a basket may hold, what merging does, what changed since the shopper last looked. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from delivery.slots.rules import PARIS

LINES_AT_MOST = 200
# Suppliers deliver in the morning: what is expected that day is on its shelf by then.
BACK_BY = time(12)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A product wanted again (from a list or a past order), with the price it had then, if known."""

    product_id: int
    name: str
    quantity: int
    price_then: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """Why a product did not come back as it was."""

    name: str
    kind: str  # "gone", "full", "short", "dearer", "cheaper"
    before: Decimal | int | None = None
    now: Decimal | int | None = None


def merged_quantities(kept: Mapping[int, int], absorbed: Mapping[int, int]) -> dict[int, int]:
    """Both baskets' products; for one in both, the larger quantity: nothing is bought twice by surprise."""
    return {
        product: max(kept.get(product, 0), absorbed.get(product, 0))
        for product in [*kept, *(product for product in absorbed if product not in kept)]
    }


def price_difference(name: str, then: Decimal | None, now: Decimal) -> Iterable[Difference]:
    if then is not None and then != now:
        yield Difference(name, "dearer" if now > then else "cheaper", then, now)


@dataclass(frozen=True, slots=True)
class Lacking:
    """An article of which the depot has less than is wanted, and the day more is expected there."""

    name: str
    back_on: date | None

    def is_back_for(self, cutoff_at: datetime) -> bool:
        """Whether it can still join an order for a slot that closes then."""
        if self.back_on is None:
            return False
        return cutoff_at > datetime.combine(self.back_on, BACK_BY, tzinfo=PARIS)


def is_coming(*, affordable: int, back_on: date | None) -> bool:
    """Nothing of it is there, and the day of its return is told: the basket keeps it, the order leaves it out."""
    return not affordable and back_on is not None
