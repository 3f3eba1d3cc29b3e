"""An order fetched at a pickup point: looked up by its code, handed over, its customer reminded."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from config.facts import publish
from shop.orders.events import PickupDue
from shop.orders.models import Order, Pickup
from shop.orders.services.books import Status, locked
from shop.orders.services.errors import AgeNotChecked, NotReady, PickupClosed, WrongCode
from shop.orders.services.preparing import hand_over

# Whoever comes with a code used lately is told what became of the order; an older one is no longer known.
CODE_REMEMBERED = timedelta(days=7)


def order_at_counter(*, point_id: int, code: str) -> Order:
    """The order of this point that is waited for under a code. Raises WrongCode, PickupClosed, NotReady.

    A code that was just used, or whose order was just cancelled, says so. Two queries at most.
    """
    pickup = _pickup(point_id, code)
    if not pickup.is_open:
        raise PickupClosed(pickup)
    if pickup.order.status != Status.PACKED:
        raise NotReady(pickup.order)
    return pickup.order


def _pickup(point_id: int, code: str) -> Pickup:
    here = Pickup.objects.filter(zone_id=point_id, code=code).select_related("order__slot", "order__zone")
    lately = here.filter(order__slot__ends_at__gt=timezone.now() - CODE_REMEMBERED)
    found = here.filter(is_open=True).first() or lately.order_by("-order__slot__starts_at").first()
    if found is None:
        raise WrongCode
    return found


@transaction.atomic
def hand_over_at_point(*, point_id: int, code: str, by_id: int, is_of_age: bool = False) -> Order:
    """The clerk gave the order to whoever said its code: it is delivered. Locks the order, then its pickup.

    Raises WrongCode, PickupClosed (handed over before, cancelled), NotReady, AgeNotChecked. Seven queries.
    """
    reference = order_at_counter(point_id=point_id, code=code).reference
    locked(reference)
    # Another clerk, or a cancellation, may have been quicker.
    order = order_at_counter(point_id=point_id, code=code)
    if order.reference != reference:
        raise WrongCode
    if order.requires_age_check and not is_of_age:
        raise AgeNotChecked
    order = hand_over(reference=reference)
    Pickup.objects.filter(order=order).update(is_open=False, handed_at=order.delivered_at, handed_by_id=by_id)
    return order


@transaction.atomic
def remind(*, reference: str) -> bool:
    """Publish PickupDue for an order that is still to be fetched, once; whether it did. Two queries and the fact's."""
    due = Pickup.objects.filter(order__reference=reference, is_open=True, reminded_at=None)
    if not due.update(reminded_at=timezone.now()):
        return False
    customer_id = Order.objects.values_list("customer_id", flat=True).get(reference=reference)
    publish(PickupDue(order_reference=reference, customer_id=customer_id))
    return True
