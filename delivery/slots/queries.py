"""What shoppers and staff read of slots."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, TypedDict

from django.db.models import BooleanField, CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.formats import date_format

from config.rows import Columns, joined
from config.templatetags.cabas import first_of_month
from delivery.slots import rules
from delivery.slots.models import Hold, Slot, WaitlistEntry
from delivery.zones.models import Zone


class SlotCell(TypedDict):
    """One button of the slot grid. ``remaining_few`` is 1 to 3 when so few places are left, else 0.

    ``on_time`` is for rooms above, which know how often the zone kept its hour; ``offered_from`` too, which know promotions:
    from how many euros of goods this delivery is offered, 0 for no such. So is ``waitlist_url``, where to ask for a place
    of a full slot that ``may_wait`` for one; ``wait`` is how far whoever looks is on its list ("waiting", "offered" or ""), ``wait_token`` their key;
    and ``served``, how much of the basket it can serve, where slots differ in that: « 41/42 », ``served_long`` in words.
    """

    id: int
    label: str
    label_long: str
    price: Decimal
    offered_from: Decimal
    is_full: bool
    is_held: bool
    is_closed: bool
    remaining_few: int
    starts_at: datetime
    ends_at: datetime
    cutoff_at: datetime
    hour: int
    on_time: str
    served: str
    served_long: str
    may_wait: bool
    waitlist_url: str
    wait: str
    wait_token: str


class SlotDay(TypedDict):
    date: date
    label: str
    slots: list[SlotCell]


class DayFill(TypedDict):
    """Places of one zone on one local day; ``booked`` may pass ``capacity`` where staff cut it."""

    date: date
    zone: str
    zone_slug: str
    booked: int
    capacity: int


def live_hold(holder: str) -> Hold | None:
    """The basket's place with its slot and zone; None once it lapsed. One query."""
    for hold, slot, zone in joined(_LIVE_HOLD, [holder, timezone.now()], _HOLDS, _SLOTS, _ZONES):
        hold.slot, slot.zone = slot, zone
        return hold  # type: ignore[no-any-return]
    return None


# How far ahead the same hour is looked for.
WEEKS_AHEAD = 5
# Parts of hand-written statements, where ``h`` is a hold. Its states are written out: a value that is bound would hide
# from the planner that the index of live holds answers.
OF_BASKETS = f"h.state IN ('{Hold.State.HELD}', '{Hold.State.PINNED}')"
# The same rule as HoldQuerySet.live; its one value is the present, by the application's clock.
IS_LIVE = f"(h.state = '{Hold.State.HELD}' AND h.expires_at > %s OR h.state = '{Hold.State.PINNED}')"
_HOLDS, _SLOTS, _ZONES = Columns(Hold, "h"), Columns(Slot, "s"), Columns(Zone, "z")
_LIVE_HOLD = f"""
SELECT {_HOLDS.sql}, {_SLOTS.sql}, {_ZONES.sql}
  FROM slots_hold h JOIN slots_slot s ON s.id = h.slot_id JOIN zones_zone z ON z.id = s.zone_id
 WHERE h.holder = %s AND {IS_LIVE}
"""  # noqa: S608 - names of columns


def upcoming_days(
    zone: Zone, days: int = 14, holder: str | None = None, customer_id: int | None = None
) -> list[SlotDay]:
    """The zone's slots of the ``days`` local days from today, by day; days without a slot are left out.

    Slots that have not started are listed even when closed or full, so that the grid keeps its shape. ``holder`` is the
    basket of whoever looks, ``customer_id`` its customer: what they hold and wait for is told. One query.
    """
    slots = (
        _between(*_coming(days))
        .filter(zone=zone)
        .with_taken()
        .annotate(is_held=_is_held_by(holder), **_waits_of(holder, customer_id))
    )
    return [
        SlotDay(date=day, label=_day_label(day), slots=[_cell(slot) for slot in of_day])
        for day, of_day in groupby(slots, key=lambda slot: rules.local_date(slot.starts_at))
    ]


def _coming(days: int) -> tuple[datetime, datetime]:
    now = timezone.now()
    return now, rules.local_midnight(rules.local_date(now) + timedelta(days=days))


def _between(since: datetime, until: datetime) -> Any:
    return Slot.objects.filter(starts_at__gte=since, starts_at__lt=until).order_by("starts_at")


def _is_held_by(holder: str | None) -> Any:
    if not holder:
        return Value(False, output_field=BooleanField())
    return Exists(Hold.objects.live().filter(holder=holder, slot=OuterRef("pk")))


def _waits_of(holder: str | None, customer_id: int | None) -> dict[str, Any]:
    """What somebody waits for, as columns of a query of slots."""
    who = (Q(holder=holder) if holder else Q()) | (Q(customer=customer_id) if customer_id else Q())
    if not who:
        nothing = Value("", output_field=CharField())
        return {"wait": nothing, "wait_token": nothing}
    own = WaitlistEntry.objects.open().filter(who, slot=OuterRef("pk")).order_by("-pk")
    return {"wait": Subquery(own.values("state")[:1]), "wait_token": Subquery(own.values("token")[:1])}


