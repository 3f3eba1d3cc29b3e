"""Every write to the waitlists of full slots (ADR 0028).

Whoever waits goes first: `Slot.waiting` is subtracted from what others may take, in the statement that takes. A place
that is given back, however and by whomever, is so kept without a line of code where it is given back; `offer_places`
finds it in the rows and offers it. Nothing is lost with a worker.

Lock order: the person (advisory), the entry, then as in `services`: holders, holds, slots.
"""

from collections import Counter

from django.db import connection, transaction
from django.db.models import Case, F, IntegerField, Value, When
from django.utils import timezone

from config.facts import publish
from delivery.slots import rules
from delivery.slots.events import SlotOffered
from delivery.slots.models import Hold, Slot, WaitlistEntry
from delivery.slots.queries import live_hold
from delivery.slots.services import HoldPinned, SlotClosed, SlotUnknown, move_hold, release_hold

State = WaitlistEntry.State


class NothingToWaitFor(Exception):
    """The slot has a free place: it can be taken at once."""


class WaitlistFull(Exception):
    """So many wait already that waiting would be in vain."""


class TooManyWaits(Exception):
    """This person waits for as many slots as one may."""


class EntryUnknown(Exception):
    """No such entry: never made, or gone with its slot."""


class OfferGone(Exception):
    """Nothing is kept under this entry: not offered yet, taken, left, or too late."""


class _NothingToOffer(Exception):
    """The place was not free after all."""


@transaction.atomic
def wait_for_slot(
    *, slot_id: int, email: str, customer_id: int | None = None, holder: str = "", postcode: str = ""
) -> WaitlistEntry:
    """Ask to be told when a full slot has a place again. Twice is once: the place in the line is kept.

    ``holder`` is the basket that asks, ``postcode`` where the slot was looked up for; ``customer_id`` only of whoever has
    proven the address. Raises SlotUnknown, SlotClosed (its list too), NothingToWaitFor, WaitlistFull, TooManyWaits; then
    nothing changed. Locks the person, then the slot, last. Five queries, one more for a refusal.
    """
    email = email.strip().lower()
    _lock_person(email)
    waits = {entry.slot_id: entry for entry in WaitlistEntry.objects.open().filter(email=email)}
    if asked := waits.get(slot_id):
        return _asked_again(asked, customer_id, holder)
    if not Slot.objects.filter(pk=slot_id).exists():
        raise SlotUnknown
    if len(waits) >= rules.WAITS_PER_PERSON:
        raise TooManyWaits
    who = {"email": email, "customer_id": customer_id, "holder": holder, "postcode": postcode}
    entry = WaitlistEntry.objects.create(slot_id=slot_id, **who)
    if not Slot.objects.joinable().filter(pk=slot_id).update(waiting=F("waiting") + 1):
        raise _why_not(slot_id)
    return entry


