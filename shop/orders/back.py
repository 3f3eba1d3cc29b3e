"""What an order's page says of all that goes back."""

from typing import Any

from shop.orders import withdrawals
from shop.orders.models import Order
from shop.orders.refunds import may_refuse_now, refusable, shown_refunds


def back_context(order: Order) -> dict[str, Any]:
    """What an order's page says of all that goes back, and what may. Eight queries at most, however long the order.

    Needs the order's slot.
    """
    stands = (
        order.lines.filter(replaces__isnull=False).select_related("replaces") if may_refuse_now(order) else []
    )
    lines = list(stands)
    may = refusable(order, lines)
    return {
        "back": shown_refunds(order),
        "refusable": [line for line in lines if line.pk in may],
        "can_withdraw": withdrawals.is_open(order),
        "redone_by": list(order.made_good_by.exclude(status=Order.Status.CANCELLED).select_related("slot")),
    }
