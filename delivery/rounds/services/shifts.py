"""Weeks of shifts, made of the one before."""

from datetime import date, datetime, timedelta

from django.db import transaction

from delivery.rounds.models import Courier, Round, Shift, Van
from delivery.rounds.queries import shifts_of_week
from delivery.rounds.rules import half_of
from delivery.rounds.services.drops import Half, touch_known
from delivery.slots.rules import PARIS

WEEK = timedelta(days=7)


@transaction.atomic
def write_shift(shift: Shift) -> None:
    """Save a shift; the half-days that it was and is of are planned anew. One that is of another than before leaves the
    round that was only planned for it. Locks these half-days; at most eight queries.
    """
    before = Shift.objects.select_related("van").filter(pk=shift.pk).first()
    was = {_half(before)} if before else set()
    touch_known(was | {_half(shift)})
    shift.save()
    if was and was != {_half(shift)}:
        Round.objects.filter(shift=shift, state=Round.State.PLANNED).delete()


@transaction.atomic
def replan_shifts_to_come(*, now: datetime, **whose: object) -> None:
    """A van or a courier is not what it was: half-days of its shifts to come are planned anew. Three queries."""
    coming = Shift.objects.filter(ends_at__gt=now, **whose).select_related("van")
    touch_known({_half(shift) for shift in coming})


def _half(shift: Shift) -> Half:
    """The half-day of its depot in which its middle lies."""
    return shift.van.depot_id, *half_of(shift.starts_at + (shift.ends_at - shift.starts_at) / 2)


@transaction.atomic
def copy_week(*, monday: date) -> tuple[int, int]:
    """Repeat a week's shifts in the next one, at the same local hours; how many were added, and how many were not: their
    courier or van has left, or is taken by then. Twice adds nothing.

    Locks the couriers and the vans concerned, so that two copies wait for each other, then half-days. At most seven queries.
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
    touch_known({_half(shift) for shift in added})
    return len(added), len(shifts) - len(added)


def _a_week_later(at: datetime) -> datetime:
    """The same hour on the clock, whatever clocks did meanwhile."""
    local = at.astimezone(PARIS)
    return datetime.combine(local.date() + WEEK, local.time(), PARIS)


def _meet(one: Shift, other: Shift) -> bool:
    is_same = one.courier_id == other.courier_id or one.van_id == other.van_id
    return is_same and one.starts_at < other.ends_at and other.starts_at < one.ends_at
