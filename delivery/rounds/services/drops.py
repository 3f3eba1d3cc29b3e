"""What is to be delivered, as the shop says it. Said again it is the same, and what was said last holds.

Lock order: the order (the caller's), then the half-days in order of id, then the drop.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from delivery.rounds.errors import DropUnknown, WrongPlace
from delivery.rounds.models import Drop, Place, Planning, Round, Stop
from delivery.rounds.problem import Point
from delivery.rounds.queries import place_of
from delivery.rounds.rules import FARTHEST_METRES, half_of, is_on_earth
from delivery.zones.rules import prefixes_of

Half = tuple[int, date, str]
# Long enough for a complaint about how it was delivered, then nobody's address is kept twice.
FORGOTTEN_AFTER = timedelta(days=60)
_PERSONAL = ("recipient", "phone", "line1", "line2", "floor", "door_code", "instructions", "city")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a courier needs of an order. ``crates`` by temperature as weight lets guess; ``articles`` are
    ``{"ref", "name", "quantity"}``; ``ready_at`` once its crates are closed.
    """

    order_reference: str
    depot_id: int
    zone_id: int
    slot_starts_at: datetime
    slot_ends_at: datetime
    rank: int
    recipient: str
    phone: str
    line1: str
    line2: str
    floor: str
    door_code: str
    instructions: str
    postcode: str
    city: str
    crates: Mapping[str, int]
    grams: int
    articles: Sequence[Mapping[str, str]]
    requires_age_check: bool
    ready_at: datetime | None = None


# What a plan is made of: a change of the rest leaves it good.
_PLANNED_BY = (
    "depot_id", "slot_starts_at", "slot_ends_at", "postcode", "line1", "crates", "grams", "requires_age_check", "rank",
)  # fmt: skip


@transaction.atomic
def write_drop(manifest: Manifest) -> Drop:
    """Write what an order's courier needs; its half-day is planned anew where that matters to a plan.

    A drop whose hours changed leaves its round. Locks its half-days; at most nine queries.
    """
    said: dict[str, Any] = {field.name: getattr(manifest, field.name) for field in fields(manifest)}
    before = Drop.objects.filter(order_reference=manifest.order_reference).first()
    halves = {_half(manifest.depot_id, manifest.slot_starts_at)}
    if before:
        halves.add(_half(before.depot_id, before.slot_starts_at))
    plannings = lock_halves(halves)
    drop = Drop.objects.select_for_update().filter(order_reference=manifest.order_reference).first()
    drop = drop or Drop(order_reference=manifest.order_reference)
    has_moved = drop.pk is None or drop.postcode != manifest.postcode or drop.line1 != manifest.line1
    has_new_hours = drop.pk is not None and any(
        getattr(drop, name) != said[name] for name in ("depot_id", "slot_starts_at", "slot_ends_at")
    )
    if drop.are_crates_counted:
        said["crates"] = drop.crates
    is_planned_anew = drop.pk is None or any(getattr(drop, name) != said[name] for name in _PLANNED_BY)
    for name, value in said.items():
        setattr(drop, name, value)
    if has_moved:
        _place(drop)
    drop.save()
    if is_planned_anew:
        count_change(plannings)
    if has_new_hours:
        Stop.objects.filter(drop=drop).delete()
    return drop


def _half(depot_id: int, at: datetime) -> Half:
    day, half = half_of(at)
    return depot_id, day, half


def lock_halves(halves: Collection[Half]) -> list[int]:
    """The rows of these half-days, written where there are none yet, locked until the transaction ends. Two queries."""
    Planning.objects.bulk_create(
        [Planning(depot_id=depot, day=day, half=half, changes=0) for depot, day, half in sorted(halves)],
        ignore_conflicts=True,
    )
    return _locked(halves)


def _locked(halves: Collection[Half]) -> list[int]:
    named = Q()
    for depot, day, half in halves:
        named |= Q(depot=depot, day=day, half=half)
    rows = Planning.objects.filter(named).order_by("pk").select_for_update()
    return [row.pk for row in rows]


def count_change(plannings: Collection[int]) -> None:
    """These half-days, whose rows the caller has locked, are to be planned anew. One UPDATE."""
    Planning.objects.filter(pk__in=plannings).update(changes=F("changes") + 1)


def touch(halves: Collection[Half]) -> None:
    """These half-days are to be planned anew; their rows are locked. Three queries."""
    count_change(lock_halves(halves))


def touch_known(halves: Collection[Half]) -> None:
    """Those of them that anybody planned, or is to plan, are to be planned anew. Two queries, none for none."""
    if halves:
        count_change(_locked(halves))


def _place(drop: Drop) -> None:
    """At the middle of its postcode, as far as anybody knows."""
    found = Place.objects.filter(prefix__in=prefixes_of(drop.postcode))
    place = max(found, key=lambda one: len(one.prefix), default=None)
    drop.latitude, drop.longitude = (place.latitude, place.longitude) if place else (None, None)


@transaction.atomic
def cancel_drop(*, order_reference: str) -> None:
    """Nobody delivers it: it leaves its round, unless that one is on its way. Twice is once. At most six queries.

    Raises nothing for what was never to be delivered: a cancelled order may have been one that is fetched.
    """
    known = Drop.objects.filter(order_reference=order_reference).first()
    if known is None:
        return
    touch({_half(known.depot_id, known.slot_starts_at)})
    if Drop.objects.filter(pk=known.pk, cancelled_at=None).update(cancelled_at=timezone.now()):
        Stop.objects.filter(drop=known).exclude(round__state=Round.State.OUT).delete()


@transaction.atomic
def note_crates(*, order_reference: str, crates: Mapping[str, int]) -> None:
    """What the picker labelled, temperature → number, in place of the guess; its half-day is planned anew where they are
    not as many. Raises DropUnknown. Locks its half-day; at most seven queries.
    """
    known = Drop.objects.filter(order_reference=order_reference).first()
    if known is None:
        raise DropUnknown(order_reference)
    plannings = lock_halves({_half(known.depot_id, known.slot_starts_at)})
    drop = Drop.objects.select_for_update().get(pk=known.pk)
    if drop.crates != dict(crates):
        count_change(plannings)
    drop.crates, drop.are_crates_counted = dict(crates), True
    drop.save(update_fields=["crates", "are_crates_counted"])


@transaction.atomic
def correct_place(*, order_reference: str, point: Point) -> Drop:
    """Where it really is, as staff found. Raises DropUnknown, WrongPlace. At most seven queries."""
    known = Drop.objects.select_related("depot").filter(order_reference=order_reference).first()
    if known is None:
        raise DropUnknown(order_reference)
    home = place_of(known.depot)
    if not is_on_earth(point) or (home and point.metres_to(home) > FARTHEST_METRES):
        raise WrongPlace
    touch({_half(known.depot_id, known.slot_starts_at)})
    known.latitude, known.longitude = point.latitude, point.longitude
    known.save(update_fields=["latitude", "longitude"])
    return known


def forget_addresses(*, now: datetime, limit: int = 1000) -> int:
    """Take what is personal out of drops long delivered; how many. One UPDATE."""
    due = Drop.objects.filter(slot_ends_at__lt=now - FORGOTTEN_AFTER, forgotten_at=None)
    blank: dict[str, Any] = dict.fromkeys(_PERSONAL, "")
    return Drop.objects.filter(pk__in=due.values("pk")[:limit]).update(
        **blank, latitude=None, longitude=None, articles=[], forgotten_at=now
    )
