"""What an order's pages tell of the way to its door."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from delivery.tracking.queries import Live, live
from shop.orders import delay_wording
from shop.orders.delays import open_delay
from shop.orders.models import Order

_EVERY = 5 * 60
_ON_THE_WAY = (Order.Status.PACKED,)


@dataclass(frozen=True, slots=True)
class Road:
    """``since`` and ``until`` are the window that is told, to five minutes; ``state`` as in `Live`."""

    state: str
    courier: str
    stops_before: int | None
    since: datetime | None
    until: datetime | None
    is_late: bool

    @property
    def is_under_way(self) -> bool:
        """The page asks again by itself."""
        return self.state in {"to_come", "arrived"}


def road_of(order: Order) -> Road | None:
    """None before its van has left, or once it is over: the order's own state says it all then. One query at most."""
    if order.status not in _ON_THE_WAY or order.is_collect:
        return None
    found = live(order.reference)
    if found is None or not found.is_out:
        return None
    return Road(
        state=found.state,
        courier=found.courier,
        stops_before=found.stops_before,
        since=_down(found.earliest_at),
        until=_up(found),
        is_late=found.is_late,
    )


def has_met_courier(where: Live | None) -> bool:
    """Nothing is left to choose; whoever was out has not."""
    return where is not None and where.state in {"arrived", "delivered", "refused"}


def _down(at: datetime | None) -> datetime | None:
    return at and at - timedelta(seconds=at.timestamp() % _EVERY)


def _up(found: Live) -> datetime | None:
    if found.latest_at is None:
        return None
    over = found.latest_at.timestamp() % _EVERY
    return found.latest_at + timedelta(seconds=_EVERY - over) if over else found.latest_at


def delay_shown(order: Order) -> dict[str, Any] | None:
    """What its customer was told and may still choose. One query, none for what is over; three more where there is a
    choice.
    """
    if order.status not in {Order.Status.PLACED, Order.Status.PICKING, Order.Status.PACKED}:
        return None
    delay = open_delay(order)
    if delay is None or has_met_courier(live(order.reference)):
        return None
    return {
        "sentence": delay_wording.sentence(delay),
        "promise": delay_wording.promise(delay),
        "path": reverse("delay", args=[delay.token]),
    }
