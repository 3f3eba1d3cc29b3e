"""What reviews must ask the rooms above: was it bought, and has it come? Bound in config/wiring.py."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Receipt:
    """An order that its customer has received: when, and which products were in it."""

    received_on: date
    product_ids: frozenset[int]


class Purchases(Protocol):
    def __call__(self, customer_id: int, order_reference: str) -> Receipt | None:
        """The receipt of an order of this customer; None for another's, one cancelled, or one still to come."""


_purchases: Purchases | None = None


def bind_purchases(purchases: Purchases) -> None:
    global _purchases
    _purchases = purchases


def receipt_of(customer_id: int, order_reference: str) -> Receipt | None:
    """What makes a review a verified one. As many queries as the bound answer takes."""
    if _purchases is None:
        raise RuntimeError("config/wiring.py binds no purchases")
    return _purchases(customer_id, order_reference)
