"""Who waits for a full slot goes first: asked once, offered in order, taken once, and never beyond the capacity."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from config.facts import deliver_all
from crm.outbox.models import Message
from delivery.slots import rules, tasks, waitlist
from delivery.slots.models import Hold, Slot, WaitlistEntry
from delivery.slots.queries import free_slots, upcoming_days
from delivery.slots.services import (
    HoldLapsed,
    HoldPinned,
    SlotClosed,
    SlotFull,
    SlotUnknown,
    adjust_slot,
    book_hold,
    hold_slot,
    move_booking,
    pin_hold,
    release_booking,
    release_expired_holds,
    release_hold,
)
from delivery.slots.waitlist import (
    EntryUnknown,
    NothingToWaitFor,
    OfferGone,
    TooManyWaits,
    WaitlistFull,
    close_waitlists,
    end_offers,
    forget_past_waits,
    leave_waitlist,
    offer_next,
    offer_places,
    take_offer,
    wait_for_slot,
)
from tests.delivery.slots import NOON, booked, fill, states
from tests.factories import CustomerFactory, SlotFactory

State = WaitlistEntry.State
PARIS = rules.PARIS


@pytest.fixture
def full(slot):
    fill(slot)
    return slot


def wait(slot, email="ana@exemple.fr", **known):
    return wait_for_slot(slot_id=slot.pk, email=email, **known)


def waiting(slot):
    slot.refresh_from_db()
    return slot.waiting


def state_of(entry):
    entry.refresh_from_db()
    return entry.state


def offered(slot, email="ana@exemple.fr", **known):
    """Somebody for whom a place was given back."""
    entry = wait(slot, email, **known)
    release_hold(holder="autre-0")
    offer_places()
    entry.refresh_from_db()
    return entry


def nothing_changed(slot, entries=0, waits=0):
    assert WaitlistEntry.objects.count() == entries
    assert (booked(slot), waiting(slot)) == (slot.capacity, waits)


# asking


def test_asking_keeps_a_place_in_the_line(full, django_assert_num_queries):
    with django_assert_num_queries(7):  # two of them the savepoint's
        entry = wait(full, " Ana@Exemple.fr ", holder="panier")

    assert (entry.email, entry.state, entry.holder) == ("ana@exemple.fr", State.WAITING, "panier")
    assert (booked(full), waiting(full)) == (2, 1)


def test_asking_again_is_once_and_keeps_its_turn(full):
    first, second = wait(full), wait(full, "bob@exemple.fr")

    again = wait(full, "ANA@exemple.fr")

    assert again == first
    assert first.pk < second.pk
    assert waiting(full) == 2


def test_typing_somebody_elses_address_leads_nobody_to_their_offer(full):
    wait(full, holder="panier")

    wait(full, holder="panier d’une autre")

    assert WaitlistEntry.objects.get().holder == "panier"


def test_a_customer_who_asks_again_in_another_browser_sees_it_there(full):
    customer = CustomerFactory()
    wait(full, customer.email, holder="panier")

    wait(full, customer.email, holder="autre panier", customer_id=customer.pk)

    entry = WaitlistEntry.objects.get()
    assert (entry.holder, entry.customer) == ("autre panier", customer)


def test_a_slot_with_a_free_place_is_nothing_to_wait_for(slot):
    with pytest.raises(NothingToWaitFor):
        wait(slot)

    assert not WaitlistEntry.objects.exists()
    assert waiting(slot) == 0


@pytest.mark.parametrize("change", [{"is_closed": True}, {"cutoff_at": NOON}])
def test_a_closed_slot_has_no_waitlist(full, change):
    Slot.objects.filter(pk=full.pk).update(**change)

    with pytest.raises(SlotClosed):
        wait(full)

    nothing_changed(full)


def test_just_before_the_cutoff_nobody_could_answer_an_offer(full, clock):
    clock.move_to(full.cutoff_at - rules.OFFER_AT_LEAST)

    with pytest.raises(SlotClosed):
        wait(full)

    nothing_changed(full)


@pytest.mark.parametrize("slot_id", [0, -1, 10**12])
def test_an_unknown_slot_is_said_to_be_unknown(full, slot_id):
    with pytest.raises(SlotUnknown):
        wait_for_slot(slot_id=slot_id, email="ana@exemple.fr")

    nothing_changed(full)


def test_a_person_waits_for_three_slots_at_most(full):
    for hour in range(1, rules.WAITS_PER_PERSON + 1):
        other = SlotFactory(starts_at=full.starts_at + timedelta(hours=hour), capacity=1, booked=1)
        wait(other)

    with pytest.raises(TooManyWaits):
        wait(full)

    nothing_changed(full, entries=rules.WAITS_PER_PERSON)


def test_a_list_is_no_longer_than_it_makes_sense(full):
    for n in range(rules.WAITING_AT_MOST):
        wait(full, f"client{n}@exemple.fr")

    with pytest.raises(WaitlistFull):
        wait(full)

    nothing_changed(full, entries=rules.WAITING_AT_MOST, waits=rules.WAITING_AT_MOST)


# who goes first


def test_a_place_given_back_is_not_for_whoever_comes_while_somebody_waits(full):
    wait(full)
    release_hold(holder="autre-0")

    with pytest.raises(SlotFull):
        hold_slot(slot_id=full.pk, holder="passant")

    assert booked(full) == 1
    assert states("passant") == []
    assert not free_slots(full.zone).exists()


def test_more_places_than_people_waiting_are_for_everybody(full):
    wait(full)
    adjust_slot(slot_id=full.pk, capacity=4, is_closed=False)

    hold_slot(slot_id=full.pk, holder="passant")
    with pytest.raises(SlotFull):
        hold_slot(slot_id=full.pk, holder="passante")

    assert offer_places() == 1
    assert (booked(full), waiting(full)) == (4, 0)


def test_a_lapsed_place_is_not_for_whoever_finds_the_slot_full(full, clock):
    wait(full)
    clock.shift(timedelta(hours=1))

    hold_slot(slot_id=full.pk, holder="passant")
    with pytest.raises(SlotFull):
        hold_slot(slot_id=full.pk, holder="passante")

    release_expired_holds()
    assert offer_places() == 1
    assert booked(full) == 2


def test_a_payer_whose_place_lapsed_waits_like_everybody(full, clock):
    release_hold(holder="autre-0")
    hold_slot(slot_id=full.pk, holder="payeuse")
    wait(full)
    clock.shift(timedelta(hours=1))
    release_expired_holds()
    offer_places()
    hold_slot(slot_id=full.pk, holder="passant")

    with pytest.raises(HoldLapsed):
        pin_hold(holder="payeuse", order_reference="C1")

    assert booked(full) == 2


def test_moving_an_order_takes_no_place_that_is_waited_for(full, other):
    hold_slot(slot_id=other.pk, holder="panier")
    pin_hold(holder="panier", order_reference="C1")
    book_hold(order_reference="C1")
    wait(full)
    release_hold(holder="autre-0")

    with pytest.raises(SlotFull):
        move_booking(order_reference="C1", slot_id=full.pk)

    assert (booked(full), booked(other)) == (1, 1)


# offering


@pytest.mark.parametrize("way", ["hold", "booking", "moved", "widened", "lapsed"])
def test_a_place_given_back_any_way_is_offered(slot, other, way, clock):
    hold_slot(slot_id=slot.pk, holder="autre-0")
    hold_slot(slot_id=slot.pk, holder="commande")
    pin_hold(holder="commande", order_reference="C1")
    book_hold(order_reference="C1")
    entry = wait(slot)
    assert offer_places() == 0

    if way == "hold":
        release_hold(holder="autre-0")
    elif way == "booking":
        release_booking(order_reference="C1")
    elif way == "moved":
        move_booking(order_reference="C1", slot_id=other.pk)
    elif way == "widened":
        adjust_slot(slot_id=slot.pk, capacity=3, is_closed=False)
    else:
        clock.shift(timedelta(hours=1))
        tasks.release_expired()
    tasks.work_waitlists()

    assert state_of(entry) == State.OFFERED
    assert booked(slot) == slot.capacity
    assert waiting(slot) == 0


def test_an_offer_holds_a_place_and_is_told_once(full):
    entry = wait(full)
    release_hold(holder="autre-0")

    assert offer_places() == 1
    assert offer_places() == 0
    deliver_all()
    deliver_all()

    entry.refresh_from_db()
    assert (entry.state, entry.offered_until) == (State.OFFERED, NOON + rules.OFFER_LASTS)
    hold = Hold.objects.get(holder=entry.offer_holder)
    assert (hold.state, hold.expires_at) == (Hold.State.HELD, entry.offered_until)
    letter = Message.objects.get()
    assert (letter.purpose, letter.recipient, letter.expires_at) == (
        "slot_offered",
        "ana@exemple.fr",
        entry.offered_until,
    )


def test_a_worker_that_dies_while_offering_loses_no_place(full, monkeypatch):
    entry = wait(full)
    release_hold(holder="autre-0")
    with monkeypatch.context() as dying:
        dying.setattr(waitlist, "publish", lambda _fact: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            offer_places()
    assert (state_of(entry), booked(full), waiting(full)) == (State.WAITING, 1, 1)

    tasks.work_waitlists()

    assert (state_of(entry), booked(full), waiting(full)) == (State.OFFERED, 2, 0)


def test_whoever_asked_first_is_served_first(full):
    first, second = wait(full), wait(full, "bob@exemple.fr")
    release_hold(holder="autre-0")

    offer_places()

    assert (state_of(first), state_of(second)) == (State.OFFERED, State.WAITING)


def test_nothing_is_offered_where_nothing_is_free(full):
    entry = wait(full)

    assert offer_next(slot_id=full.pk) is None

    assert state_of(entry) == State.WAITING
    assert (booked(full), waiting(full)) == (2, 1)
    assert not Hold.objects.filter(holder=entry.offer_holder).exists()
    deliver_all()
    assert not Message.objects.exists()


def test_offers_cost_the_same_however_many_wait(full, django_assert_num_queries):
    for n in range(8):
        wait(full, f"client{n}@exemple.fr")
    release_hold(holder="autre-0")

    with django_assert_num_queries(8):  # two of them the savepoint's, two the fact's
        offer_next(slot_id=full.pk)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (datetime(2026, 11, 26, 12, 0), datetime(2026, 11, 26, 12, 30)),
        (datetime(2026, 11, 26, 21, 59), datetime(2026, 11, 26, 22, 29)),
        (datetime(2026, 11, 26, 22, 0), datetime(2026, 11, 27, 8, 0)),
        (datetime(2026, 11, 27, 0, 30), datetime(2026, 11, 27, 8, 0)),
        (datetime(2026, 11, 27, 6, 59), datetime(2026, 11, 27, 8, 0)),
        (datetime(2026, 11, 27, 7, 0), datetime(2026, 11, 27, 7, 30)),
        # The night of spring is an hour shorter, that of autumn an hour longer.
        (datetime(2027, 3, 28, 1, 30), datetime(2027, 3, 28, 8, 0)),
        (datetime(2026, 10, 25, 2, 30), datetime(2026, 10, 25, 8, 0)),
    ],
)
def test_offers_run_half_an_hour_and_through_the_night(now, until):
    told = rules.offered_until(
        now=now.replace(tzinfo=PARIS).astimezone(UTC), cutoff_at=datetime(2028, 1, 1, tzinfo=UTC)
    )

    assert told == until.replace(tzinfo=PARIS)


@pytest.mark.parametrize("minutes", [11, 25])
def test_an_offer_never_outlives_the_cutoff(full, clock, minutes):
    clock.move_to(full.cutoff_at - timedelta(hours=1))
    Hold.objects.update(expires_at=full.cutoff_at)
    entry = wait(full)
    clock.move_to(full.cutoff_at - timedelta(minutes=minutes))
    release_hold(holder="autre-0")

    offer_places()

    entry.refresh_from_db()
    assert entry.offered_until == full.cutoff_at


def test_a_place_free_at_the_last_moment_is_for_whoever_comes(full, clock):
    clock.move_to(full.cutoff_at - timedelta(hours=1))
    entry = wait(full)
    clock.move_to(full.cutoff_at - rules.OFFER_AT_LEAST)
    release_hold(holder="autre-0")

    tasks.work_waitlists()
    hold_slot(slot_id=full.pk, holder="passant")

    assert state_of(entry) == State.CLOSED
    assert waiting(full) == 0


# taking


def test_a_taken_offer_is_the_baskets_place_for_an_hour(full, clock, django_assert_max_num_queries):
    entry = offered(full)
    clock.shift(timedelta(minutes=20))

    with django_assert_max_num_queries(13):  # two of them the savepoint's
        hold = take_offer(token=entry.token, to_holder="panier")

    assert (hold.slot_id, hold.holder, hold.expires_at) == (
        full.pk,
        "panier",
        NOON + timedelta(minutes=80),
    )
    assert state_of(entry) == State.TAKEN
    assert states("panier") == [Hold.State.HELD]
    assert booked(full) == 2


def test_a_night_on_offer_does_not_use_up_the_hours_of_the_place(full, clock):
    clock.move_to(NOON + timedelta(hours=9, minutes=30))
    Slot.objects.filter(pk=full.pk).update(
        starts_at=NOON + timedelta(days=3), cutoff_at=NOON + timedelta(days=2, hours=20), ends_at=NOON + timedelta(days=3, hours=1)
    )  # fmt: skip
    Hold.objects.update(expires_at=NOON + timedelta(days=1))
    entry = offered(full)
    clock.move_to(datetime(2026, 11, 27, 7, 50, tzinfo=PARIS))

    hold = take_offer(token=entry.token, to_holder="panier")

    assert hold.expires_at == datetime(2026, 11, 27, 8, 50, tzinfo=PARIS)


def test_taking_gives_the_baskets_other_place_back(full, other):
    hold_slot(slot_id=other.pk, holder="panier")
    entry = offered(full)

    take_offer(token=entry.token, to_holder="panier")

    assert states("panier") == [Hold.State.RELEASED, Hold.State.HELD]
    assert (booked(full), booked(other)) == (2, 0)


def test_taking_twice_for_one_basket_is_once_and_for_another_too_late(full):
    entry = offered(full)
    first = take_offer(token=entry.token, to_holder="panier")

    assert take_offer(token=entry.token, to_holder="panier") == first
    with pytest.raises(OfferGone):
        take_offer(token=entry.token, to_holder="voisin")

    assert states("voisin") == []
    assert booked(full) == 2


def test_an_offer_not_taken_in_time_goes_to_the_next(full, clock):
    first = offered(full)
    second = wait(full, "bob@exemple.fr")
    clock.shift(rules.OFFER_LASTS)

    with pytest.raises(OfferGone):
        take_offer(token=first.token, to_holder="panier")
    tasks.release_expired()
    tasks.work_waitlists()

    assert (state_of(first), state_of(second)) == (State.LAPSED, State.OFFERED)
    assert states("panier") == []
    assert booked(full) == 2


def test_whoever_still_waits_has_nothing_to_take(full):
    entry = wait(full)

    with pytest.raises(OfferGone):
        take_offer(token=entry.token, to_holder="panier")

    assert state_of(entry) == State.WAITING
    assert states("panier") == []


def test_a_payment_in_the_basket_is_not_disturbed(full, other):
    hold_slot(slot_id=other.pk, holder="panier")
    pin_hold(holder="panier", order_reference="C1")
    entry = offered(full)

    with pytest.raises(HoldPinned):
        take_offer(token=entry.token, to_holder="panier")

    assert state_of(entry) == State.OFFERED
    assert states("panier") == [Hold.State.PINNED]
    assert (booked(full), booked(other)) == (2, 1)


def test_an_unknown_token_is_said_to_be_unknown(full):
    with pytest.raises(EntryUnknown):
        take_offer(token="inventé", to_holder="panier")
    with pytest.raises(EntryUnknown):
        leave_waitlist(token="inventé")

    nothing_changed(full)


# leaving


def test_leaving_ends_the_wait_once(full):
    entry = wait(full)

    assert leave_waitlist(token=entry.token) is True
    assert leave_waitlist(token=entry.token) is False

    assert state_of(entry) == State.LEFT
    assert waiting(full) == 0


def test_an_offer_that_is_left_goes_to_the_next_at_once(full):
    first = offered(full)
    second = wait(full, "bob@exemple.fr")

    leave_waitlist(token=first.token)
    offer_places()

    assert (state_of(first), state_of(second)) == (State.LEFT, State.OFFERED)
    assert (booked(full), waiting(full)) == (2, 0)


def test_whoever_left_may_ask_again_at_the_end_of_the_line(full):
    first, second = wait(full), wait(full, "bob@exemple.fr")
    leave_waitlist(token=first.token)

    again = wait(full)

    assert again.pk > second.pk
    assert waiting(full) == 2


# the end


def test_lists_close_with_their_slot_and_others_go_on(full, other, clock):
    Slot.objects.filter(pk=other.pk).update(booked=other.capacity)
    soon, later = wait(full), wait(other)
    clock.move_to(full.cutoff_at - rules.OFFER_AT_LEAST)

    assert close_waitlists() == 1
    assert close_waitlists() == 0

    assert (state_of(soon), state_of(later)) == (State.CLOSED, State.WAITING)
    assert (waiting(full), waiting(other)) == (0, 1)


def test_addresses_are_forgotten_once_the_slot_is_over(full, other, clock):
    Slot.objects.filter(pk=other.pk).update(booked=other.capacity)
    wait(full)
    kept = wait(other)
    clock.move_to(full.ends_at)

    assert forget_past_waits() == 1
    tasks.forget_past_waits()

    assert WaitlistEntry.objects.get() == kept


def test_an_offer_that_is_running_is_not_ended(full, clock):
    entry = offered(full)
    clock.shift(rules.OFFER_LASTS - timedelta(seconds=1))

    assert end_offers() == 0

    assert state_of(entry) == State.OFFERED


# the grid


def cell_of(slot, **who):
    return next(
        cell for day in upcoming_days(slot.zone, **who) for cell in day["slots"] if cell["id"] == slot.pk
    )


def test_the_grid_tells_who_looks_that_they_wait_in_one_query(full, django_assert_num_queries):
    customer = CustomerFactory()
    entry = wait(full, holder="panier", customer_id=customer.pk)

    with django_assert_num_queries(1):
        by_basket = cell_of(full, holder="panier")

    assert (by_basket["wait"], by_basket["wait_token"]) == (State.WAITING, entry.token)
    assert cell_of(full, customer_id=customer.pk)["wait"] == State.WAITING
    assert cell_of(full, holder="voisin")["wait"] == cell_of(full)["wait"] == ""


def test_a_place_kept_for_others_is_shown_as_taken(full):
    entry = wait(full)
    release_hold(holder="autre-0")

    assert cell_of(full)["is_full"]
    leave_waitlist(token=entry.token)
    assert not cell_of(full)["is_full"]


class AnyOrderOfEvents(TestCase):
    """Whatever happens in whatever order: the counts are the rows', and nobody is beyond the capacity."""

    @settings(max_examples=40)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["hold", "release", "wait", "leave", "offer", "take", "lapse", "tidy"]),
                st.integers(0, 4),
            ),
            max_size=25,
        )
    )
    def test_counts_agree(self, events):
        with time_machine.travel(NOON, tick=False) as clock:
            slot = SlotFactory(starts_at=NOON + timedelta(days=2), capacity=2)
            for what, who in events:
                self.act(slot, clock, what, who)

                slot.refresh_from_db()
                live = Hold.objects.exclude(state=Hold.State.RELEASED).filter(slot=slot)
                assert slot.booked == live.count() <= slot.capacity
                assert slot.waiting == WaitlistEntry.objects.filter(slot=slot, state=State.WAITING).count()

    def act(self, slot, clock, what, who):
        entry = WaitlistEntry.objects.filter(email=f"client{who}@exemple.fr").last()
        try:
            if what == "hold":
                hold_slot(slot_id=slot.pk, holder=f"panier-{who}")
            elif what == "release":
                release_hold(holder=f"panier-{who}")
            elif what == "wait":
                wait(slot, f"client{who}@exemple.fr")
            elif what == "offer":
                offer_places()
            elif what == "lapse":
                clock.shift(timedelta(minutes=31))
            elif what == "tidy":
                release_expired_holds()
                end_offers()
            elif entry and what == "leave":
                leave_waitlist(token=entry.token)
            elif entry:
                take_offer(token=entry.token, to_holder=f"panier-{who}")
        except (SlotFull, NothingToWaitFor, OfferGone):
            pass
