"""Invariant 1 on the real database: a slot is never sold beyond its capacity, a place given back once.

Each race is first made to happen by a variant without the guard, which lives here only.
"""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, OperationalError, connections, transaction
from django.db.models import F
from django.utils import timezone

from delivery.slots import services
from delivery.slots.models import Hold, Slot
from delivery.slots.services import (
    HoldLapsed,
    SlotFull,
    book_hold,
    hold_slot,
    pin_hold,
    release_booking,
    release_expired_holds,
    release_hold,
    renew_hold,
)
from tests.factories import SlotFactory

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

BUYERS, CONNECTIONS, PLACES = 500, 40, 20
TAKING_A_PLACE = [Hold.State.HELD, Hold.State.PINNED, Hold.State.BOOKED]


@pytest.fixture
def slot():
    return SlotFactory(starts_at=timezone.now() + timedelta(days=1), capacity=PLACES)


def at_once(*jobs, threads=None):
    """Run the jobs over as many connections as threads, started together; the name of each outcome."""
    threads = threads or len(jobs)
    start = Barrier(threads)

    def work(mine):
        start.wait(30)
        try:
            return [outcome(job) for job in mine]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(threads) as pool:
        shares = list(pool.map(work, (jobs[n::threads] for n in range(threads))))
    return Counter(answer for share in shares for answer in share)


def outcome(job):
    try:
        answer = job()
    except Exception as error:
        return type(error).__name__
    return answer if isinstance(answer, bool | int) else "done"


def places_taken(slot):
    return Hold.objects.filter(slot=slot, state__in=TAKING_A_PLACE).count()


def booked(slot):
    slot.refresh_from_db()
    return slot.booked


def lapse(slot):
    Hold.objects.filter(slot=slot).update(expires_at=timezone.now() - timedelta(seconds=1))


def quietly(service, **given):
    service(**given)


def hold(slot, holder):
    return lambda: hold_slot(slot_id=slot.pk, holder=holder)


# 500 buyers on the last 20 places


def test_500_buyers_over_40_connections_take_exactly_the_last_20_places(slot, record_property):
    buyers = [hold(slot, f"acheteur-{n}") for n in range(BUYERS)]

    begun = time.perf_counter()
    answers = at_once(*buyers, threads=CONNECTIONS)
    record_property("seconds", round(time.perf_counter() - begun, 2))

    assert answers == {"done": PLACES, "SlotFull": BUYERS - PLACES}
    assert booked(slot) == places_taken(slot) == PLACES


def test_buyers_whom_no_glance_turns_away_take_exactly_20_places_too(slot, monkeypatch):
    """All reach the conditional UPDATE: the guard holds alone."""
    monkeypatch.setattr(services, "_refuse_at_a_glance", lambda *_: None)
    buyers = [hold(slot, f"acheteur-{n}") for n in range(5 * CONNECTIONS)]

    answers = at_once(*buyers, threads=CONNECTIONS)

    assert answers == {"done": PLACES, "SlotFull": 5 * CONNECTIONS - PLACES}
    assert booked(slot) == places_taken(slot) == PLACES


def test_control_reading_before_writing_oversells(slot):
    all_have_read = Barrier(CONNECTIONS)

    def hold_without_guard(holder):
        with transaction.atomic():
            seen = Slot.objects.get(pk=slot.pk)
            all_have_read.wait(30)
            if seen.is_full:
                raise SlotFull
            Hold.objects.create(slot=slot, holder=holder, expires_at=timezone.now() + timedelta(hours=1))
            seen.booked += 1
            seen.save(update_fields=["booked"])

    answers = at_once(*(lambda n=n: hold_without_guard(f"acheteur-{n}") for n in range(CONNECTIONS)))

    assert answers["done"] == places_taken(slot) == CONNECTIONS > PLACES


# one basket in two tabs


def test_a_basket_that_holds_in_many_tabs_keeps_one_place(slot):
    slots = [slot, *(SlotFactory(starts_at=slot.starts_at + timedelta(hours=n)) for n in range(1, 8))]

    answers = at_once(*(hold(slots[n % 8], "panier") for n in range(64)), threads=16)

    assert answers == {"done": 64}
    assert Hold.objects.filter(state=Hold.State.HELD).count() == 1
    assert sum(Slot.objects.values_list("booked", flat=True)) == 1


def test_control_without_the_holders_turn_tabs_collide(slot, monkeypatch):
    all_have_read = Barrier(4)
    monkeypatch.setattr(services, "_lock_holder", lambda _holder: None)
    monkeypatch.setattr(services, "_refuse_at_a_glance", lambda *_: all_have_read.wait(30))

    answers = at_once(*(hold(slot, "panier") for _ in range(4)))

    assert answers == {"done": 1, IntegrityError.__name__: 3}


# swapping slots


def test_baskets_swapping_slots_never_deadlock(slot):
    other = SlotFactory(starts_at=slot.starts_at + timedelta(hours=1), capacity=PLACES)

    def swap(holder, first, second):
        for _ in range(25):
            hold_slot(slot_id=first.pk, holder=holder)
            hold_slot(slot_id=second.pk, holder=holder)

    pairs = [(slot, other), (other, slot)]
    answers = at_once(*(lambda n=n: swap(f"panier-{n}", *pairs[n % 2]) for n in range(8)))

    assert answers == {"done": 8}
    assert (booked(slot), booked(other)) == (places_taken(slot), places_taken(other)) == (4, 4)


