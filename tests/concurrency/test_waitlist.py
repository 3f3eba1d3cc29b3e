"""Waitlists with real threads: an offer is taken once, a place offered once, nobody overtakes, capacity holds.

Each race is first made to happen by the shop's own code with its guard taken away, which lives here only.
"""

from datetime import timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError
from django.db.models import F
from django.utils import timezone

from delivery.slots import services, waitlist
from delivery.slots.models import Hold, Slot, SlotQuerySet, WaitlistEntry
from delivery.slots.services import SlotFull, hold_slot, release_expired_holds, release_hold
from delivery.slots.waitlist import (
    OfferGone,
    TooManyWaits,
    WaitlistFull,
    close_waitlists,
    end_offers,
    leave_waitlist,
    offer_next,
    offer_places,
    take_offer,
    wait_for_slot,
)
from tests.concurrency.racing import meet_before, together, without_row_locks
from tests.factories import SlotFactory

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
State = WaitlistEntry.State
PLACES = 4


@pytest.fixture
def slot():
    """Full, and nobody waits yet."""
    made = SlotFactory(starts_at=timezone.now() + timedelta(days=2), capacity=PLACES)
    for n in range(PLACES):
        hold_slot(slot_id=made.pk, holder=f"premier-{n}")
    return made


def waits(slot, number):
    return [wait_for_slot(slot_id=slot.pk, email=f"client{n}@exemple.fr") for n in range(number)]


def give_back(number):
    for n in range(number):
        release_hold(holder=f"premier-{n}")


def in_state(state):
    return WaitlistEntry.objects.filter(state=state).count()


def figures(slot):
    """What the slot counts: places taken, people waiting."""
    slot.refresh_from_db()
    return slot.booked, slot.waiting


def rows(slot):
    """What there is: places taken, people waiting."""
    return (
        Hold.objects.filter(slot=slot).exclude(state=Hold.State.RELEASED).count(),
        WaitlistEntry.objects.filter(slot=slot, state=State.WAITING).count(),
    )


def sound(slot):
    return figures(slot) == rows(slot) and figures(slot)[0] <= PLACES


def names(answers):
    return sorted(type(answer).__name__ for answer in answers)


# an offer and two people


def an_offer(slot):
    entry = waits(slot, 1)[0]
    give_back(1)
    assert offer_places() == 1
    return entry


def test_an_offer_is_taken_by_one_of_eight(slot):
    entry = an_offer(slot)

    answers = together(8, lambda n: take_offer(token=entry.token, to_holder=f"panier-{n}"))

    assert names(answers) == ["Hold"] + ["OfferGone"] * 7
    assert in_state(State.TAKEN) == 1
    assert Hold.objects.filter(holder__startswith="panier", state="held").count() == 1
    assert sound(slot)


def test_two_tabs_of_one_basket_take_it_once(slot):
    entry = an_offer(slot)

    answers = together(6, lambda _n: take_offer(token=entry.token, to_holder="panier"))

    assert names(answers) == ["Hold"] * 6
    assert len({hold.pk for hold in answers}) == 1
    assert sound(slot)


def test_control_without_locks_two_baskets_are_told_it_is_theirs(slot, monkeypatch):
    entry = an_offer(slot)
    without_row_locks(monkeypatch)
    monkeypatch.setattr(services, "_lock_holder", lambda _holder: None)
    # Both have read the place as it was offered.
    meet_before(monkeypatch, services, "_release_one", 2)

    answers = together(2, lambda n: take_offer(token=entry.token, to_holder=f"panier-{n}"))

    assert names(answers) == ["Hold", "Hold"]
    assert Hold.objects.filter(holder__startswith="panier", state="held").count() == 1