def _cell(slot: Any) -> SlotCell:
    return SlotCell(
        id=slot.pk,
        label=rules.hours_label(slot.starts_at, slot.ends_at),
        label_long=rules.hours_label_long(slot.starts_at, slot.ends_at),
        price=slot.price,
        offered_from=Decimal(0),
        is_full=slot.taken >= slot.capacity,
        is_held=slot.is_held,
        is_closed=not slot.is_bookable,
        remaining_few=rules.few_left(capacity=slot.capacity, taken=slot.taken),
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        cutoff_at=slot.cutoff_at,
        hour=rules.local_hour(slot.starts_at),
        on_time="",
        served="",
        served_long="",
        may_wait=slot.taken >= slot.capacity and slot.has_open_waitlist,
        waitlist_url="",
        wait=slot.wait or "",
        wait_token=slot.wait_token or "",
    )


def _day_label(day: date) -> str:
    """« jeudi 26 novembre »."""
    return first_of_month(date_format(day, "l j F").lower())


def slot_of_zone(zone_id: int, slot_id: int) -> Slot | None:
    """A slot of this zone, whether or not it can still be held, with its zone. One query."""
    return Slot.objects.select_related("zone").filter(pk=slot_id, zone=zone_id).first()


def next_free_slot(zone: Zone) -> Slot | None:
    """The first slot of a zone that can still be held. One query."""
    return free_slots(zone).first()


def free_slots(zone: Zone) -> QuerySet[Slot]:
    """The slots of a zone that can still be held, the next one first. One query when read."""
    return _free().filter(zone=zone)


def free_slots_at_points(depot_id: int) -> QuerySet[Slot]:
    """The same of the open pickup points of a depot, each slot with its point. One query when read."""
    points = _free().filter(zone__depot=depot_id, zone__kind=Zone.Kind.COLLECT, zone__is_active=True)
    return points.select_related("zone")


def _free() -> QuerySet[Slot]:
    free: Any = Slot.objects.bookable().with_taken()
    found: QuerySet[Slot] = free.filter(taken__lt=F("capacity")).order_by("starts_at", "pk")
    return found


def same_hour_again(slot: Slot, zone: Zone) -> Slot | None:
    """The next slot of its zone, on its weekday and at its hour in Paris, that can still be held. One query."""
    was = timezone.localtime(slot.starts_at)
    weeks = max(0, (timezone.localdate() - was.date()).days // 7)
    days = [was.date() + timedelta(weeks=weeks + more) for more in range(WEEKS_AHEAD)]
    hours = [datetime.combine(day, was.time(), tzinfo=was.tzinfo) for day in days]
    return free_slots(zone).filter(starts_at__in=hours).first()


def first_free_slots(zones: Iterable[Zone]) -> dict[int, Slot]:
    """Zone id → the first slot that can still be held there. One query, none without a zone."""
    wanted = [zone.pk for zone in zones]
    if not wanted:
        return {}
    first = _free().filter(zone__in=wanted).order_by("zone_id", "starts_at", "pk").distinct("zone_id")
    return {slot.zone_id: slot for slot in first}


def slot_fill(days: int) -> list[DayFill]:
    """How full each zone is on each coming local day, today included from its first slot, by day and zone.

    Closed slots offer no place and are left out. One query.
    """
    today = rules.local_date(timezone.now())
    since, until = rules.local_midnight(today), rules.local_midnight(today + timedelta(days=days))
    rows: QuerySet[Slot, Any] = (
        _between(since, until)
        .filter(is_closed=False)
        .values("zone__name", "zone__slug", day=TruncDate("starts_at", tzinfo=rules.PARIS))
        .annotate(taken=Sum("booked"), places=Sum("capacity"))
        .order_by("day", "zone__name")
    )
    return [
        DayFill(
            date=row["day"],
            zone=row["zone__name"],
            zone_slug=row["zone__slug"],
            booked=row["taken"],
            capacity=row["places"],
        )
        for row in rows
    ]


def week_of_slots(zone: Zone, monday: date) -> list[Slot]:
    """A zone's slots of the local week that starts on a Monday, past ones too. One query."""
    until = rules.local_midnight(monday + timedelta(days=7))
    return list(_between(rules.local_midnight(monday), until).filter(zone=zone))


def wait_by_token(token: str) -> WaitlistEntry | None:
    """The place in a waitlist that a letter's link names, with its slot and zone. One query."""
    return WaitlistEntry.objects.select_related("slot__zone").filter(token=token).first()


def wait_by_id(entry_id: int) -> WaitlistEntry | None:
    """The same, for whoever was told of it by a fact. One query."""
    return WaitlistEntry.objects.select_related("slot__zone").filter(pk=entry_id).first()


def slot_by_id(slot_id: int) -> Slot | None:
    """A slot with its zone, whatever its state. One query."""
    return Slot.objects.select_related("zone").filter(pk=slot_id).first()
