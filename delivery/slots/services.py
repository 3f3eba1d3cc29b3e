"""Every write to slots and holds.

Lock order, so that no two transactions wait for each other: the holder (advisory), then hold rows, then slot
rows by ascending id. Whoever has a slot locked never waits for a hold: it passes over locked ones. The slot's
row is the hot one and is written last (ADR 0006).
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import (
    BooleanField,
    Case,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    Value,
    When,
)
from django.utils import timezone

from delivery.slots import rules
from delivery.slots.models import Hold, HoldQuerySet, Slot
from delivery.slots.queries import live_hold
from delivery.zones.models import Zone
from delivery.zones.queries import active_zones

log = logging.getLogger(__name__)
State = Hold.State
_OF_BASKETS = (State.HELD, State.PINNED)
# A moved place may be older than one its new basket gave up.
_IS_OF_BASKET = ExpressionWrapper(Q(state__in=_OF_BASKETS), output_field=BooleanField())


class SlotUnknown(Exception):
    """There is no such slot."""


class SlotClosed(Exception):
    """Its cut-off has passed, or staff closed it."""


class SlotFull(Exception):
    """Every place is taken, by orders or by baskets."""


class HoldLapsed(Exception):
    """The holder's place is gone, or there never was one."""


class HoldPinned(Exception):
    """A payment is running on the holder's place: it can be neither moved nor pinned for another order."""


@transaction.atomic
def generate_slots(*, days: int = 14, now: datetime | None = None) -> None:
    """Make the slots of each active zone, from today and ``days`` local days in all. Twice is once.

    Existing slots keep their price, capacity and closure. One query for the zones, one INSERT per zone.
    """
    now = now or timezone.now()
    today = rules.local_date(now)
    calendar = [today + timedelta(days=ahead) for ahead in range(days)]
    for zone in active_zones():
        slots = [slot for day in calendar for slot in _slots_of(zone, day) if slot.cutoff_at > now]
        Slot.objects.bulk_create(slots, ignore_conflicts=True)


def _slots_of(zone: Zone, day: date) -> list[Slot]:
    if not rules.delivers_on(day, zone.open_weekdays):
        return []
    hours = range(zone.opens_at.hour, zone.closes_at.hour)
    return [slot for hour in hours if (slot := _new_slot(zone, day, hour))]


def _new_slot(zone: Zone, day: date, hour: int) -> Slot | None:
    try:
        starts_at, ends_at = rules.local_slot_bounds(day, hour)
    except rules.NoSuchLocalTime:
        log.info("slot skipped: zone %s, %s %s h does not exist", zone.pk, day, hour)
        return None
    return Slot(
        zone=zone,
        starts_at=starts_at,
        ends_at=ends_at,
        cutoff_at=starts_at - timedelta(minutes=zone.cutoff_minutes),
        price=rules.slot_price(day, hour, usual=zone.slot_price, peak=zone.peak_price),
        capacity=zone.slot_capacity,
    )


@transaction.atomic
def adjust_slot(*, slot_id: int, capacity: int, is_closed: bool) -> None:
    """What staff may change of a slot; below what is sold it only stops selling. One UPDATE.

    Written alone: saving the whole row would put back a count of places read a minute ago. Raises SlotUnknown.
    """
    if not Slot.objects.filter(pk=slot_id).update(capacity=capacity, is_closed=is_closed):
        raise SlotUnknown


@transaction.atomic
def hold_slot(*, slot_id: int, holder: str) -> Hold:
    """Keep a place for a basket, for an hour; its previous place is given back in the same transaction.

    Holding the same slot again renews. A refusal changes nothing: the previous place is kept. Raises
    SlotUnknown, SlotClosed, SlotFull, HoldPinned. Locks the holder, its hold, then one or two slots. Five
    queries, seven with a previous place, three more where lapsed holds are collected first.
    """
    now = timezone.now()
    slot = _read_slot(slot_id)
    _lock_holder(holder)
    previous = Hold.objects.select_for_update().filter(holder=holder, state__in=_OF_BASKETS).first()
    if previous and previous.slot_id == slot_id and previous.is_live:
        return previous if previous.state == State.PINNED else _renew(previous, slot, now)
    if previous and previous.state == State.PINNED:
        raise HoldPinned
    _refuse_at_a_glance(slot, previous)
    if previous:
        Hold.objects.filter(pk=previous.pk).move(to=State.RELEASED, released_at=now)
    hold = Hold.objects.create(
        slot=slot,
        holder=holder,
        created_at=now,
        expires_at=rules.held_until(created_at=now, now=now, cutoff_at=slot.cutoff_at),
    )
    _exchange_places(give_back=previous.slot_id if previous else None, take=hold)
    return hold


