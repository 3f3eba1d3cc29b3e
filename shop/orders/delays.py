"""Reads of orders that come late: what their customers were told, what they may choose, what they chose."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from delivery.slots.models import Slot
from delivery.slots.queries import free_slots, free_slots_at_points
from shop.orders.letters import addressed
from shop.orders.models import Delay, Order
from shop.orders.rules import POINTS_OFFERED, SLOTS_OFFERED

# A van that is out comes home first, and what it brings is put in order.
BACK_AT_DEPOT = timedelta(hours=3)
WITHIN = timedelta(days=4)


@dataclass(frozen=True, slots=True)
class SlotChoice:
    """A slot that a late order may move to; of a point, its customer fetches it there."""

    slot: Slot

    @property
    def is_pickup(self) -> bool:
        return self.slot.zone.is_collect


def delay_by_token(token: str) -> Delay | None:
    """What a letter's link is about, with its order. One query."""
    return Delay.objects.select_related("order__slot", "order__zone").filter(token=token).first()


def open_delay(order: Order) -> Delay | None:
    """What its customer was told and has not answered. One query."""
    return order.delays.filter(answer="").first()


def slot_choices(order: Order, now: datetime) -> list[SlotChoice]:
    """Other slots of its zone, then the first of each point of its depot, for what is at the depot again by then.

    Two queries.
    """
    window = {"starts_at__gte": now + BACK_AT_DEPOT, "starts_at__lt": now + WITHIN}
    here = free_slots(order.zone).select_related("zone").exclude(pk=order.slot_id)
    first: dict[int, Slot] = {}
    for slot in free_slots_at_points(order.depot_id).filter(**window):
        first.setdefault(slot.zone_id, slot)
    home = here.filter(**window)[:SLOTS_OFFERED]
    return [SlotChoice(slot) for slot in [*home, *list(first.values())[:POINTS_OFFERED]]]


def slot_choice(order: Order, slot_id: int | None, *, is_pickup: bool) -> SlotChoice | None:
    """A slot on offer by its id; None for any other. Two queries."""
    offered = slot_choices(order, timezone.now())
    return next((one for one in offered if one.slot.pk == slot_id and one.is_pickup == is_pickup), None)


def delay_facts(delay_id: int) -> dict[str, Any]:
    """What the letters about a delay start from. One query."""
    delay = Delay.objects.select_related("order__slot", "order__zone").get(pk=delay_id)
    order = delay.order
    return {
        **addressed(order),
        "cause": delay.cause,
        "answer": delay.answer,
        "answered_by": delay.answered_by,
        "expected_at": delay.expected_at,
        "is_still_to_come": order.stands and order.status != Order.Status.DELIVERED,
        "delay": delay,
        "delay_path": reverse("delay", args=[delay.token]),
        "tracking_path": reverse("tracking", args=[order.tracking_token]),
        "help_phone": settings.HELP_PHONE,
        "place": order.zone.name if order.is_collect else "",
    }


def expected_after(order_reference: str, delay_minutes: int) -> datetime:
    """So many minutes after the slot of an order. One query."""
    ends_at = Order.objects.values_list("slot__ends_at", flat=True).get(reference=order_reference)
    return ends_at + timedelta(minutes=delay_minutes)
