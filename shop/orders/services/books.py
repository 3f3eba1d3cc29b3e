"""What every order service does: lock, move, write the history. Not called from other rooms."""

from typing import Any

from django.utils import timezone

from shop.orders.models import Order, OrderEvent
from shop.orders.services.errors import MoveRefused

Status = Order.Status
Kind = OrderEvent.Kind


def locked(reference: str) -> Order:
    """The order, its row locked, with its slot and zone, which are not. One query."""
    mine = Order.objects.select_for_update(of=("self",)).select_related("slot", "zone")
    return mine.get(reference=reference)


def locked_all(**wanted: Any) -> list[Order]:
    """Orders by fields of their own, their rows locked in order of id, with their slots, which are not. One query.

    The fields are looked at again once a row is ours: within a subquery they would be those of before the wait.
    """
    found = Order.objects.filter(**wanted).select_related("slot")
    return list(found.order_by("pk").select_for_update(of=("self",)))


def cutoff_has_come(order: Order) -> bool:
    return order.slot.cutoff_at <= timezone.now()


def has_event(order: Order, kind: Kind) -> bool:
    return order.events.filter(kind=kind).exists()


def record(order: Order, kind: Kind, **data: Any) -> None:
    """Add a line to the order's own history. One INSERT."""
    OrderEvent.objects.create(order=order, kind=kind, data=data)


def move(order: Order, to: Order.Status, **fields: Any) -> None:
    if to not in Order.MOVES[order.status]:
        raise MoveRefused(f"{order.status} → {to}")
    order.status = to
    for name, value in fields.items():
        setattr(order, name, value)
    order.save(update_fields=["status", *fields])
