from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from config.models import JobRun
from delivery.slots import services, tasks
from delivery.slots.models import Hold, Slot
from delivery.slots.rules import HOLD_LASTS, HOLD_LASTS_AT_MOST, PARIS
from delivery.slots.services import (
    HoldLapsed,
    HoldPinned,
    SlotClosed,
    SlotFull,
    SlotUnknown,
    adjust_slot,
    book_hold,
    generate_slots,
    hold_slot,
    move_hold,
    pin_hold,
    release_booking,
    release_expired_holds,
    release_hold,
    renew_hold,
    unpin_hold,
)
from tests.factories import SlotFactory, ZoneFactory

State = Hold.State
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def clock(db):
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def slot(clock):
    return SlotFactory(starts_at=NOON + timedelta(days=1), capacity=2)


@pytest.fixture
def other(slot):
    return SlotFactory(starts_at=NOON + timedelta(days=1, hours=1), capacity=2)


def booked(slot):
    slot.refresh_from_db()
    return slot.booked


def states(holder):
    return list(Hold.objects.filter(holder=holder).order_by("pk").values_list("state", flat=True))


def fill(slot):
    for n in range(slot.capacity):
        hold_slot(slot_id=slot.pk, holder=f"autre-{n}")


# generation


def test_two_weeks_of_slots_come_from_the_zones_hours(clock):
    zone = ZoneFactory(open_weekdays="123456", slot_capacity=7, cutoff_minutes=180)

    generate_slots(days=14)

    slots = list(Slot.objects.filter(zone=zone))
    local = [slot.starts_at.astimezone(PARIS) for slot in slots]
    assert {at.isoweekday() for at in local} == {1, 2, 3, 4, 5, 6}
    assert {at.hour for at in local} == set(range(8, 22))
    assert max(local).date().isoformat() == "2026-12-09"
    # Today, 13 h in Paris: with three hours' notice the first slot is 17 h.
    assert min(local).isoformat() == "2026-11-26T17:00:00+01:00"
    assert len(slots) == 5 + 11 * 14
    assert {(slot.capacity, slot.booked, slot.is_closed) for slot in slots} == {(7, 0, False)}
    assert all(slot.starts_at - slot.cutoff_at == timedelta(hours=3) for slot in slots)


def test_busy_hours_are_generated_at_the_peak_price(clock):
    zone = ZoneFactory(slot_price=Decimal("4.90"), peak_price=Decimal("6.90"))

    generate_slots()

    priced = {
        (at.isoweekday(), at.hour): slot.price
        for slot in Slot.objects.filter(zone=zone)
        if (at := slot.starts_at.astimezone(PARIS))
    }
    assert priced[1, 17] == Decimal("4.90")
    assert priced[1, 18] == priced[5, 19] == priced[6, 9] == Decimal("6.90")
    assert priced[6, 18] == Decimal("4.90")


def test_generating_again_adds_nothing_and_keeps_what_staff_changed(clock):
    zone = ZoneFactory()
    generate_slots()
    changed = Slot.objects.first()
    Slot.objects.filter(pk=changed.pk).update(capacity=3, is_closed=True, booked=2, price=1)
    count = Slot.objects.count()
    zone.slot_capacity = 99
    zone.save()

    generate_slots()

    changed.refresh_from_db()
    assert Slot.objects.count() == count
    assert (changed.capacity, changed.is_closed, changed.booked, changed.price) == (3, True, 2, 1)
    assert not Slot.objects.filter(capacity=99).exists()


def test_a_new_day_brings_its_slots(clock):
    ZoneFactory(open_weekdays="1234567")
    generate_slots()
    count = Slot.objects.count()
    clock.move_to(NOON + timedelta(days=1))

    generate_slots()

    assert Slot.objects.count() == count + 14


def test_generation_is_one_insert_per_zone(clock, django_assert_num_queries):
    ZoneFactory()
    ZoneFactory(slug="lyon", name="Lyon")

    with django_assert_num_queries(5):  # savepoint, zones, two inserts, release
        generate_slots()