def _lock_person(email: str) -> None:
    """Two tabs of one person take turns, or they would wait for four slots and twice for one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"slots.waits:{email}"])


def _asked_again(entry: WaitlistEntry, customer_id: int | None, holder: str) -> WaitlistEntry:
    """From another basket perhaps, whose grid says it from now on.

    Only for whoever has proven the address: typing somebody else's must not lead to the place that they are offered.
    """
    if customer_id:
        entry.holder, entry.customer_id = holder, customer_id
        entry.save(update_fields=["holder", "customer"])
    return entry


def _why_not(slot_id: int) -> Exception:
    slot = Slot.objects.get(pk=slot_id)
    if not slot.has_open_waitlist:
        return SlotClosed()
    return WaitlistFull() if slot.is_full else NothingToWaitFor()


@transaction.atomic
def leave_waitlist(*, token: str) -> bool:
    """They want it no more; a place that was offered goes to the next one. False when nothing was open.

    Raises EntryUnknown. Locks the entry, its hold, then the slot. At most six queries.
    """
    entry = _locked(token)
    was = entry.state
    if not WaitlistEntry.objects.filter(pk=entry.pk).move(to=State.LEFT):
        return False
    if was == State.WAITING:
        _shorten({entry.slot_id: 1})
    else:
        release_hold(holder=entry.offer_holder)
    return True


def _locked(token: str) -> WaitlistEntry:
    entries = WaitlistEntry.objects.select_for_update(of=("self",)).select_related("slot")
    entry = entries.filter(token=token).first()
    if entry is None:
        raise EntryUnknown
    return entry


@transaction.atomic
def take_offer(*, token: str, to_holder: str) -> Hold:
    """The place that was offered goes to a basket, for an hour anew; what the basket held is given back.

    Twice for one basket is once. Raises EntryUnknown, OfferGone, HoldPinned (a payment runs in that basket); then
    nothing changed. Locks the entry, both holders, their holds, then a slot. At most eleven queries.
    """
    entry = _locked(token)
    if entry.state == State.TAKEN and (own := _own_place(to_holder, entry)):
        return own
    if not entry.is_offered:
        raise OfferGone
    if not move_hold(from_holder=entry.offer_holder, to_holder=to_holder):
        raise HoldPinned if _is_paying(to_holder) else OfferGone
    WaitlistEntry.objects.filter(pk=entry.pk).move(to=State.TAKEN)
    return _begin_anew(to_holder, entry.slot)


def _own_place(holder: str, entry: WaitlistEntry) -> Hold | None:
    hold = live_hold(holder)
    return hold if hold and hold.slot_id == entry.slot_id else None


def _is_paying(holder: str) -> bool:
    return Hold.objects.filter(holder=holder, state=Hold.State.PINNED).exists()


def _begin_anew(holder: str, slot: Slot) -> Hold:
    """Going to another slot starts the three hours anew; a night on offer must not have used them up."""
    now = timezone.now()
    until = rules.held_until(created_at=now, now=now, cutoff_at=slot.cutoff_at)
    hold = Hold.objects.select_related("slot").get(holder=holder, state=Hold.State.HELD)
    hold.created_at, hold.expires_at = now, until
    hold.save(update_fields=["created_at", "expires_at"])
    return hold


def offer_places(*, limit: int = 200) -> int:
    """Offer every place that is free to whoever waits for it, at most so many; how many were offered.

    May run in several workers at once and as often as one likes. One query, and `offer_next` per place.
    """
    offered = 0
    for slot_id in Slot.objects.with_room_for_waiting().order_by("starts_at").values_list("pk", flat=True):
        while offered < limit and offer_next(slot_id=slot_id):
            offered += 1
    return offered


def offer_next(*, slot_id: int) -> WaitlistEntry | None:
    """Keep a free place of this slot for whoever asked first, and say so in a fact; None without either.

    Locks the entry, then the slot, last: its place and the end of waiting are one conditional UPDATE. Four queries,
    and those of the fact.
    """
    try:
        return _offer_next(slot_id)
    except _NothingToOffer:
        return None


@transaction.atomic
def _offer_next(slot_id: int) -> WaitlistEntry | None:
    entry = _first_waiting(slot_id)
    if entry is None:
        return None
    now = timezone.now()
    until = rules.offered_until(now=now, cutoff_at=entry.slot.cutoff_at)
    if until < now + rules.OFFER_AT_LEAST:
        return None
    Hold.objects.create(slot_id=slot_id, holder=entry.offer_holder, created_at=now, expires_at=until)
    entry.state, entry.offered_at, entry.offered_until = State.OFFERED, now, until
    entry.save(update_fields=["state", "offered_at", "offered_until"])
    publish(SlotOffered(entry_id=entry.pk))
    if not _claim_for_waiting(slot_id):
        raise _NothingToOffer
    return entry


def _first_waiting(slot_id: int) -> WaitlistEntry | None:
    """Not passing over locked rows: whoever asked second would else be served first."""
    waiting = WaitlistEntry.objects.filter(slot=slot_id, state=State.WAITING).order_by("pk")
    return waiting.select_related("slot").select_for_update(of=("self",)).first()


def _claim_for_waiting(slot_id: int) -> bool:
    """One place more is taken and one fewer waited for, where there is one: the row count is the answer."""
    free = Slot.objects.with_room_for_waiting().filter(pk=slot_id)
    return bool(free.update(booked=F("booked") + 1, waiting=F("waiting") - 1))


def end_offers() -> int:
    """Offers that nobody took in time are over; how many. Their places come back as lapsed holds do. One UPDATE."""
    late = WaitlistEntry.objects.filter(state=State.OFFERED, offered_until__lte=timezone.now())
    return late.move(to=State.LAPSED)


@transaction.atomic
def close_waitlists() -> int:
    """Lists too close to their cut-off end, so that a late place is for whoever comes; how many waited in vain.

    Locks the entries in order, passing over those that somebody moves right now, then their slots. Four queries, one
    when there is nothing.
    """
    in_time = timezone.now() + rules.OFFER_AT_LEAST
    waiting = WaitlistEntry.objects.filter(state=State.WAITING, slot__cutoff_at__lte=in_time).order_by("pk")
    slot_of = dict(waiting.select_for_update(of=("self",), skip_locked=True).values_list("pk", "slot_id"))
    if not slot_of:
        return 0
    WaitlistEntry.objects.filter(pk__in=slot_of).move(to=State.CLOSED)
    _shorten(Counter(slot_of.values()))
    return len(slot_of)


def _shorten(left: dict[int, int]) -> None:
    """So many wait no more, by slot: locked by ascending id. Two queries."""
    slots = Slot.objects.filter(pk__in=left)
    list(slots.order_by("pk").select_for_update(no_key=True).values_list("pk"))
    fewer = Case(*(When(pk=pk, then=Value(count)) for pk, count in left.items()), output_field=IntegerField())
    slots.update(waiting=F("waiting") - fewer)


def forget_past_waits() -> int:
    """Drop who waited for slots that are over; how many. One DELETE."""
    deleted, _by_model = WaitlistEntry.objects.filter(slot__ends_at__lte=timezone.now()).delete()
    return deleted