def _read_slot(slot_id: int) -> Slot:
    lapsed = Hold.objects.lapsed().filter(slot=OuterRef("pk"))
    slot = Slot.objects.filter(pk=slot_id).annotate(has_lapsed_holds=Exists(lapsed)).first()
    if slot is None:
        raise SlotUnknown
    return slot


def _lock_holder(holder: str) -> None:
    """Two tabs of one basket take turns. An advisory lock, since a first hold has no row to lock yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"slots.holder:{holder}"])


def _refuse_at_a_glance(slot: Slot, previous: Hold | None) -> None:
    """Turn most late buyers away before they write anything; the UPDATE below decides for the others."""
    if not slot.is_bookable:
        raise SlotClosed
    own_place = previous is not None and previous.slot_id == slot.pk
    if slot.is_full and not own_place and not slot.has_lapsed_holds:  # type: ignore[attr-defined]
        raise SlotFull


def _exchange_places(*, give_back: int | None, take: Hold) -> None:
    """Lower slot id first, whichever way the basket moves: two baskets swapping slots never deadlock."""
    if give_back is not None and give_back <= take.slot_id:
        _give_back({give_back: 1})
    _take_place(take)
    if give_back is not None and give_back > take.slot_id:
        _give_back({give_back: 1})


def _take_place(hold: Hold) -> None:
    """Count a new hold's place, or collect the slot's lapsed holds and try once more. Raises SlotFull, SlotClosed."""
    slot_id = hold.slot_id
    if _claim(slot_id):
        return
    # Not itself, should the cut-off pass this very moment: its place is not counted yet.
    _collect(Hold.objects.lapsed().filter(slot=slot_id).exclude(pk=hold.pk))
    if not _claim(slot_id):
        raise SlotFull if _read_slot(slot_id).is_bookable else SlotClosed


def _claim(slot_id: int) -> bool:
    """The guard of invariant 1: the condition and the count are one statement, its row count is the answer."""
    return bool(Slot.objects.with_room().filter(pk=slot_id).update(booked=F("booked") + 1))


def _collect(lapsed: HoldQuerySet) -> int:
    """Release lapsed holds and give their places back; how many. Five queries, one when there is nothing.

    Slots first: whoever waits for one then finds the places that were collected meanwhile. Holds that somebody
    moves right now are passed over, which is why waiting here can close no circle.
    """
    candidates = dict(lapsed.values_list("pk", "slot_id"))
    if not candidates:
        return 0
    _lock_slots(candidates.values())
    still_lapsed = Hold.objects.lapsed().filter(pk__in=candidates).select_for_update(skip_locked=True)
    slot_of = dict(still_lapsed.values_list("pk", "slot_id"))
    released = _release(list(slot_of))
    _give_back(Counter(slot_of.values()))
    return released


def _lock_slots(slot_ids: Iterable[int]) -> None:
    slots = Slot.objects.filter(pk__in=set(slot_ids)).order_by("pk")
    list(slots.select_for_update(no_key=True).values_list("pk"))


def _release(hold_ids: list[int]) -> int:
    if not hold_ids:
        return 0
    return Hold.objects.filter(pk__in=hold_ids).move(to=State.RELEASED, released_at=timezone.now())


def _give_back(places: Mapping[int, int]) -> None:
    """Lower the counts of slots, already locked when there are several. One UPDATE."""
    if not places:
        return
    returned = Case(
        *(When(pk=slot_id, then=Value(count)) for slot_id, count in places.items()),
        output_field=IntegerField(),
    )
    Slot.objects.filter(pk__in=places).update(booked=F("booked") - returned)


@transaction.atomic(savepoint=False)
def renew_hold(*, holder: str) -> Hold | None:
    """Basket activity keeps the place: an hour from now, at most three in all. None without a live hold.

    One SELECT, and one UPDATE when at least a minute is gained. Waits for nobody on the slot.
    """
    hold = live_hold(holder)
    if hold and hold.state == State.HELD:
        _renew(hold, hold.slot, timezone.now())
    return hold


def _renew(hold: Hold, slot: Slot, now: datetime) -> Hold:
    until = rules.renewed_until(
        created_at=hold.created_at, expires_at=hold.expires_at, now=now, cutoff_at=slot.cutoff_at
    )
    if until and Hold.objects.filter(pk=hold.pk, state=State.HELD).update(expires_at=until):
        hold.expires_at = until
    return hold


@transaction.atomic
def release_hold(*, holder: str) -> bool:
    """Give a basket's place back; False when it holds none, or pays for it right now. At most three queries."""
    hold = Hold.objects.select_for_update().filter(holder=holder, state=State.HELD).first()
    return _release_one(hold)