def test_a_suspended_zone_gets_no_slots(clock):
    ZoneFactory(is_active=False)

    generate_slots()

    assert not Slot.objects.exists()


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2027-03-28", [0, 3, 4]), ("2026-10-25", [0, 1, 2, 3, 4]), ("2027-10-31", [0, 1, 2, 3, 4])],
)
def test_a_zone_open_at_night_survives_both_clock_changes(db, day, hours):
    zone = ZoneFactory(opens_at="00:00", closes_at="05:00", open_weekdays="7", cutoff_minutes=0)
    eve = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=PARIS) - timedelta(hours=8)
    zone.refresh_from_db()

    with time_machine.travel(eve, tick=False):
        generate_slots(days=2)

    slots = Slot.objects.filter(zone=zone).order_by("starts_at")
    assert [slot.starts_at.astimezone(PARIS).hour for slot in slots] == hours
    assert {slot.ends_at - slot.starts_at for slot in slots} == {timedelta(hours=1)}


def test_the_generation_task_runs_once_per_quarter_of_a_day(clock):
    ZoneFactory()
    tasks.generate()
    Slot.objects.all().delete()

    tasks.generate()

    assert not Slot.objects.exists()
    clock.move_to(NOON + timedelta(hours=6))
    tasks.generate()
    assert Slot.objects.exists()
    assert JobRun.objects.filter(job="slots.generate").count() == 2


# holding


def test_a_hold_takes_one_place_for_an_hour(slot, django_assert_num_queries):
    with django_assert_num_queries(7):  # two of them the savepoint's
        hold = hold_slot(slot_id=slot.pk, holder="panier")

    assert hold.expires_at == NOON + HOLD_LASTS
    assert (hold.state, booked(slot)) == (State.HELD, 1)


def test_a_full_slot_refuses_and_nothing_changes(slot, other):
    fill(slot)
    kept = hold_slot(slot_id=other.pk, holder="panier")

    with pytest.raises(SlotFull):
        hold_slot(slot_id=slot.pk, holder="panier")

    kept.refresh_from_db()
    assert (kept.state, kept.expires_at) == (State.HELD, NOON + HOLD_LASTS)
    assert (booked(slot), booked(other)) == (2, 1)
    assert states("panier") == [State.HELD]


def test_a_refusal_decided_by_the_update_alone_changes_nothing(slot, other, monkeypatch):
    """The glance beforehand spares writes; it is not what holds the invariant."""
    fill(slot)
    hold_slot(slot_id=other.pk, holder="panier")
    monkeypatch.setattr(services, "_refuse_at_a_glance", lambda *_: None)

    with pytest.raises(SlotFull):
        hold_slot(slot_id=slot.pk, holder="panier")

    assert (booked(slot), booked(other)) == (2, 1)
    assert states("panier") == [State.HELD]


@pytest.mark.parametrize("glance", [True, False])
@pytest.mark.parametrize("change", [{"is_closed": True}, {"cutoff_at": NOON}])
def test_a_closed_slot_refuses(slot, change, glance, monkeypatch):
    Slot.objects.filter(pk=slot.pk).update(**change)
    if not glance:
        monkeypatch.setattr(services, "_refuse_at_a_glance", lambda *_: None)

    with pytest.raises(SlotClosed):
        hold_slot(slot_id=slot.pk, holder="panier")

    assert booked(slot) == 0
    assert states("panier") == []


@pytest.mark.parametrize("slot_id", [0, -1, 10**12])
def test_an_unknown_slot_is_said_to_be_unknown(slot, slot_id):
    with pytest.raises(SlotUnknown):
        hold_slot(slot_id=slot_id, holder="panier")

    assert states("panier") == []


@pytest.mark.parametrize("upwards", [True, False])
def test_taking_another_slot_gives_the_first_one_back(slot, other, upwards, django_assert_num_queries):
    first, second = (slot, other) if upwards else (other, slot)
    hold_slot(slot_id=first.pk, holder="panier")

    with django_assert_num_queries(9):  # two of them the savepoint's
        hold_slot(slot_id=second.pk, holder="panier")

    assert (booked(first), booked(second)) == (0, 1)
    assert states("panier") == [State.RELEASED, State.HELD]


def test_holding_the_same_slot_again_renews(slot, clock):
    first = hold_slot(slot_id=slot.pk, holder="panier")
    clock.move_to(NOON + timedelta(minutes=30))

    again = hold_slot(slot_id=slot.pk, holder="panier")

    assert again == first
    assert again.expires_at == NOON + timedelta(minutes=90)
    assert booked(slot) == 1