def test_control_taking_before_giving_back_in_any_order_deadlocks(slot, monkeypatch):
    other = SlotFactory(starts_at=slot.starts_at + timedelta(hours=1))
    hold_slot(slot_id=slot.pk, holder="un")
    hold_slot(slot_id=other.pk, holder="deux")
    both_have_taken = Barrier(2)

    def take_first(*, give_back, take):
        Slot.objects.filter(pk=take.slot_id).update(booked=F("booked") + 1)
        both_have_taken.wait(30)
        Slot.objects.filter(pk=give_back).update(booked=F("booked") - 1)

    monkeypatch.setattr(services, "_exchange_places", take_first)

    answers = at_once(hold(other, "un"), hold(slot, "deux"))

    assert answers == {"done": 1, OperationalError.__name__: 1}


# lapsed holds


def test_lapsed_places_are_resold_exactly_once_under_contention(slot):
    for n in range(PLACES):
        hold_slot(slot_id=slot.pk, holder=f"parti-{n}")
    lapse(slot)

    answers = at_once(*(hold(slot, f"acheteur-{n}") for n in range(CONNECTIONS)))

    assert answers == {"done": PLACES, "SlotFull": CONNECTIONS - PLACES}
    assert booked(slot) == places_taken(slot) == PLACES


def test_buyers_and_collectors_agree_on_lapsed_places(slot):
    for n in range(PLACES):
        hold_slot(slot_id=slot.pk, holder=f"parti-{n}")
    lapse(slot)
    buyers = [hold(slot, f"acheteur-{n}") for n in range(10)]
    collectors = [lambda: quietly(release_expired_holds, limit=7) for _ in range(6)]
    # Some of those who left come back in the same second: to give up, to renew, to choose again.
    leavers = [lambda n=n: quietly(release_hold, holder=f"parti-{n}") for n in range(2)]
    renewers = [lambda n=n: quietly(renew_hold, holder=f"parti-{n}") for n in range(2, 5)]
    returners = [hold(slot, f"parti-{n}") for n in range(5, 7)]

    answers = at_once(*buyers, *collectors, *leavers, *renewers, *returners)

    assert answers == {"done": 23}
    release_expired_holds()
    assert booked(slot) == places_taken(slot) == 12


def test_control_collecting_without_row_locks_gives_places_back_twice(slot):
    for n in range(10):
        hold_slot(slot_id=slot.pk, holder=f"parti-{n}")
    lapse(slot)
    for n in range(10):
        hold_slot(slot_id=slot.pk, holder=f"vivant-{n}")
    both_have_read = Barrier(2)

    def collect_without_guard():
        with transaction.atomic():
            lapsed = list(Hold.objects.lapsed().values_list("pk", flat=True))
            both_have_read.wait(30)
            Hold.objects.filter(pk__in=lapsed).update(state=Hold.State.RELEASED)
            Slot.objects.filter(pk=slot.pk).update(booked=F("booked") - len(lapsed))

    at_once(collect_without_guard, collect_without_guard)

    assert places_taken(slot) == 10
    assert booked(slot) == 0


def test_collectors_at_once_give_each_place_back_once(slot):
    for n in range(10):
        hold_slot(slot_id=slot.pk, holder=f"parti-{n}")
    lapse(slot)
    for n in range(10):
        hold_slot(slot_id=slot.pk, holder=f"vivant-{n}")

    at_once(*([release_expired_holds] * 8))

    assert booked(slot) == places_taken(slot) == 10


def test_a_lapsed_last_place_goes_to_its_payer_or_to_one_buyer(slot):
    Slot.objects.filter(pk=slot.pk).update(capacity=1)
    hold_slot(slot_id=slot.pk, holder="payeur")
    lapse(slot)
    payer = [lambda: pin_hold(holder="payeur", order_reference="C1")]
    collector = [lambda: quietly(release_expired_holds)]

    answers = at_once(*payer, *collector, *(hold(slot, f"acheteur-{n}") for n in range(14)))

    assert answers["done"] == 2  # the collector and one winner
    assert answers["SlotFull"] + answers[HoldLapsed.__name__] == 14
    assert booked(slot) == places_taken(slot) == 1


# giving a booking back


def booked_order(slot):
    hold_slot(slot_id=slot.pk, holder="panier")
    pin_hold(holder="panier", order_reference="C1")
    book_hold(order_reference="C1")
    for n in range(PLACES - 1):
        hold_slot(slot_id=slot.pk, holder=f"autre-{n}")


def test_an_order_cancelled_20_times_at_once_gives_one_place_back(slot):
    booked_order(slot)

    answers = at_once(*([lambda: release_booking(order_reference="C1")] * 20))

    assert answers == {True: 1, False: 19}
    assert booked(slot) == places_taken(slot) == PLACES - 1


def test_control_checking_the_state_before_writing_gives_20_places_back(slot):
    booked_order(slot)
    all_have_read = Barrier(20)

    def release_without_guard():
        with transaction.atomic():
            order = Hold.objects.get(order_reference="C1")
            all_have_read.wait(30)
            if order.state == Hold.State.BOOKED:
                order.state = Hold.State.RELEASED
                order.save(update_fields=["state"])
                Slot.objects.filter(pk=slot.pk).update(booked=F("booked") - 1)

    at_once(*([release_without_guard] * 20))

    assert places_taken(slot) == PLACES - 1
    assert booked(slot) == 0