def _release_one(hold: Hold | None) -> bool:
    if hold is None or not _release([hold.pk]):
        return False
    _give_back({hold.slot_id: 1})
    return True


@transaction.atomic
def move_hold(*, from_holder: str, to_holder: str) -> bool:
    """Two baskets become one: the place goes along, in exchange for the other's. True when one moved.

    A place in payment, on either side, stays where it is. Locks both holders in alphabetical order. At most
    seven queries.
    """
    for holder in sorted({from_holder, to_holder}):
        _lock_holder(holder)
    holds = {
        hold.holder: hold
        for hold in Hold.objects.select_for_update()
        .filter(holder__in=[from_holder, to_holder], state__in=_OF_BASKETS)
        .order_by("pk")
    }
    moving, there = holds.get(from_holder), holds.get(to_holder)
    if moving is None or moving is there or not moving.is_live or moving.state == State.PINNED:
        return False
    if there and there.state == State.PINNED:
        return False
    _release_one(there)
    Hold.objects.filter(pk=moving.pk).update(holder=to_holder)
    return True


@transaction.atomic
def pin_hold(*, holder: str, order_reference: str) -> Hold:
    """Stop the clock on a place while its order is paid. Twice for one order is once.

    The place meant is the one the basket has; failing that, its last one: lapsed, it is taken back where one is
    left and the slot still sells; given up, it is not. The caller checks that its slot is the one it sells.
    Raises HoldLapsed, HoldPinned (another order is being paid from this basket). Locks the holder, its hold, and only
    to take a place back the slot. Three queries, at most nine.
    """
    _lock_holder(holder)
    hold = (
        Hold.objects.select_for_update(of=("self",))
        .select_related("slot")
        .filter(holder=holder)
        .order_by(_IS_OF_BASKET.desc(), "-pk")
        .first()
    )
    if hold is None:
        raise HoldLapsed
    if hold.state == State.PINNED:
        return _pinned_already(hold, order_reference)
    if hold.state == State.HELD and (hold.is_live or hold.slot.is_bookable):
        return _pin(hold, order_reference)
    if hold.state == State.RELEASED and hold.has_lapsed:
        return _take_back(hold, order_reference)
    raise HoldLapsed


def _pinned_already(hold: Hold, order_reference: str) -> Hold:
    if hold.order_reference != order_reference:
        raise HoldPinned
    return hold


def _pin(hold: Hold, order_reference: str) -> Hold:
    if not Hold.objects.filter(pk=hold.pk).move(to=State.PINNED, order_reference=order_reference):
        raise HoldLapsed
    hold.state, hold.order_reference = State.PINNED, order_reference
    return hold


def _take_back(lapsed: Hold, order_reference: str) -> Hold:
    hold = Hold.objects.create(
        slot=lapsed.slot,
        holder=lapsed.holder,
        order_reference=order_reference,
        state=State.PINNED,
        expires_at=timezone.now() + rules.HOLD_LASTS,
    )
    try:
        _take_place(hold)
    except (SlotFull, SlotClosed) as refusal:
        raise HoldLapsed from refusal
    return hold


