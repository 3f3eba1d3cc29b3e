"""What referrals must ask the rooms above: has this customer ordered before? Bound in config/wiring.py."""

from typing import Protocol


class HasOrdered(Protocol):
    def __call__(self, customer_id: int) -> bool:
        """Whether an order of this party, merged guests included, was placed and stands. One query."""


_has_ordered: HasOrdered | None = None


def bind_has_ordered(answer: HasOrdered) -> None:
    global _has_ordered
    _has_ordered = answer


def has_ordered(customer_id: int) -> bool:
    """As many queries as the bound answer takes."""
    if _has_ordered is None:
        raise RuntimeError("config/wiring.py binds no orders")
    return _has_ordered(customer_id)
