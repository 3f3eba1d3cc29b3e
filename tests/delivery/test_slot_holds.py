"""A place is held, renewed, given back, and follows its basket; staff widen and close slots."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from delivery.slots import services, tasks
from delivery.slots.models import Hold, Slot
from delivery.slots.rules import HOLD_LASTS, HOLD_LASTS_AT_MOST
from delivery.slots.services import (
    SlotClosed,
    SlotFull,
    SlotUnknown,
    adjust_slot,
    hold_slot,
    move_hold,
    pin_hold,
    release_expired_holds,
    release_hold,
    renew_hold,
)
from tests.delivery.slots import NOON, booked, fill, states
from tests.factories import SlotFactory

State = Hold.State


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


def test_basket_activity_keeps_the_place(slot, clock, django_assert_num_queries):
    hold_slot(slot_id=slot.pk, holder="panier")
    clock.move_to(NOON + timedelta(minutes=59))

    with django_assert_num_queries(2):  # read, write: no savepoint inside its caller's transaction
        hold = renew_hold(holder="panier")

    assert hold.expires_at == NOON + timedelta(minutes=119)


def test_a_renewal_that_gains_seconds_writes_nothing(slot, clock, django_assert_num_queries):
    hold_slot(slot_id=slot.pk, holder="panier")
    clock.move_to(NOON + timedelta(seconds=59))

    with django_assert_num_queries(1):
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


@pytest.mark.parametrize("start", list(State))
@pytest.mark.parametrize("end", list(State))
def test_holds_follow_the_table_of_moves_and_nothing_else(slot, start, end):
    hold = Hold.objects.create(slot=slot, holder="panier", state=start, expires_at=timezone.now())

    moved = Hold.objects.filter(pk=hold.pk).move(to=end)

    hold.refresh_from_db()
    assert bool(moved) is (end in Hold.MOVES[start])
    assert hold.state == (end if moved else start)
