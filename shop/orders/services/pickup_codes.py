"""The code that a customer says at a pickup point. Not called from other rooms."""

import secrets

from shop.orders.models import Order, Pickup

CODES = 1_000_000
# Enough for a point where half of all codes are taken; a point has some dozens of open orders.
TRIES = 40


def new_code() -> str:
    """Six figures, drawn by lot."""
    return f"{secrets.randbelow(CODES):06d}"


def open_pickup(*, order: Order) -> None:
    """Give a placed order of a pickup point its code; nothing for a delivery. Within the caller's transaction.

    The database refuses a code that another open order of the point has; then another one is drawn. Two queries at
    most as a rule, none once the order's zone was read.
    """
    if not order.is_collect:
        return
    for _try in range(TRIES):
        pickup = Pickup(order=order, zone_id=order.zone_id, code=new_code())
        Pickup.objects.bulk_create([pickup], ignore_conflicts=True)
        if Pickup.objects.filter(order=order).exists():
            return
    raise RuntimeError(f"no pickup code is free at zone {order.zone_id}")


def close_pickup(*, order: Order) -> None:
    """The order is called off: its code opens nothing. One UPDATE, which matches no row for a delivery."""
    Pickup.objects.filter(order=order, is_open=True).update(is_open=False)
