"""Weeks of shifts, made of the one before."""

from datetime import date, datetime, timedelta

from django.db import transaction

from delivery.rounds.models import Courier, Shift, Van
from delivery.rounds.queries import shifts_of_week
from delivery.slots.rules import PARIS

WEEK = timedelta(days=7)


@transaction.atomic
def copy_week(*, monday: date) -> tuple[int, int]:
    """Repeat a week's shifts in the next one, at the same local hours; how many were added, and how many were not: their
    courier or van has left, or is taken by then. Twice adds nothing.

    Locks the couriers and the vans concerned, so that two copies wait for each other. Five queries.
    """
    shifts = list(shifts_of_week(monday).select_related("courier", "van"))
    for model, ids in ((Courier, {one.courier_id for one in shifts}), (Van, {one.van_id for one in shifts})):
        list(
            model._default_manager.filter(pk__in=ids)
            .order_by("pk")
            .select_for_update(no_key=True)
            .values_list("pk")
        )
    taken = list(shifts_of_week(monday + WEEK))
    added: list[Shift] = []
    for shift in shifts:
        wanted = Shift(
            courier=shift.courier,
            van=shift.van,
            starts_at=_a_week_later(shift.starts_at),
            ends_at=_a_week_later(shift.ends_at),
        )
        is_there = shift.courier.is_active and shift.van.is_active
        if is_there and not any(_meet(wanted, other) for other in [*taken, *added]):
            added.append(wanted)
    Shift.objects.bulk_create(added)
    return len(added), len(shifts) - len(added)


def _a_week_later(at: datetime) -> datetime:
    """The same hour on the clock, whatever clocks did meanwhile."""
    local = at.astimezone(PARIS)
    return datetime.combine(local.date() + WEEK, local.time(), PARIS)


def _meet(one: Shift, other: Shift) -> bool:
    is_same = one.courier_id == other.courier_id or one.van_id == other.van_id
    return is_same and one.starts_at < other.ends_at and other.starts_at < one.ends_at
