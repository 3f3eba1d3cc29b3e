"""What tests of slots share."""

from datetime import UTC, datetime

from delivery.slots.models import Hold
from delivery.slots.services import (
    hold_slot,
)

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def booked(slot):
    slot.refresh_from_db()
    return slot.booked


def states(holder):
    return list(Hold.objects.filter(holder=holder).order_by("pk").values_list("state", flat=True))


def fill(slot):
    for n in range(slot.capacity):
        hold_slot(slot_id=slot.pk, holder=f"autre-{n}")
