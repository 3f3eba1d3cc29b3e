from decimal import Decimal

import pytest

from crm.insights.recovery.matching import (
    COMPARABLES_AT_LEAST,
    VARIABLES,
    WASHOUT_DAYS,
    class_of,
    comparables,
    is_too_recent,
    is_touched,
)
from tests.crm.insights.recovery.telling import episode, incident, several


def same_class(one, other):
    return class_of(episode(**one), VARIABLES) == class_of(episode(**other), VARIABLES)


@pytest.mark.parametrize(
    ("name", "alike", "apart"),
    [
        ("orders_so_far", (4, 9), (9, 10)),
        ("orders_so_far", (10, 400), (1, 2)),
        ("rhythm_days", (8, 14), (14, 15)),
        ("rhythm_days", (31, 300), (7, None)),
        ("zone", ("Centre", "Centre"), ("Centre", "Plaine")),
        ("basket", (Decimal("60.01"), Decimal(100)), (Decimal(60), Decimal("60.01"))),
    ],
)
def test_classes_are_cut_where_they_are_said_to_be(name, alike, apart):
    assert same_class({name: alike[0]}, {name: alike[1]})
    assert not same_class({name: apart[0]}, {name: apart[1]})


def test_order_is_too_recent_even_when_its_customer_returned_already():
    """To keep the quick ones and drop the others would flatter."""
    assert is_too_recent(episode(observed_days=29, returned_after_days=3), 30)
    assert not is_too_recent(episode(observed_days=30), 30)


@pytest.mark.parametrize("make", [episode, incident])
def test_incident_shortly_before_bars_both_sides_alike(make):
    assert is_touched(make(days_since_incident=WASHOUT_DAYS - 1), 30)
    assert not is_touched(make(days_since_incident=WASHOUT_DAYS), 30)


def test_incident_that_comes_before_the_return_bars_a_customer_without():
    assert is_touched(episode(next_incident_after_days=4), 30)
    assert is_touched(episode(next_incident_after_days=4, returned_after_days=5), 30)
    assert not is_touched(episode(next_incident_after_days=31), 30)


def test_incident_of_the_order_that_was_the_return_bars_nobody():
    assert not is_touched(episode(returned_after_days=4, next_incident_after_days=4), 30)
    assert not is_touched(episode(returned_after_days=4, next_incident_after_days=20), 30)


def test_second_incident_is_part_of_the_first_ones_story():
    assert not is_touched(incident(next_incident_after_days=4), 30)


def test_comparables_are_counted_by_customer_not_by_order():
    one_customer = several(COMPARABLES_AT_LEAST, 1, customer_id=0)
    key = class_of(one_customer[0], VARIABLES)

    assert not comparables(one_customer, VARIABLES, 30).has_enough(key)
    assert comparables(several(COMPARABLES_AT_LEAST, 0), VARIABLES, 30).has_enough(key)
    assert not comparables([], VARIABLES, 30).has_enough(key)
