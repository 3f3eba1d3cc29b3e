from dataclasses import dataclass

from config.facts import fact


@fact("orders.OrderPlaced")
@dataclass(frozen=True, slots=True)
class OrderPlaced:
    """An order is firm: its slot, stock and payment are secured."""

    order_reference: str
    customer_id: int
    rank: int
    total_cents: int


@fact("orders.OrderPaymentNeeded")
@dataclass(frozen=True, slots=True)
class OrderPaymentNeeded:
    """The saved card of a placed order was refused: its customer must pay again before the cut-off."""

    order_reference: str
    customer_id: int


@fact("orders.OrderCancelled")
@dataclass(frozen=True, slots=True)
class OrderCancelled:
    """A placed order was cancelled before its cut-off; slot and stock are given back."""

    order_reference: str
    customer_id: int
