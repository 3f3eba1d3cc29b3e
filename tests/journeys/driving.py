"""A round of the demonstration's courier, whatever the hour of the test."""

from datetime import timedelta

from django.utils import timezone

from delivery.rounds.models import Courier, Planning, Round, Shift, Stop
from delivery.rounds.rules import half_of
from delivery.tracking.services import open_run
from tests.delivery.rounds.fleet import drop

COURIER = "livreur@cabas.example"
NAMES = ["Élodie Martin", "Karim Benali", "Société Durand et Fils"]


def planned_round(*said):
    """A round with a stop for each of these, to be loaded now."""
    now = timezone.now().replace(second=0, microsecond=0)
    courier = Courier.objects.get(user__email=COURIER)
    shift = (
        Shift.objects.filter(courier=courier, round=None)
        .select_related("van__depot")
        .order_by("starts_at")
        .first()
    )
    drops = [
        drop(starts_at=now + timedelta(minutes=20 * place), **({"recipient": NAMES[place % 3]} | about))
        for place, about in enumerate(said)
    ]
    day, half = half_of(now)
    planning, _new = Planning.objects.get_or_create(depot=shift.van.depot, day=day, half=half)
    round_ = Round.objects.create(
        planning=planning,
        shift=shift,
        starts_at=now + timedelta(minutes=10),
        returns_at=now + timedelta(hours=3),
    )
    Stop.objects.bulk_create(
        Stop(
            round=round_, drop=one, number=number, arrives_at=one.slot_starts_at,
            leaves_at=one.slot_starts_at + timedelta(minutes=5), drive_seconds=600, service_seconds=300,
        )
        for number, one in enumerate(drops, 1)
    )  # fmt: skip
    return round_


def opened_run(*said):
    round_ = planned_round(*said)
    return open_run(courier_id=round_.shift.courier_id, round_id=round_.pk, now=timezone.now())
