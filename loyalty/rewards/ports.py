"""What rewards must know of the catalogue, which stands above."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """A product of the catalogue as far as it may be given: its shelf, and what the law says of it."""

    product_ref: int
    shelf_ref: int | None
    name: str
    is_first_age_milk: bool
    is_alcohol: bool


Find = Callable[[str], ProductFacts | None]
_find: list[Find] = []


def bind_products(find: Find) -> None:
    """The product of an EAN; None of one the shop does not know. Once, at start."""
    _find[:] = [find]


def product_of(ean: str) -> ProductFacts | None:
    """One query."""
    return _find[0](ean)
