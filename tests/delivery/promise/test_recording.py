"""The public record is counted from what happened, and from nothing else."""

from datetime import UTC, datetime, timedelta

import pytest

from delivery.promise.models import Outcome, WeekRecord
from delivery.promise.services import count_weeks, decide, seed_rules
from tests.factories import CustomerFactory, ZoneFactory

pytestmark = pytest.mark.django_db
SLOT = datetime(2026, 11, 26, 18, tzinfo=UTC)
NOW = SLOT + timedelta(days=2)
HOUR = timedelta(hours=1)


def outcome(number, *, late=None, missing=0, told=0, **fields):
    starts = fields.pop("starts", SLOT)
    usual = {
        "customer": fields.pop("customer", None) or CustomerFactory(), "zone": fields.pop("zone", None) or ZoneFactory(),
        "rank": 5, "units_ordered": 10, "units_missing": missing, "units_told": told, "fee_cents": 590,
        "ready_at": starts - HOUR, "carrier": "cabas",
        "arrived_at": None if late is None else starts + HOUR + timedelta(minutes=late),
    }  # fmt: skip
    return Outcome.objects.create(
        order_reference=f"CB-{number}", slot_starts_at=starts, slot_ends_at=starts + HOUR, **(usual | fields)
    )


def counted(now=NOW):
    count_weeks(now=now)
    return WeekRecord.objects.get()


def test_each_order_is_counted_for_what_it_was():
    outcome(1, late=-10)
    outcome(2, late=0, told=1)
    outcome(3, late=4, rank=1)
    outcome(4, late=31, missing=2)
    outcome(5, late=-5, rank=2)

    record = counted()

    assert (record.orders, record.kept, record.on_time, record.within_5, record.within_30) == (5, 2, 3, 4, 4)
    assert (record.complete, record.lacked, record.told_before) == (3, 2, 1)
    assert (record.first_orders, record.first_kept) == (2, 1)
    assert record.monday_on.isoformat() == "2026-11-23"


def test_the_last_second_of_a_slot_is_on_time_and_the_next_is_not():
    outcome(1, late=0)
    outcome(2, late=1 / 60)

    assert counted().on_time == 1


def test_what_is_not_over_or_was_called_off_in_time_is_not_counted():
    outcome(1, late=-5)
    outcome(2, starts=NOW + HOUR)
    outcome(3, cancelled_at=SLOT - HOUR, ready_at=None)
    outcome(4, starts=NOW - 2 * HOUR)

    assert counted().orders == 1


def test_what_the_shop_called_off_or_nobody_heard_of_was_not_kept():
    outcome(1, cancelled_at=SLOT, is_our_doing=True)
    outcome(2, carrier="cabas")

    record = counted()

    assert (record.orders, record.kept, record.on_time) == (2, 0, 0)
    assert record.complete == 1


def test_a_pickup_is_on_time_when_it_is_ready():
    outcome(1, is_collect=True, ready_at=SLOT, carrier="")
    outcome(2, is_collect=True, ready_at=SLOT + timedelta(minutes=3), carrier="")

    record = counted()

    assert (record.carrier, record.orders, record.on_time, record.within_5) == ("retrait", 2, 1, 2)


def test_a_correction_is_corrected_here_too():
    late = outcome(1, late=40)
    assert counted().on_time == 0

    late.arrived_at = late.slot_ends_at
    late.save()

    assert counted().on_time == 1
    assert WeekRecord.objects.count() == 1


def test_what_was_granted_counts_for_the_week_of_its_slot():
    seed_rules()
    outcome(1, late=40)
    decide(order_reference="CB-1")

    record = counted()

    assert (record.compensations, record.compensation_cents) == (1, 590)


def test_weeks_begin_on_monday_in_paris():
    outcome(1, starts=datetime(2026, 11, 22, 23, 30, tzinfo=UTC), late=0)

    assert counted().monday_on.isoformat() == "2026-11-23"


def test_older_weeks_stand_unless_asked_for():
    outcome(1, starts=SLOT - timedelta(weeks=8), late=0)

    assert count_weeks(now=NOW) == 0
    assert count_weeks(now=NOW, since=(SLOT - timedelta(weeks=9)).date()) == 1


@pytest.mark.parametrize("number", [2, 9])
def test_counting_takes_as_many_statements_for_more_orders(django_assert_max_num_queries, number):
    for n in range(number):
        outcome(n, late=n)

    with django_assert_max_num_queries(7):
        count_weeks(now=NOW)