def test_an_offer_is_taken_or_left_but_not_both(slot):
    for _time in range(5):
        entry = wait_for_slot(slot_id=slot.pk, email="ana@exemple.fr")
        Slot.objects.filter(pk=slot.pk).update(capacity=F("capacity") + 1)
        offer_places()

        taken, left = together(2, lambda n, e=entry: leave_waitlist(token=e.token) if n else take_offer(token=e.token, to_holder="panier"))  # fmt: skip

        assert isinstance(taken, Hold) is not left
        assert isinstance(taken, Hold | OfferGone)
        assert figures(slot) == rows(slot)
        release_hold(holder="panier")
        Slot.objects.filter(pk=slot.pk).update(capacity=PLACES)


# an offer that lapses while it is taken


def test_an_offer_that_lapses_while_it_is_taken_ends_one_way(slot):
    for _time in range(6):
        entry = wait_for_slot(slot_id=slot.pk, email="ana@exemple.fr")
        give_back(1)
        assert offer_places() == 1
        soon = timezone.now() + timedelta(milliseconds=15)
        WaitlistEntry.objects.filter(pk=entry.pk).update(offered_until=soon)
        Hold.objects.filter(holder=entry.offer_holder).update(expires_at=soon)

        def act(n, entry=entry):
            if n == 0:
                return take_offer(token=entry.token, to_holder="panier")
            for _again in range(10):
                release_expired_holds()
                end_offers()
            return None

        taken = together(3, act)[0]

        entry.refresh_from_db()
        if isinstance(taken, Hold):
            assert entry.state == State.TAKEN
            assert Hold.objects.get(holder="panier", state="held").slot_id == slot.pk
        else:
            assert isinstance(taken, OfferGone)
            release_expired_holds()
            end_offers()
            entry.refresh_from_db()
            assert entry.state == State.LAPSED
            assert not Hold.objects.filter(holder="panier", state="held").exists()
        assert sound(slot)
        release_hold(holder="panier")
        hold_slot(slot_id=slot.pk, holder="premier-0")


def test_control_without_the_places_lock_it_is_given_on_while_it_is_taken(slot, monkeypatch):
    entry = an_offer(slot)
    without_row_locks(monkeypatch)
    looked, given_on = Barrier(2), Barrier(2)
    is_live = Hold.is_live.fget

    def looks_and_dawdles(hold):
        alive = is_live(hold)
        if hold.holder == entry.offer_holder:
            looked.wait(30)
            given_on.wait(30)
        return alive

    monkeypatch.setattr(Hold, "is_live", property(looks_and_dawdles))

    def act(n):
        if n == 0:
            return services.move_hold(from_holder=entry.offer_holder, to_holder="panier")
        looked.wait(30)
        Hold.objects.filter(holder=entry.offer_holder).update(expires_at=timezone.now())
        release_expired_holds()
        hold_slot(slot_id=slot.pk, holder="suivante")
        given_on.wait(30)
        return None

    told = together(2, act)[0]

    assert told is True
    assert not Hold.objects.filter(holder="panier", state="held").exists()


# two workers and one place


def test_workers_at_once_offer_each_place_once_in_the_order_of_asking(slot):
    entries = waits(slot, 6)
    give_back(2)

    answers = together(6, lambda _n: offer_places())

    assert sum(answers) == 2
    assert [entry.pk for entry in WaitlistEntry.objects.filter(state=State.OFFERED)] == [
        entry.pk for entry in entries[:2]
    ]
    assert figures(slot) == (PLACES, 4)
    assert sound(slot)


def test_control_looking_before_claiming_offers_one_place_twice(slot, monkeypatch):
    entries = iter(waits(slot, 2))
    give_back(1)
    looked = Barrier(2)

    def look_then_write(slot_id):
        free = Slot.objects.with_room_for_waiting().filter(pk=slot_id).exists()
        looked.wait(30)
        Slot.objects.filter(pk=slot_id).update(booked=F("booked") + 1, waiting=F("waiting") - 1)
        return free

    monkeypatch.setattr(waitlist, "_claim_for_waiting", look_then_write)
    monkeypatch.setattr(waitlist, "_first_waiting", lambda _slot_id: next(entries))

    answers = together(2, lambda _n: offer_next(slot_id=slot.pk))

    assert names(answers) == ["WaitlistEntry"] * 2
    assert figures(slot)[0] == PLACES + 1


