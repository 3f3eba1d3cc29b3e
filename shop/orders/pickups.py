"""Orders fetched at a pickup point, as customers and clerks read them."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from shop.orders.models import Order, Pickup

# A reminder comes in the morning, an hour before an earlier slot, and not on the heels of the confirmation.
MORNING_HOUR = 8
BEFORE_EARLY = timedelta(hours=1)
AFTER_ORDER = timedelta(hours=3)


def pickup_of(order: Order) -> Pickup | None:
    """Its code and what became of it; None for a delivery or before it is placed. One query for a pickup."""
    return Pickup.objects.filter(order=order).first() if order.is_collect else None


def place_of(order: Order) -> dict[str, Any]:
    """Where to fetch it: the name and the words of the point as they are, the address as it was ordered."""
    return {
        "name": order.zone.name,
        "lines": [line for line in (order.line1, order.line2, f"{order.postcode} {order.city}") if line],
        "directions": order.zone.directions,
    }


def unfetched(orders: QuerySet[Order], now: datetime) -> QuerySet[Order]:
    """Those that nobody came for although their slot is over."""
    return orders.filter(pickup__is_open=True, slot__ends_at__lt=now)


def to_fetch(orders: QuerySet[Order], now: datetime) -> QuerySet[Order]:
    """Those whose slot is still to come or running."""
    return orders.filter(pickup__is_open=True, slot__ends_at__gte=now)


def due_for_reminder(now: datetime, limit: int = 200) -> list[str]:
    """Orders to be fetched today whose customer was not reminded yet, the soonest first. One query."""
    local = timezone.localtime(now)
    until = now + BEFORE_EARLY
    if local.hour >= MORNING_HOUR:
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        until = max(until, midnight + timedelta(days=1))
    waiting = Pickup.objects.filter(
        is_open=True, reminded_at=None, order__slot__starts_at__gt=now, order__slot__starts_at__lt=until,
        order__placed_at__lt=now - AFTER_ORDER,
    )  # fmt: skip
    return list(waiting.order_by("order__slot__starts_at").values_list("order__reference", flat=True)[:limit])
