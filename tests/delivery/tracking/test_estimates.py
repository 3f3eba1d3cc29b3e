"""Arrivals as intervals, told from how a round has gone so far."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.tracking.estimates import (
    NARROWEST,
    Leg,
    Pace,
    Reached,
    Seen,
    estimate,
    estimate_onward,
    goes_on_at,
    pace_of,
    seen_of,
)

NOW = datetime(2026, 11, 26, 14, tzinfo=UTC)


def leg(*, drive=600, service=300, starts=0, ends=600):
    """``starts`` and ``ends`` in minutes from now."""
    return Leg(drive, service, NOW + timedelta(minutes=starts), NOW + timedelta(minutes=ends))


def told(legs, **how):
    return estimate(legs, **({"leaves_at": NOW, "not_before": NOW, "pace": Pace()} | how))


def test_each_door_is_reached_once_those_before_are_served():
    first, second = told([leg(), leg()])

    assert first.expected_at == NOW + timedelta(minutes=10)
    assert second.expected_at == NOW + timedelta(minutes=25)


def test_what_lies_further_ahead_is_less_sure():
    estimates = told([leg() for _n in range(8)])

    widths = [one.latest_at - one.earliest_at for one in estimates]
    assert widths == sorted(widths)
    assert widths[-1] > 2 * widths[0]


def test_the_next_door_is_within_twenty_minutes():
    (only,) = told([leg(drive=900)])

    assert only.latest_at - only.earliest_at <= timedelta(minutes=20)


def test_a_courier_who_comes_before_the_slot_waits_for_it():
    first, second = told([leg(starts=60), leg(starts=60)])

    assert first.expected_at == NOW + timedelta(minutes=60)
    assert first.earliest_at == NOW + timedelta(minutes=60)
    assert second.expected_at == NOW + timedelta(minutes=75)


def test_what_should_have_happened_by_now_has_not():
    late = NOW + timedelta(minutes=40)
    first, second = told([leg(), leg()], not_before=late)

    assert first.expected_at == late
    assert second.expected_at == late + timedelta(minutes=15)


@pytest.mark.parametrize(("drove", "least", "most"), [(600, 0.99, 1.01), (1200, 1.4, 2.0), (300, 0.5, 0.8)])
def test_a_pace_is_believed_once_it_was_seen_for_long(drove, least, most):
    assert least <= pace_of([Seen(600, drove)] * 8).drive <= most


def test_one_late_light_after_a_few_minutes_proves_little():
    assert pace_of([Seen(300, 600)]).drive < 1.15


def test_the_latest_legs_count_most():
    slow_then_quick = [Seen(600, 900)] * 5 + [Seen(600, 600)] * 5
    quick_then_slow = [Seen(600, 600)] * 5 + [Seen(600, 900)] * 5

    assert pace_of(quick_then_slow).drive > pace_of(slow_then_quick).drive


def test_whoever_is_likely_late_is_told_from_the_chance():
    sure, doubtful, fine = told([leg(ends=2)])[0], told([leg(ends=10)])[0], told([leg(ends=60)])[0]

    assert sure.late_chance > 0.95
    assert doubtful.late_chance == pytest.approx(0.5)
    assert fine.late_chance < 0.01


def at(minutes):
    return NOW + timedelta(minutes=minutes)


def test_a_leg_is_seen_from_where_it_began_and_without_the_wait_for_its_slot():
    reached = [
        Reached(leg(), at(12), at(20)),
        Reached(leg(starts=60), at(40), at(65)),
        Reached(leg(), at(75)),
    ]

    assert seen_of(reached, left_at=NOW) == [
        Seen(600, 720, 300, 480),
        Seen(600, 1200, 300, 300),
        Seen(600, 600),
    ]


@pytest.mark.parametrize(
    ("reached", "goes_on"),
    [
        ([], 0),
        ([Reached(leg(), at(10), at(16))], 16),
        ([Reached(leg(), at(10), at(16)), Reached(leg(), at(22))], 27),
        ([Reached(leg(starts=60), at(40))], 65),
        ([Reached(leg(), at(10))], 25),
    ],
)
def test_the_courier_goes_on_from_the_depot_or_the_last_door_or_the_one_being_served(reached, goes_on):
    assert goes_on_at(reached, left_at=NOW, now=at(25)) == at(goes_on)


def test_doors_to_come_are_told_from_those_reached():
    (usual,) = estimate_onward([leg()], [Reached(leg(), at(10), at(15))], left_at=NOW, now=at(15))
    (slow,) = estimate_onward([leg()], [Reached(leg(), at(30), at(35))], left_at=NOW, now=at(35))

    assert usual.expected_at == at(25)
    assert slow.expected_at > at(45)


@given(
    st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 1500), st.integers(-60, 300)), max_size=25),
    st.floats(0.5, 2.5),
    st.integers(-120, 120),
)
def test_estimates_are_in_order_within_their_interval_and_never_past(doors, pace, leaves_in):
    legs = [
        leg(drive=drive, service=service, starts=starts, ends=starts + 60) for drive, service, starts in doors
    ]

    estimates = told(legs, leaves_at=NOW + timedelta(minutes=leaves_in), pace=Pace(pace, pace))

    expected = [one.expected_at for one in estimates]
    assert expected == sorted(expected)
    for one, of in zip(estimates, legs, strict=True):
        assert one.earliest_at <= one.expected_at <= one.latest_at
        assert one.latest_at - one.earliest_at >= NARROWEST / 2
        assert one.expected_at >= max(NOW, of.slot_starts_at)
        assert 0 <= one.late_chance <= 1


def test_eight_arrivals_of_ten_fall_within_their_interval():
    """Rounds whose pace differs from the plan by as much as is believed, legs too: the interval holds what it says."""
    dice, within, number = Random(4), 0, 0
    for _round in range(400):
        pace, clock, legs = (
            dice.gauss(1, 0.16),
            NOW,
            [leg(drive=dice.randrange(200, 1200)) for _n in range(12)],
        )
        estimates = told(legs)
        for one, of in zip(estimates, legs, strict=True):
            clock += timedelta(seconds=max(60, of.drive * pace * dice.gauss(1, 0.28)))
            within += one.earliest_at <= clock <= one.latest_at
            number += 1
            clock += timedelta(seconds=max(30, of.service * dice.gauss(1, 0.45)))

    assert 0.75 <= within / number <= 0.9
