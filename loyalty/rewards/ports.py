"""What rewards must know of the catalogue, which stands above."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """A product of the catalogue as far as it may be given: its shelf, and what the law says of it."""

    product_ref: int
    shelf_ref: int | None
    name: str
    is_first_age_milk: bool
    is_alcohol: bool
    # The most euros that the law, and what it costs, let anybody take off its price; None where it is not priced.
    most_off: Decimal | None = None


Find = Callable[[str], ProductFacts | None]
_find: list[Find] = []


def bind_products(find: Find) -> None:
    """The product of an EAN; None of one the shop does not know. Once, at start."""
    _find[:] = [find]


def product_of(ean: str) -> ProductFacts | None:
    """Two queries."""
    return _find[0](ean)