def test_holding_the_same_full_or_closed_slot_again_is_no_refusal(slot):
    hold_slot(slot_id=slot.pk, holder="panier")
    Slot.objects.filter(pk=slot.pk).update(capacity=1, is_closed=True)

    hold_slot(slot_id=slot.pk, holder="panier")

    assert booked(slot) == 1


def test_a_lapsed_hold_of_the_same_slot_starts_afresh(slot, clock):
    hold_slot(slot_id=slot.pk, holder="panier")
    clock.move_to(NOON + timedelta(hours=4))

    hold = hold_slot(slot_id=slot.pk, holder="panier")

    assert hold.expires_at == NOON + timedelta(hours=5)
    assert states("panier") == [State.RELEASED, State.HELD]
    assert booked(slot) == 1


def test_a_hold_never_outlives_the_cutoff(slot, clock):
    clock.move_to(slot.cutoff_at - timedelta(minutes=10))

    hold = hold_slot(slot_id=slot.pk, holder="panier")

    assert hold.expires_at == slot.cutoff_at


def test_a_full_slot_collects_its_lapsed_holds_before_it_refuses(slot, clock):
    fill(slot)
    clock.move_to(NOON + HOLD_LASTS)

    hold_slot(slot_id=slot.pk, holder="panier")

    assert booked(slot) == 1
    assert states("autre-0") == states("autre-1") == [State.RELEASED]


def test_lapsed_holds_of_other_slots_are_left_alone(slot, other, clock):
    fill(other)
    clock.move_to(NOON + timedelta(minutes=30))
    fill_holders = [hold_slot(slot_id=slot.pk, holder=f"encore-{n}") for n in range(2)]
    clock.move_to(NOON + HOLD_LASTS)

    with pytest.raises(SlotFull):
        hold_slot(slot_id=slot.pk, holder="panier")

    assert len(fill_holders) == booked(slot) == 2
    assert booked(other) == 2


def test_a_capacity_cut_below_what_is_sold_only_stops_selling(slot):
    fill(slot)

    adjust_slot(slot_id=slot.pk, capacity=1, is_closed=False)

    with pytest.raises(SlotFull):
        hold_slot(slot_id=slot.pk, holder="panier")
    assert booked(slot) == 2


def test_a_change_of_capacity_keeps_the_places_taken_meanwhile(slot):
    read_before = Slot.objects.get(pk=slot.pk)
    hold_slot(slot_id=slot.pk, holder="panier")

    adjust_slot(slot_id=read_before.pk, capacity=9, is_closed=False)

    assert (booked(slot), slot.capacity) == (1, 9)


def test_adjusting_an_unknown_slot_is_refused(slot):
    with pytest.raises(SlotUnknown):
        adjust_slot(slot_id=0, capacity=9, is_closed=True)


# renewing


def test_basket_activity_keeps_the_place(slot, clock, django_assert_num_queries):
    hold_slot(slot_id=slot.pk, holder="panier")
    clock.move_to(NOON + timedelta(minutes=59))

    with django_assert_num_queries(4):  # savepoint, read, write, release
        hold = renew_hold(holder="panier")

    assert hold.expires_at == NOON + timedelta(minutes=119)


def test_a_renewal_that_gains_seconds_writes_nothing(slot, clock, django_assert_num_queries):
    hold_slot(slot_id=slot.pk, holder="panier")
    clock.move_to(NOON + timedelta(seconds=59))

    with django_assert_num_queries(3):
        hold = renew_hold(holder="panier")

    assert hold.expires_at == NOON + HOLD_LASTS


def test_a_lapsed_place_is_not_renewed(slot, clock):
    hold_slot(slot_id=slot.pk, holder="panier")
    clock.move_to(NOON + HOLD_LASTS)

    assert renew_hold(holder="panier") is None

    assert Hold.objects.get().expires_at == NOON + HOLD_LASTS


def test_renewing_without_a_hold_is_nothing(db):
    assert renew_hold(holder="panier") is None


