"""What staff announce to everybody concerned, in one action."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from config.facts import publish
from delivery.rounds.models import Drop
from delivery.tracking.errors import NothingConcerned
from delivery.tracking.events import IncidentAnnounced
from delivery.tracking.models import Incident, LateNotice
from delivery.tracking.queries import drops_concerned


@transaction.atomic
def announce_incident(
    *, kind: str, zone_ids: Sequence[int], starts_at: datetime, ends_at: datetime, delay_minutes: int, now: datetime,
    by_id: int | None = None,
) -> Incident:  # fmt: skip
    """Tell every order of these zones whose slot begins in a period, and that nobody has delivered yet, that it will
    be so late. An order hears of an incident once; whoever was told of a delay of their own is told of this one too.

    Raises NothingConcerned: nothing is announced then. Six queries, and what `publish` takes for each order.
    """
    drops = drops_concerned(zone_ids, starts_at, ends_at)
    if not drops:
        raise NothingConcerned
    incident = Incident.objects.create(
        kind=kind, starts_at=starts_at, ends_at=ends_at, delay_minutes=delay_minutes, announced_by_id=by_id,
        concerned=len(drops),
    )  # fmt: skip
    incident.zones.set(zone_ids)
    LateNotice.objects.bulk_create(
        [
            LateNotice(
                drop=drop,
                slot_starts_at=drop.slot_starts_at,
                told_at=now,
                expected_at=_expected(drop, delay_minutes),
            )
            for drop in drops
        ],
        ignore_conflicts=True,
    )
    for drop in drops:
        publish(
            IncidentAnnounced(
                order_reference=drop.order_reference, incident_id=incident.pk, delay_minutes=delay_minutes
            )
        )
    return incident


def _expected(drop: Drop, delay_minutes: int) -> datetime:
    return drop.slot_ends_at + timedelta(minutes=delay_minutes)
