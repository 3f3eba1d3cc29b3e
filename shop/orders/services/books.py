"""What every order service does: lock, move, write the history. Not called from other rooms."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from shop.catalogue.models import Product
from shop.catalogue.wording import packaging_label
from shop.orders.models import Amendment, Order, OrderEvent
from shop.orders.services.errors import MoveRefused

Status = Order.Status
Kind = OrderEvent.Kind
# As wide as the column of a line.
LONGEST_LABEL = 60


def locked(reference: str) -> Order:
    """The order, its row locked, with its slot and zone, which are not. Two queries."""
    return locked_of(Order.objects.filter(reference=reference))


def locked_of(wanted: QuerySet[Order]) -> Order:
    """The same, of one order that a queryset names. Raises Order.DoesNotExist.

    The slot is read once the row is ours: joined to it, an order that moved to another slot while we waited would be
    compared with the old one, and not be found at all.
    """
    own = next(iter(wanted.select_for_update().values_list("pk", flat=True)), None)
    if own is None:
        raise Order.DoesNotExist
    return next(iter(Order.objects.select_related("slot", "zone").filter(pk=own)))


def locked_all(**wanted: Any) -> list[Order]:
    """Orders by fields of their own, their rows locked in order of id. One query.

    The fields are looked at again once a row is ours: within a subquery they would be those of before the wait.
    """
    return list(Order.objects.filter(**wanted).order_by("pk").select_for_update())


def packaging_of(product: Product) -> str:
    """A product's packaging as a line keeps it."""
    said = packaging_label(
        by_weight=product.sold_by_weight,
        step=product.step,
        net_quantity=product.net_quantity,
        net_unit=product.net_unit,
    )
    return said[:LONGEST_LABEL]


def live_amendment(order: Order) -> Amendment | None:
    """The amendment that waits for its payment. One query."""
    return order.amendments.filter(state=Amendment.State.PREPARED).first()


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