class RenewalProperty(TestCase):
    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.integers(0, 70), min_size=1, max_size=12))
    def test_no_activity_keeps_a_place_above_three_hours(self, pauses_minutes):
        with time_machine.travel(NOON, tick=False) as clock:
            slot = SlotFactory(starts_at=NOON + timedelta(days=1))
            hold = hold_slot(slot_id=slot.pk, holder="panier")
            now = NOON
            for minutes in pauses_minutes:
                now += timedelta(minutes=minutes)
                clock.move_to(now)
                renew_hold(holder="panier")
                if hold.expires_at > now:
                    hold_slot(slot_id=slot.pk, holder="panier")
                hold.refresh_from_db()
            assert hold.expires_at <= NOON + HOLD_LASTS_AT_MOST


# giving back


def test_a_place_given_up_is_free_again_once(slot):
    hold_slot(slot_id=slot.pk, holder="panier")

    answers = [release_hold(holder="panier"), release_hold(holder="panier")]

    assert answers == [True, False]
    assert booked(slot) == 0


def test_lapsed_holds_are_collected_and_live_ones_kept(slot, other, clock):
    hold_slot(slot_id=slot.pk, holder="ancien")
    hold_slot(slot_id=other.pk, holder="ancien-2")
    clock.move_to(NOON + timedelta(minutes=1))
    hold_slot(slot_id=slot.pk, holder="vivant")
    clock.move_to(NOON + HOLD_LASTS)

    counts = [release_expired_holds(), release_expired_holds()]

    assert counts == [2, 0]
    assert (booked(slot), booked(other)) == (1, 0)
    assert states("vivant") == [State.HELD]


def test_collecting_costs_the_same_for_many(clock, django_assert_num_queries):
    slots = [SlotFactory(starts_at=NOON + timedelta(days=2, hours=n)) for n in range(6)]
    for n in range(30):
        hold_slot(slot_id=slots[n % 6].pk, holder=f"panier-{n}")
    clock.move_to(NOON + HOLD_LASTS)

    with django_assert_num_queries(7):  # two of them the savepoint's
        assert release_expired_holds() == 30

    assert not Slot.objects.exclude(booked=0).exists()


def test_collecting_is_bounded(slot, clock):
    fill(slot)
    clock.move_to(NOON + HOLD_LASTS)

    assert release_expired_holds(limit=1) == 1

    assert booked(slot) == 1


def test_the_collecting_task_takes_several_batches(slot, clock, monkeypatch):
    monkeypatch.setattr(tasks, "BATCH", 1)
    fill(slot)
    clock.move_to(NOON + HOLD_LASTS)

    tasks.release_expired()

    assert booked(slot) == 0


# paying


def test_a_place_in_payment_does_not_expire(slot, clock):
    hold_slot(slot_id=slot.pk, holder="panier")
    pin_hold(holder="panier", order_reference="C1")
    clock.move_to(NOON + timedelta(days=1))

    assert release_expired_holds() == 0

    assert states("panier") == [State.PINNED]
    assert booked(slot) == 1


def test_pinning_twice_for_one_order_is_once(slot):
    hold_slot(slot_id=slot.pk, holder="panier")

    first, again = (pin_hold(holder="panier", order_reference="C1") for _ in range(2))

    assert first == again
    assert booked(slot) == 1


def test_a_place_in_payment_serves_no_other_order_and_does_not_move(slot, other):
    hold_slot(slot_id=slot.pk, holder="panier")
    pin_hold(holder="panier", order_reference="C1")

    with pytest.raises(HoldPinned):
        pin_hold(holder="panier", order_reference="C2")
    with pytest.raises(HoldPinned):
        hold_slot(slot_id=other.pk, holder="panier")

    assert release_hold(holder="panier") is False
    assert hold_slot(slot_id=slot.pk, holder="panier").state == State.PINNED
    assert Hold.objects.get().order_reference == "C1"
    assert (booked(slot), booked(other)) == (1, 0)


def test_pinning_without_a_place_is_refused(db):
    with pytest.raises(HoldLapsed):
        pin_hold(holder="panier", order_reference="C1")


def test_a_lapsed_place_nobody_took_is_pinned_as_it_is(slot, clock):
    hold_slot(slot_id=slot.pk, holder="panier")
    clock.move_to(NOON + HOLD_LASTS)

    hold = pin_hold(holder="panier", order_reference="C1")

    assert (hold.state, booked(slot)) == (State.PINNED, 1)


