"""A place in payment is pinned, booked, given back, or taken back where one is left."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from delivery.slots.models import Hold, Slot
from delivery.slots.rules import HOLD_LASTS
from delivery.slots.services import (
    HoldLapsed,
    HoldPinned,
    book_hold,
    hold_slot,
    move_hold,
    pin_hold,
    release_booking,
    release_expired_holds,
    release_hold,
    renew_hold,
    unpin_hold,
)
from tests.delivery.slots import NOON, booked, fill, states

State = Hold.State


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


@pytest.mark.parametrize("how", ["given up", "lapsed"])
def test_a_moved_place_is_pinned_though_its_new_basket_had_a_younger_one(slot, other, clock, how):
    hold_slot(slot_id=slot.pk, holder="client")
    hold_slot(slot_id=other.pk, holder="visiteur")
    clock.move_to(NOON + HOLD_LASTS / 2)
    renew_hold(holder="client")
    if how == "given up":
        release_hold(holder="visiteur")
    clock.move_to(NOON + HOLD_LASTS)
    release_expired_holds()
    move_hold(from_holder="client", to_holder="visiteur")

    hold = pin_hold(holder="visiteur", order_reference="C1")

    assert (hold.slot_id, hold.state) == (slot.pk, State.PINNED)
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