# whoever comes by while somebody waits


def test_of_all_who_come_by_none_overtakes_those_who_wait(slot):
    waits(slot, 3)

    def act(n):
        if n < 3:
            return release_hold(holder=f"premier-{n}")
        if n < 7:
            return offer_places()
        return hold_slot(slot_id=slot.pk, holder=f"passant-{n}")

    answers = together(30, act)
    offer_places()

    assert {type(answer) for answer in answers[7:]} == {SlotFull}
    assert in_state(State.OFFERED) == 3
    assert figures(slot) == (PLACES, 0)
    assert sound(slot)


def test_control_a_claim_that_forgets_who_waits_lets_others_overtake(slot, monkeypatch):
    waits(slot, 3)
    monkeypatch.setattr(
        SlotQuerySet, "with_room", lambda self: self.bookable().filter(booked__lt=F("capacity"))
    )
    monkeypatch.setattr(services, "_refuse_at_a_glance", lambda *_: None)

    together(3, lambda n: release_hold(holder=f"premier-{n}"))
    answers = together(12, lambda n: hold_slot(slot_id=slot.pk, holder=f"passant-{n}"))
    offer_places()

    assert names(answers).count("Hold") == 3
    assert in_state(State.OFFERED) == 0


# asking


def test_one_person_in_many_tabs_waits_three_times_at_most_and_once_for_each(slot):
    slots = [slot, *(SlotFactory(starts_at=slot.starts_at + timedelta(hours=n), capacity=1, booked=1) for n in range(1, 6))]  # fmt: skip

    answers = together(18, lambda n: wait_for_slot(slot_id=slots[n % 6].pk, email="ana@exemple.fr"))

    assert {type(answer) for answer in answers} == {WaitlistEntry, TooManyWaits}
    assert WaitlistEntry.objects.count() == 3
    assert sum(Slot.objects.values_list("waiting", flat=True)) == 3


def test_control_without_the_persons_turn_tabs_collide(slot, monkeypatch):
    met = Barrier(3)
    monkeypatch.setattr(waitlist, "_lock_person", lambda _email: None)
    real = WaitlistEntry.objects.create

    def create(**given):
        met.wait(30)
        return real(**given)

    monkeypatch.setattr(WaitlistEntry.objects, "create", create)

    answers = together(3, lambda _n: wait_for_slot(slot_id=slot.pk, email="ana@exemple.fr"))

    assert sorted(names(answers)) == [IntegrityError.__name__] * 2 + ["WaitlistEntry"]


def test_a_list_never_grows_beyond_its_length_under_contention(slot, monkeypatch):
    monkeypatch.setattr("delivery.slots.rules.WAITING_AT_MOST", 5)

    answers = together(12, lambda n: wait_for_slot(slot_id=slot.pk, email=f"client{n}@exemple.fr"))

    assert {type(answer) for answer in answers} == {WaitlistEntry, WaitlistFull}
    assert figures(slot) == rows(slot) == (PLACES, 5)


def test_everything_at_once_leaves_the_counts_as_the_rows(slot):
    entries = waits(slot, 8)

    def act(n):
        kind, who = n % 6, n // 6
        if kind == 0:
            return release_hold(holder=f"premier-{who}")
        if kind == 1:
            return offer_places()
        if kind == 2:
            return leave_waitlist(token=entries[who].token)
        if kind == 3:
            return take_offer(token=entries[who + 4].token, to_holder=f"panier-{who}")
        if kind == 4:
            return hold_slot(slot_id=slot.pk, holder=f"passant-{who}")
        return wait_for_slot(slot_id=slot.pk, email=f"nouvelle{who}@exemple.fr")

    answers = together(24, act)
    offer_places()

    assert not {type(a).__name__ for a in answers} & {"OperationalError", "IntegrityError"}
    assert sound(slot)
    Slot.objects.update(cutoff_at=timezone.now() + timedelta(minutes=5))
    together(4, lambda _n: close_waitlists())
    assert figures(slot)[1] == 0
    assert sound(slot)
