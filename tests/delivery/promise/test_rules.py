"""What is late, what is absent, what is given: arithmetic alone."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.promise import rules
from delivery.promise.rules import (
    CUMULATED,
    GRANTED,
    NOT_DUE,
    STAFF,
    STANDS,
    Standing,
    is_broken,
    judge,
    seconds_between,
    week_of,
)
from tests.delivery.promise.promising import PARIS, SLOT_ENDS, facts, terms

NOW = SLOT_ENDS + timedelta(days=2)
ENDLESS = {"given": lambda _terms: 0, "spend": lambda _terms, _cents: True, "now": NOW}
late_by = st.integers(-3600, 4 * 3600)


def verdicts(known, *versions, standing=(), **how):
    found = judge(known, versions, standing=standing, **ENDLESS | how)
    return {one.terms.rule: one for one in found}


def said(known, *versions, **how):
    return {key: one.said for key, one in verdicts(known, *versions, **how).items()}


def test_thirty_minutes_are_not_late_and_a_second_more_is():
    at_most, more = (facts(arrived_at=SLOT_ENDS + timedelta(minutes=30, seconds=s)) for s in (0, 1))

    assert said(at_most, terms()) == {"retard": NOT_DUE}
    assert said(more, terms()) == {"retard": GRANTED}


@given(late_by, st.integers(0, 180))
def test_late_is_strictly_more_than_so_many_minutes(seconds, minutes):
    known = facts(arrived_at=SLOT_ENDS + timedelta(seconds=seconds))

    assert is_broken(terms(late_minutes=minutes), known) == (seconds > minutes * 60)


@given(late_by, st.integers(0, 999_999))
def test_less_than_a_second_is_none(seconds, microseconds):
    known = facts(arrived_at=SLOT_ENDS + timedelta(seconds=seconds, microseconds=microseconds))

    assert known.seconds_late == seconds


CLOCK_CHANGES = [datetime(2027, 3, 28, 1, 30), datetime(2026, 10, 25, 1, 30), datetime(2027, 10, 31, 1, 30)]


@pytest.mark.parametrize("naive", CLOCK_CHANGES, ids=str)
@given(seconds=st.integers(0, 3 * 3600))
def test_when_clocks_change_what_passed_counts_and_not_what_they_show(naive, seconds):
    ends = naive.replace(tzinfo=PARIS)
    arrives = (ends.astimezone(ZoneInfo("UTC")) + timedelta(seconds=seconds)).astimezone(PARIS)

    known = facts(slot_starts_at=ends - timedelta(hours=1), slot_ends_at=ends, arrived_at=arrives)

    assert known.seconds_late == seconds
    assert is_broken(terms(), known) == (seconds > 1800)


def test_clocks_on_the_wall_would_be_wrong_that_night():
    ends, arrives = datetime(2026, 10, 25, 2, 50, tzinfo=PARIS), datetime(2026, 10, 25, 3, 10, tzinfo=PARIS)

    assert arrives - ends == timedelta(minutes=20)
    assert seconds_between(ends, arrives) == 80 * 60


@given(st.integers(0, 20), st.integers(1, 20))
def test_units_count_from_the_threshold_on(units, least):
    version = terms(trigger="incomplete", late_minutes=0, least_units=least)

    assert is_broken(version, facts(units_ordered=30, units_missing=units)) == (units >= least)


def test_a_pickup_that_is_ready_at_its_start_is_not_late_and_a_second_after_is():
    start = SLOT_ENDS - timedelta(hours=1)
    version = terms(trigger="not_ready")

    ready = facts(is_collect=True, ready_at=start, arrived_at=None)
    late = facts(is_collect=True, ready_at=start + timedelta(seconds=1), arrived_at=None)
    never = facts(is_collect=True, ready_at=None, arrived_at=None)

    assert said(ready, version) == {}
    assert said(late, version) == {"retard": GRANTED}
    assert said(never, version) == {"retard": GRANTED}


def test_nobody_waits_for_a_driver_at_a_pickup_point_nor_for_crates_at_the_door():
    assert said(facts(is_collect=True, arrived_at=None), terms()) == {}
    assert said(facts(ready_at=None), terms(trigger="not_ready")) == {}


def test_before_all_is_known_nothing_is_said():
    on_its_way = facts(arrived_at=None, units_missing=5)
    versions = [terms(), terms("absents", 2, trigger="incomplete", least_units=2)]

    assert said(on_its_way, *versions, now=SLOT_ENDS + timedelta(hours=11, minutes=59)) == {}
    assert said(on_its_way, *versions, now=SLOT_ENDS + timedelta(hours=12)) == {"absents": GRANTED}


def test_damage_is_known_as_soon_as_it_is_told():
    version = terms("abimes", trigger="damaged", least_units=1, remedy="call", amount_cents=0)

    assert said(facts(arrived_at=None, damaged_units=1), version, now=SLOT_ENDS) == {"abimes": GRANTED}


def test_a_delivery_that_was_free_is_made_good_by_the_next_one():
    version = terms(remedy="delivery_refund", if_free="next_delivery", late_minutes=0)
    late = SLOT_ENDS + timedelta(minutes=1)

    paid = verdicts(facts(arrived_at=late), version)["retard"]
    free = verdicts(facts(arrived_at=late, fee_cents=0), version)["retard"]

    assert (paid.remedy, paid.cents) == ("delivery_refund", 590)
    assert (free.remedy, free.cents) == ("next_delivery", 790)


def test_where_nothing_is_given_for_a_free_delivery_nothing_is_due():
    late = facts(arrived_at=SLOT_ENDS + timedelta(hours=1), fee_cents=0)

    assert said(late, terms(remedy="delivery_refund")) == {"retard": NOT_DUE}


@pytest.mark.parametrize(("rank", "expected"), [(1, {"retard": GRANTED}), (3, {"retard": GRANTED}), (4, {})])
def test_a_rule_for_newcomers_is_for_their_first_three_orders(rank, expected):
    late = facts(arrived_at=SLOT_ENDS + timedelta(hours=1), rank=rank)

    assert said(late, terms(audience="first_three")) == expected


@pytest.mark.parametrize(("audience", "is_collect"), [("delivered", True), ("collected", False)])
def test_a_rule_for_some_is_not_for_others(audience, is_collect):
    known = facts(is_collect=is_collect, units_missing=4)

    assert said(known, terms(trigger="incomplete", least_units=1, audience=audience)) == {}


def in_one_group(*cents, position=1):
    return [
        terms(f"r{n}", position + n, late_minutes=0, amount_cents=amount, group="livraison")
        for n, amount in enumerate(cents)
    ]


BROKEN = facts(arrived_at=SLOT_ENDS + timedelta(hours=1), units_missing=4)


@given(st.lists(st.integers(1, 2000), min_size=1, max_size=5), st.randoms())
def test_of_a_group_the_best_is_given_once_in_whatever_order_it_is_written(cents, shuffled):
    versions = in_one_group(*cents)
    shuffled.shuffle(versions)

    found = verdicts(BROKEN, *versions)

    granted = [one for one in found.values() if one.said == GRANTED]
    assert [one.cents for one in granted] == [max(cents)]
    assert granted[0].terms.rule == f"r{cents.index(max(cents))}"
    assert {one.said for one in found.values()} <= {GRANTED, CUMULATED}


def test_rules_of_no_group_add_up():
    assert said(BROKEN, terms(), terms("autre", 2)) == {"retard": GRANTED, "autre": GRANTED}


@given(st.integers(1, 2000), st.integers(1, 2000))
def test_what_was_given_of_a_group_stands_and_more_is_for_staff(before, now):
    [version] = in_one_group(now)

    found = verdicts(BROKEN, version, standing=[Standing("absents", "livraison", before)])

    expected = (STAFF, rules.BETTER) if now > before else (CUMULATED, "")
    assert (found["r0"].said, found["r0"].why) == expected


@given(late_by, st.booleans())
def test_what_was_given_is_never_taken_back_and_never_given_again(seconds, is_given):
    known = facts(arrived_at=SLOT_ENDS + timedelta(seconds=seconds))

    found = said(known, terms(), standing=[Standing("retard", "alone:retard", 500, is_given)])

    corrected = STANDS if is_given else NOT_DUE
    assert found == ({} if seconds > 1800 else {"retard": corrected})


@pytest.mark.parametrize(
    ("ceiling", "how", "why"),
    [
        ({"most_per_order_cents": 499}, {}, rules.ORDER_CEILING),
        ({"most_per_customer": 2, "customer_days": 30}, {"given": lambda _t: 2}, rules.CUSTOMER_CEILING),
        ({"most_per_week_cents": 1}, {"spend": lambda _t, _c: False}, rules.WEEK_CEILING),
    ],
)
def test_beyond_a_ceiling_staff_decide_and_never_silently_nothing(ceiling, how, why):
    found = verdicts(BROKEN, terms(**ceiling), **how)["retard"]

    assert (found.said, found.why, found.cents) == (STAFF, why, 500)


def test_what_staff_decide_on_keeps_its_group():
    best, second = in_one_group(900, 500)
    found = said(BROKEN, best, second, spend=lambda one, _cents: one.rule != "r0")

    assert found == {"r0": STAFF, "r1": CUMULATED}


def test_money_is_taken_in_the_order_of_rules_whichever_gives_most():
    asked = []

    def spend(one, _cents):
        asked.append(one.rule)
        return True

    versions = [terms(f"r{n}", 10 - n, late_minutes=0, amount_cents=100 + n) for n in range(4)]
    said(BROKEN, *versions, spend=spend)

    assert asked == ["r3", "r2", "r1", "r0"]


def test_an_order_that_was_cancelled_is_promised_nothing():
    known = facts(is_cancelled=True, arrived_at=None, units_missing=9, damaged_units=3)

    assert said(known, terms("abimes", trigger="damaged", least_units=1)) == {}


@pytest.mark.parametrize(
    ("ceilings", "is_bounded"),
    [
        ({}, False),
        ({"most_per_order_cents": 500}, False),
        ({"most_per_customer": 1, "customer_days": 30}, True),
        ({"most_per_week_cents": 100}, True),
        ({"remedy": "call"}, True),
    ],
)
def test_a_rule_is_bounded_by_its_customers_or_by_its_weeks(ceilings, is_bounded):
    assert terms(**ceilings).is_bounded is is_bounded


@settings(max_examples=50)
@given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)))
def test_a_week_starts_on_monday_in_paris(naive):
    at = naive.replace(tzinfo=PARIS)

    monday = week_of(at.astimezone(ZoneInfo("UTC")))

    assert monday.weekday() == 0 and 0 <= (naive.date() - monday).days < 7
