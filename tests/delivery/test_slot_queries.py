from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from delivery.slots.models import Hold, Slot
from delivery.slots.queries import (
    live_hold,
    next_free_slot,
    same_hour_again,
    slot_fill,
    upcoming_days,
    week_of_slots,
)
from delivery.slots.rules import HOLD_LASTS, PARIS
from delivery.slots.services import generate_slots, hold_slot, pin_hold
from tests.delivery.slots import NOON
from tests.factories import SlotFactory, ZoneFactory


@pytest.fixture
def slot(clock):
    return SlotFactory(starts_at=NOON + timedelta(hours=6), capacity=5)


def cells(zone, **kwargs):
    return {cell["id"]: cell for day in upcoming_days(zone, **kwargs) for cell in day["slots"]}


def test_a_live_hold_comes_with_slot_and_zone_in_one_query(slot, django_assert_num_queries):
    hold_slot(slot_id=slot.pk, holder="panier")

    with django_assert_num_queries(1):
        hold = live_hold("panier")
        assert (hold.slot, hold.slot.zone.slug) == (slot, "paris")


def test_a_lapsed_hold_is_no_live_hold_but_one_in_payment_is(slot, clock):
    hold_slot(slot_id=slot.pk, holder="panier")
    hold_slot(slot_id=slot.pk, holder="payeur")
    pin_hold(holder="payeur", order_reference="C1")
    clock.move_to(NOON + HOLD_LASTS)

    assert live_hold("panier") is None
    assert live_hold("payeur") is not None
    assert live_hold("inconnu") is None


def test_the_days_of_a_zone_are_labelled_in_french_in_one_query(clock, django_assert_num_queries):
    zone = ZoneFactory(open_weekdays="123456")
    generate_slots()

    with django_assert_num_queries(1):
        days = upcoming_days(zone, holder="panier")

    assert [day["label"] for day in days[:3]] == [
        "jeudi 26 novembre",
        "vendredi 27 novembre",
        "samedi 28 novembre",
    ]
    assert len(days) == 12
    assert days[1]["slots"][0]["label"] == "8\u00a0h–9\u00a0h"
    assert days[1]["slots"][0]["label_long"] == "de 8\u00a0h à 9\u00a0h"
    assert days[1]["slots"][0]["price"] == Decimal("5.90")
    assert days[1]["slots"][10]["price"] == Decimal("7.90")


def test_twice_the_days_and_holds_cost_one_query_still(clock, django_assert_num_queries):
    zone = ZoneFactory(slot_capacity=1)
    generate_slots(days=14)
    for n, slot in enumerate(Slot.objects.all()[:40]):
        hold_slot(slot_id=slot.pk, holder=f"panier-{n}")

    with django_assert_num_queries(1):
        assert len(cells(zone, holder="panier-3")) > 100


def test_a_late_evening_slot_belongs_to_its_local_day(clock):
    """23:30 UTC in summer is tomorrow in Paris, and the other way round for grids kept in UTC."""
    zone = ZoneFactory(opens_at="00:00", closes_at="02:00", open_weekdays="6")
    zone.refresh_from_db()

    generate_slots()

    assert {day["date"].isoweekday() for day in upcoming_days(zone)} == {6}
    assert upcoming_days(zone)[0]["slots"][0]["starts_at"].astimezone(UTC).isoweekday() == 5


@pytest.mark.parametrize("day", [date(2027, 3, 28), date(2026, 10, 25), date(2027, 10, 31)])
def test_a_clock_change_day_shows_all_its_hours(db, day):
    zone = ZoneFactory(open_weekdays="7")
    eve = datetime(day.year, day.month, day.day, tzinfo=PARIS) - timedelta(hours=10)

    with time_machine.travel(eve, tick=False):
        generate_slots(days=2)
        (only,) = upcoming_days(zone, days=2)

    assert only["date"] == day
    assert [cell["hour"] for cell in only["slots"]] == list(range(8, 22))


def test_cells_say_full_held_closed_and_few(slot):
    zone = slot.zone
    few = SlotFactory(starts_at=NOON + timedelta(hours=7), capacity=5, booked=3)
    full = SlotFactory(starts_at=NOON + timedelta(hours=8), capacity=5, booked=5)
    closed = SlotFactory(starts_at=NOON + timedelta(hours=9), is_closed=True)
    late = SlotFactory(starts_at=NOON + timedelta(hours=1))
    hold_slot(slot_id=slot.pk, holder="panier")

    seen = cells(zone, holder="panier")

    assert [pk for pk, cell in seen.items() if cell["is_held"]] == [slot.pk]
    assert [pk for pk, cell in seen.items() if cell["is_full"]] == [full.pk]
    assert {pk for pk, cell in seen.items() if cell["is_closed"]} == {closed.pk, late.pk}
    assert {pk: cell["remaining_few"] for pk, cell in seen.items() if cell["remaining_few"]} == {few.pk: 2}