def test_a_collected_place_is_taken_back_where_one_is_left(slot, clock):
    hold_slot(slot_id=slot.pk, holder="panier")
    clock.move_to(NOON + HOLD_LASTS)
    release_expired_holds()

    hold = pin_hold(holder="panier", order_reference="C1")

    assert states("panier") == [State.RELEASED, State.PINNED]
    assert (hold.slot_id, hold.order_reference, booked(slot)) == (slot.pk, "C1", 1)


def test_a_collected_place_that_others_took_is_lost(slot, clock):
    hold_slot(slot_id=slot.pk, holder="panier")
    clock.move_to(NOON + HOLD_LASTS)
    release_expired_holds()
    fill(slot)

    with pytest.raises(HoldLapsed):
        pin_hold(holder="panier", order_reference="C1")

    assert states("panier") == [State.RELEASED]
    assert booked(slot) == 2


@pytest.mark.parametrize("collected", [True, False])
@pytest.mark.parametrize("change", [{"is_closed": True}, {"cutoff_at": NOON + timedelta(minutes=30)}])
def test_a_lapsed_place_of_a_closed_slot_is_lost(slot, clock, change, collected):
    hold_slot(slot_id=slot.pk, holder="panier")
    Slot.objects.filter(pk=slot.pk).update(**change)
    clock.move_to(NOON + HOLD_LASTS)
    if collected:
        release_expired_holds()

    with pytest.raises(HoldLapsed):
        pin_hold(holder="panier", order_reference="C1")

    assert State.PINNED not in states("panier")


def test_a_live_place_is_honoured_though_staff_closed_the_slot(slot):
    hold_slot(slot_id=slot.pk, holder="panier")
    Slot.objects.filter(pk=slot.pk).update(is_closed=True)

    assert pin_hold(holder="panier", order_reference="C1").state == State.PINNED


def test_a_place_given_up_is_not_taken_back(slot):
    hold_slot(slot_id=slot.pk, holder="panier")
    release_hold(holder="panier")

    with pytest.raises(HoldLapsed):
        pin_hold(holder="panier", order_reference="C1")

    assert booked(slot) == 0


def test_the_slot_chosen_last_is_the_one_taken_back(slot, other, clock):
    hold_slot(slot_id=slot.pk, holder="panier")
    hold_slot(slot_id=other.pk, holder="panier")
    clock.move_to(NOON + HOLD_LASTS)
    release_expired_holds()

    assert pin_hold(holder="panier", order_reference="C1").slot_id == other.pk


@pytest.mark.parametrize(
    ("back_after", "kept_until"),
    [
        (timedelta(minutes=30), timedelta(minutes=90)),
        (timedelta(hours=2, minutes=30), timedelta(hours=3)),
        (timedelta(hours=5), timedelta(hours=5, minutes=10)),
    ],
    ids=["a fresh hour", "three in all", "ten minutes at least"],
)
def test_an_abandoned_payment_keeps_the_place_a_while(slot, clock, back_after, kept_until):
    hold_slot(slot_id=slot.pk, holder="panier")
    pin_hold(holder="panier", order_reference="C1")
    clock.move_to(NOON + back_after)

    first = unpin_hold(order_reference="C1", holder="panier")
    again = unpin_hold(order_reference="C1", holder="panier")

    assert again is None
    assert (first.state, first.expires_at) == (State.HELD, NOON + kept_until)
    assert Hold.objects.get().order_reference == ""
    assert booked(slot) == 1


def test_only_its_holder_unpins_a_place(slot):
    hold_slot(slot_id=slot.pk, holder="panier")
    pin_hold(holder="panier", order_reference="C1")

    assert unpin_hold(order_reference="C1", holder="voisin") is None

    assert states("panier") == [State.PINNED]


def test_the_cutoff_ends_an_abandoned_payments_fresh_hour(slot, clock):
    hold_slot(slot_id=slot.pk, holder="panier")
    pin_hold(holder="panier", order_reference="C1")
    clock.move_to(slot.cutoff_at + timedelta(minutes=1))

    hold = unpin_hold(order_reference="C1", holder="panier")

    assert not hold.is_live


