"""What a basket may hold, what merging does, what changed since the shopper last looked. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

LINES_AT_MOST = 200


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