def test_a_place_held_by_somebody_else_is_not_shown_as_mine(slot):
    hold_slot(slot_id=slot.pk, holder="voisin")

    assert not cells(slot.zone, holder="panier")[slot.pk]["is_held"]
    assert not cells(slot.zone)[slot.pk]["is_held"]


def test_a_slot_filled_by_lapsed_holds_is_shown_free(slot, clock):
    for n in range(5):
        hold_slot(slot_id=slot.pk, holder=f"panier-{n}")
    assert cells(slot.zone)[slot.pk]["is_full"]
    clock.move_to(NOON + HOLD_LASTS)

    assert not cells(slot.zone)[slot.pk]["is_full"]
    assert not cells(slot.zone, holder="panier-1")[slot.pk]["is_held"]
    assert next_free_slot(slot.zone) == slot


def test_slots_that_started_are_gone(slot, clock):
    clock.move_to(slot.starts_at + timedelta(seconds=1))

    assert upcoming_days(slot.zone) == []


def test_the_next_free_slot_skips_full_closed_late_and_foreign_ones(slot, django_assert_num_queries):
    lyon = ZoneFactory(slug="lyon", name="Lyon")
    SlotFactory(starts_at=NOON + timedelta(hours=1))
    Slot.objects.filter(pk=slot.pk).update(booked=5)
    SlotFactory(starts_at=NOON + timedelta(hours=7), is_closed=True)
    SlotFactory(starts_at=NOON + timedelta(hours=8), zone=lyon)
    free = SlotFactory(starts_at=NOON + timedelta(hours=9))

    with django_assert_num_queries(1):
        assert next_free_slot(slot.zone) == free

    Hold.objects.all().delete()
    Slot.objects.all().delete()
    assert next_free_slot(slot.zone) is None


def test_the_fill_of_the_coming_days_is_by_local_day_and_zone(slot, django_assert_num_queries):
    Slot.objects.filter(pk=slot.pk).update(booked=4)
    SlotFactory(starts_at=NOON + timedelta(hours=10), capacity=5)
    SlotFactory(
        starts_at=NOON + timedelta(hours=10), capacity=7, zone=ZoneFactory(name="Bayonne", slug="bayonne")
    )
    SlotFactory(starts_at=NOON + timedelta(hours=9), capacity=50, is_closed=True)
    SlotFactory(starts_at=NOON + timedelta(hours=11), capacity=4, booked=6)  # midnight in Paris
    SlotFactory(starts_at=NOON + timedelta(days=3), capacity=0)
    SlotFactory(starts_at=NOON + timedelta(days=8))

    with django_assert_num_queries(1):
        fill = slot_fill(days=7)

    assert [(str(day["date"]), day["zone"], day["booked"], day["capacity"]) for day in fill] == [
        ("2026-11-26", "Bayonne", 0, 7),
        ("2026-11-26", slot.zone.name, 4, 10),
        ("2026-11-27", slot.zone.name, 6, 4),
        ("2026-11-29", slot.zone.name, 0, 0),
    ]


def test_a_week_of_slots_runs_from_monday_to_sunday_in_local_time(clock):
    zone = ZoneFactory(open_weekdays="1234567", opens_at="00:00", closes_at="02:00")
    zone.refresh_from_db()
    generate_slots(days=14)

    week = week_of_slots(zone, date(2026, 11, 30))

    assert len(week) == 14
    assert {slot.starts_at.astimezone(PARIS).isoweekday() for slot in week} == set(range(1, 8))


@pytest.mark.parametrize("weeks", [1, 2, 9])
def test_the_same_hour_again_is_that_of_the_clock_on_the_wall(clock, weeks, django_assert_num_queries):
    """From summer to winter time, and the next of several weeks."""
    was = datetime(2026, 10, 22, 19, tzinfo=PARIS)
    zone = ZoneFactory()
    first = SlotFactory(zone=zone, starts_at=was)
    days = [was.date() + timedelta(weeks=more) for more in range(weeks, weeks + 3)]
    again = [
        SlotFactory(zone=zone, starts_at=datetime(*day.timetuple()[:3], 19, tzinfo=PARIS)) for day in days
    ]
    SlotFactory(zone=zone, starts_at=again[0].starts_at + timedelta(hours=1))
    SlotFactory(zone=ZoneFactory(slug="lyon"), starts_at=again[0].starts_at)
    clock.move_to(again[0].starts_at - timedelta(days=5))

    with django_assert_num_queries(1):
        assert same_hour_again(first, zone) == again[0]
    Slot.objects.filter(pk=again[0].pk).update(booked=20)
    assert same_hour_again(first, zone) == again[1]
    Slot.objects.filter(pk__in=[again[1].pk, again[2].pk]).update(
        cutoff_at=again[0].starts_at - timedelta(days=6)
    )
    assert same_hour_again(first, zone) is None