@transaction.atomic
def unpin_hold(*, order_reference: str, holder: str) -> Hold | None:
    """The payment came to nothing: back to the basket for an hour, within the three and the cut-off.

    None when the order pins nothing, so twice is once. Two queries.
    """
    pinned = Hold.objects.filter(order_reference=order_reference, holder=holder, state=State.PINNED)
    hold = pinned.select_for_update(of=("self",)).select_related("slot").first()
    if hold is None:
        return None
    until = rules.after_payment(created_at=hold.created_at, now=timezone.now(), cutoff_at=hold.slot.cutoff_at)
    Hold.objects.filter(pk=hold.pk).move(to=State.HELD, order_reference="", expires_at=until)
    hold.state, hold.order_reference, hold.expires_at = State.HELD, "", until
    return hold


@transaction.atomic
def book_hold(*, order_reference: str) -> Hold:
    """The order is firm: its pinned place is sold. Twice is once. Raises HoldLapsed. Two queries."""
    Hold.objects.filter(order_reference=order_reference).move(to=State.BOOKED)
    hold = Hold.objects.filter(order_reference=order_reference, state=State.BOOKED).first()
    if hold is None:
        raise HoldLapsed
    return hold


@transaction.atomic
def release_booking(*, order_reference: str, also: str = "") -> bool:
    """Give an order's place back, in payment or sold; once, however often asked. At most three queries.

    ``also`` is a second name under which it has one: both go at once, their slots by ascending id; four queries.
    """
    names = [order_reference, also or order_reference]
    taken = Hold.objects.filter(order_reference__in=names, state__in=[State.PINNED, State.BOOKED])
    holds = list(taken.order_by("pk").select_for_update())
    if len(holds) < 2:
        return _release_one(holds[0] if holds else None)
    _lock_slots(hold.slot_id for hold in holds)
    _release([hold.pk for hold in holds])
    _give_back(Counter(hold.slot_id for hold in holds))
    return True


@transaction.atomic
def move_booking(*, order_reference: str, slot_id: int) -> Hold:
    """A firm order goes to another slot at once, its place there in exchange for the old one. The same slot is none.

    Raises SlotUnknown, SlotClosed, SlotFull, HoldLapsed (it has no place to exchange); then nothing changed. Locks the
    order's hold, then both slots by ascending id. Six queries, three more where lapsed holds are collected first.
    """
    slot = _read_slot(slot_id)
    booked = Hold.objects.filter(order_reference=order_reference, state=State.BOOKED)
    old = booked.select_for_update().first()
    if old is None:
        raise HoldLapsed
    if old.slot_id == slot_id:
        return old
    _refuse_at_a_glance(slot, old)
    now = timezone.now()
    Hold.objects.filter(pk=old.pk).move(to=State.RELEASED, released_at=now)
    new = Hold.objects.create(
        slot=slot,
        holder=old.holder,
        order_reference=order_reference,
        state=State.BOOKED,
        created_at=now,
        expires_at=now,
    )
    _exchange_places(give_back=old.slot_id, take=new)
    return new


@transaction.atomic
def exchange_booking(*, order_reference: str, pinned_as: str) -> Hold:
    """An order moves to the place that was pinned for it under another name; its old place is given back.

    Twice is once. Raises HoldLapsed when neither is there. Locks both holds in order of id, then the old slot. At most
    six queries.
    """
    names = [order_reference, pinned_as]
    taken = Hold.objects.filter(order_reference__in=names, state__in=[State.PINNED, State.BOOKED])
    holds = {hold.order_reference: hold for hold in taken.order_by("pk").select_for_update()}
    new, old = holds.get(pinned_as), holds.get(order_reference)
    if new is None:
        if old is None:
            raise HoldLapsed
        return old
    _release_one(old)
    Hold.objects.filter(pk=new.pk).move(to=State.BOOKED, order_reference=order_reference)
    new.state, new.order_reference = State.BOOKED, order_reference
    return new


@transaction.atomic
def release_expired_holds(*, limit: int = 500) -> int:
    """Collect lapsed holds, the oldest first; how many. Five queries whatever the number.

    Locks their slots by ascending id. Several workers may run at once.
    """
    return _collect(Hold.objects.lapsed().order_by("expires_at")[:limit])