def test_a_paid_place_is_booked_once_even_past_the_cutoff(slot, clock):
    hold_slot(slot_id=slot.pk, holder="panier")
    pin_hold(holder="panier", order_reference="C1")
    clock.move_to(slot.cutoff_at + timedelta(minutes=1))

    first, again = (book_hold(order_reference="C1") for _ in range(2))

    assert first == again
    assert (first.state, booked(slot)) == (State.BOOKED, 1)


def test_the_basket_of_a_booked_place_may_hold_another(slot, other):
    hold_slot(slot_id=slot.pk, holder="panier")
    pin_hold(holder="panier", order_reference="C1")
    book_hold(order_reference="C1")

    hold_slot(slot_id=other.pk, holder="panier")

    assert (booked(slot), booked(other)) == (1, 1)


def test_a_place_that_was_released_is_not_booked_later(slot):
    hold_slot(slot_id=slot.pk, holder="panier")
    pin_hold(holder="panier", order_reference="C1")
    release_booking(order_reference="C1")

    with pytest.raises(HoldLapsed):
        book_hold(order_reference="C1")

    assert (states("panier"), booked(slot)) == ([State.RELEASED], 0)


def test_a_merely_held_place_is_not_booked(slot):
    hold_slot(slot_id=slot.pk, holder="panier")

    with pytest.raises(HoldLapsed):
        book_hold(order_reference="")

    assert states("panier") == [State.HELD]


@pytest.mark.parametrize("paid", [True, False])
def test_an_orders_place_is_given_back_once(slot, paid):
    hold_slot(slot_id=slot.pk, holder="panier")
    pin_hold(holder="panier", order_reference="C1")
    if paid:
        book_hold(order_reference="C1")

    answers = [release_booking(order_reference="C1") for _ in range(3)]

    assert answers == [True, False, False]
    assert booked(slot) == 0


def test_one_order_takes_one_place(slot):
    for holder in ("panier", "voisin"):
        hold_slot(slot_id=slot.pk, holder=holder)
    pin_hold(holder="panier", order_reference="C1")

    with pytest.raises(IntegrityError), transaction.atomic():
        pin_hold(holder="voisin", order_reference="C1")

    assert states("voisin") == [State.HELD]


# merging two baskets


def test_a_place_follows_its_basket_into_another(slot):
    hold_slot(slot_id=slot.pk, holder="visiteur")

    assert move_hold(from_holder="visiteur", to_holder="client")

    assert (states("visiteur"), states("client"), booked(slot)) == ([], [State.HELD], 1)


def test_a_moved_place_replaces_the_other_baskets(slot, other):
    hold_slot(slot_id=slot.pk, holder="client")
    hold_slot(slot_id=other.pk, holder="visiteur")

    assert move_hold(from_holder="visiteur", to_holder="client")

    assert states("client") == [State.RELEASED, State.HELD]
    assert (booked(slot), booked(other)) == (0, 1)


def test_a_basket_without_a_place_takes_none_away(slot):
    hold_slot(slot_id=slot.pk, holder="client")

    assert not move_hold(from_holder="visiteur", to_holder="client")
    assert not move_hold(from_holder="client", to_holder="client")

    assert (states("client"), booked(slot)) == ([State.HELD], 1)


@pytest.mark.parametrize("paying", ["visiteur", "client"])
def test_a_place_in_payment_does_not_change_baskets(slot, other, paying):
    hold_slot(slot_id=slot.pk, holder="client")
    hold_slot(slot_id=other.pk, holder="visiteur")
    pin_hold(holder=paying, order_reference="C1")

    assert not move_hold(from_holder="visiteur", to_holder="client")

    assert (booked(slot), booked(other)) == (1, 1)


# states


@pytest.mark.parametrize("start", list(State))
@pytest.mark.parametrize("end", list(State))
def test_holds_follow_the_table_of_moves_and_nothing_else(slot, start, end):
    hold = Hold.objects.create(slot=slot, holder="panier", state=start, expires_at=timezone.now())

    moved = Hold.objects.filter(pk=hold.pk).move(to=end)

    hold.refresh_from_db()
    assert bool(moved) is (end in Hold.MOVES[start])
    assert hold.state == (end if moved else start)
