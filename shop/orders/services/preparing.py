"""What the depot does for an order."""

from shop.stock import services as stock


def take_off_shelf(*, reference: str) -> int:
    """The order has left and nobody said what was picked for it: its goods lie there no more; how many articles."""
    return stock.pick_as_ordered(order_reference=reference)
