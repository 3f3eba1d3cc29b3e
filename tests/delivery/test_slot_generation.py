"""Slots come from the hours of their zone."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from config.models import JobRun
from delivery.slots import tasks
from delivery.slots.models import Slot
from delivery.slots.rules import PARIS
from delivery.slots.services import generate_slots
from tests.delivery.slots import NOON
from tests.factories import ZoneFactory


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
