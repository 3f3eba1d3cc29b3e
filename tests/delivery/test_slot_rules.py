from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.slots import rules
from delivery.slots.rules import NoSuchLocalTime, is_peak, local_slot_bounds, slot_price

SPRING = date(2027, 3, 28)
AUTUMNS = [date(2026, 10, 25), date(2027, 10, 31)]
instants = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "hour", "starts_at"),
    [
        (date(2026, 11, 26), 19, utc(2026, 11, 26, 18)),
        (date(2026, 7, 1), 19, utc(2026, 7, 1, 17)),
        (SPRING - timedelta(days=1), 8, utc(2027, 3, 27, 7)),
        (SPRING, 8, utc(2027, 3, 28, 6)),
        (SPRING, 3, utc(2027, 3, 28, 1)),
        (AUTUMNS[0], 8, utc(2026, 10, 25, 7)),
        (AUTUMNS[1], 8, utc(2027, 10, 31, 7)),
        (AUTUMNS[0], 1, utc(2026, 10, 24, 23)),
        (date(2026, 12, 31), 23, utc(2026, 12, 31, 22)),
        (date(2026, 1, 1), 0, utc(2025, 12, 31, 23)),
    ],
)
def test_a_slot_is_two_instants_one_hour_apart(day, hour, starts_at):
    assert local_slot_bounds(day, hour) == (starts_at, starts_at + timedelta(hours=1))


def test_an_hour_that_no_clock_shows_is_refused():
    with pytest.raises(NoSuchLocalTime):
        local_slot_bounds(SPRING, 2)


def test_a_slot_that_would_end_in_the_skipped_hour_is_refused():
    with pytest.raises(NoSuchLocalTime):
        local_slot_bounds(SPRING, 1)


@pytest.mark.parametrize("day", AUTUMNS)
def test_an_hour_shown_twice_means_its_first_showing(day):
    starts_at, ends_at = local_slot_bounds(day, 2)

    assert starts_at == datetime(day.year, day.month, day.day, 0, tzinfo=UTC)
    assert ends_at - starts_at == timedelta(hours=1)
    assert starts_at.astimezone(rules.PARIS).fold == 0


@pytest.mark.parametrize("day", [SPRING, *AUTUMNS, date(2026, 11, 26)])
def test_slots_of_a_day_never_overlap(day):
    bounds = []
    for hour in range(24):
        try:
            bounds.append(local_slot_bounds(day, hour))
        except NoSuchLocalTime:
            assert day == SPRING

    assert all(end <= start for (_, end), (start, _) in pairwise(bounds))
    assert len(bounds) == (22 if day == SPRING else 24)


@pytest.mark.parametrize("hour", [-1, 24, 99])
def test_an_hour_outside_the_day_is_refused(hour):
    with pytest.raises(ValueError, match="hour"):
        local_slot_bounds(SPRING, hour)


@given(st.dates(date(2024, 1, 1), date(2035, 12, 31)), st.integers(0, 23))
def test_a_slot_reads_back_as_the_local_hour_it_was_made_from(day, hour):
    try:
        starts_at, ends_at = local_slot_bounds(day, hour)
    except NoSuchLocalTime:
        assert hour in {1, 2}
        return

    local = starts_at.astimezone(rules.PARIS)
    assert (local.date(), local.hour, local.minute) == (day, hour, 0)
    assert ends_at - starts_at == timedelta(hours=1)


@pytest.mark.parametrize(
    ("day", "hour", "peak"),
    [
        (date(2026, 11, 23), 17, False),  # Monday
        (date(2026, 11, 23), 18, True),
        (date(2026, 11, 27), 19, True),  # Friday
        (date(2026, 11, 27), 20, False),
        (date(2026, 11, 28), 8, True),  # Saturday
        (date(2026, 11, 28), 11, True),
        (date(2026, 11, 28), 12, False),
        (date(2026, 11, 28), 19, False),
        (date(2026, 11, 29), 10, False),  # Sunday
        (date(2026, 11, 29), 18, False),
    ],
)
def test_busy_hours_cost_the_peak_price(day, hour, peak):
    assert is_peak(day, hour) is peak
    assert slot_price(day, hour, usual=Decimal("5.90"), peak=Decimal("7.90")) == Decimal(
        "7.90" if peak else "5.90"
    )


def test_a_renewal_is_an_hour_from_now():
    start = utc(2026, 11, 26, 9)

    until = rules.renewed_until(
        created_at=start,
        expires_at=start + timedelta(minutes=60),
        now=start + timedelta(minutes=10),
        cutoff_at=start + timedelta(days=1),
    )

    assert until == start + timedelta(minutes=70)


def test_a_renewal_of_seconds_is_not_worth_a_write():
    start = utc(2026, 11, 26, 9)

    until = rules.renewed_until(
        created_at=start,
        expires_at=start + timedelta(minutes=60),
        now=start + timedelta(seconds=59),
        cutoff_at=start + timedelta(days=1),
    )

    assert until is None


@given(
    created_at=instants,
    steps=st.lists(st.integers(0, 3600), max_size=40),
    cutoff_after_minutes=st.integers(1, 10_000),
)
def test_no_series_of_renewals_passes_three_hours_or_the_cutoff(created_at, steps, cutoff_after_minutes):
    now, cutoff_at = created_at, created_at + timedelta(minutes=cutoff_after_minutes)
    expires_at = rules.held_until(created_at=created_at, now=now, cutoff_at=cutoff_at)

    for seconds in steps:
        now += timedelta(seconds=seconds)
        until = rules.renewed_until(
            created_at=created_at, expires_at=expires_at, now=now, cutoff_at=cutoff_at
        )
        assert until is None or until >= expires_at + rules.WORTH_RENEWING
        expires_at = until or expires_at

    assert expires_at <= created_at + rules.HOLD_LASTS_AT_MOST
    assert expires_at <= cutoff_at


@pytest.mark.parametrize(
    ("capacity", "taken", "said"), [(20, 0, 0), (20, 16, 0), (20, 17, 3), (20, 19, 1), (20, 20, 0), (5, 9, 0)]
)
def test_few_places_are_said_when_few(capacity, taken, said):
    assert rules.few_left(capacity=capacity, taken=taken) == said


def test_hours_are_labelled_in_local_time():
    bounds = local_slot_bounds(date(2026, 7, 1), 19)

    assert rules.hours_label(*bounds) == "19\u00a0h–20\u00a0h"
    assert rules.hours_label_long(*bounds) == "de 19\u00a0h à 20\u00a0h"


@pytest.mark.parametrize("day", [SPRING, *AUTUMNS])
def test_a_clock_change_day_starts_at_its_own_midnight(day):
    hours = rules.local_midnight(day + timedelta(days=1)) - rules.local_midnight(day)

    assert hours == timedelta(hours=23 if day == SPRING else 25)
