"""What is kept of the road, and for how long."""

from datetime import datetime

from delivery.rounds.services import FORGOTTEN_AFTER
from delivery.tracking.models import Position, Run, Visit
from delivery.tracking.rules import POSITION_KEPT

BATCH = 10_000


def forget_positions(*, now: datetime) -> int:
    """Delete where couriers were before the last sixty days, the last of each round too; how many rows. Ten thousand at a
    time, until none is left.
    """
    before = now - POSITION_KEPT
    Run.objects.filter(placed_at__lt=before).update(latitude=None, longitude=None, placed_at=None)
    deleted = 0
    while True:
        old = Position.objects.filter(at__lt=before).order_by("at").values("pk")[:BATCH]
        number, _of = Position.objects.filter(pk__in=old).delete()
        deleted += number
        if not number:
            return deleted


def forget_receivers(*, now: datetime, limit: int = 500) -> int:
    """Take names off visits that long are over, and ``limit`` photographs; how many photographs. Three queries, and a
    file deleted for each of them: the row goes on naming it until it is gone.
    """
    old = Visit.objects.filter(slot_ends_at__lt=now - FORGOTTEN_AFTER)
    with_photo = list(old.exclude(photo="").order_by("pk")[:limit])
    for visit in with_photo:
        visit.photo.delete(save=False)
    old.exclude(received_by="").update(received_by="")
    return old.filter(pk__in=[visit.pk for visit in with_photo]).update(photo="")
