from dataclasses import dataclass

from config.facts import fact


@fact("stock.ProductRestocked")
@dataclass(frozen=True, slots=True)
class ProductRestocked:
    """A product can be bought again from a depot, and somebody had asked to hear of it."""

    product_id: int
    depot_id: int
