"""What letters about orders have in common."""

from typing import Any

from shop.orders.models import Order


def addressed(order: Order) -> dict[str, Any]:
    """What each letter about an order starts from. No query: needs its slot."""
    return {
        "reference": order.reference,
        "recipient": order.email,
        "customer_id": order.customer_id,
        "first_name": order.first_name,
        "slot": order.slot,
    }
