from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.insights.recovery.episodes import BadEpisode, Cost, Kind, own_rhythm
from tests.crm.insights.recovery.telling import FEE, LATE, episode, incident


@pytest.mark.parametrize(
    "said",
    [
        {"orders_so_far": 0},
        {"observed_days": -1},
        {"basket": Decimal("-0.01")},
        {"returned_after_days": -1},
        {"returned_after_days": 91},
        {"next_incident_after_days": 91},
        {"days_since_incident": -1},
        {"rhythm_days": 0},
        {"remedies": (FEE,)},
        {"costs": (Cost(LATE, Kind.REFUND, Decimal(3)),)},
        {"causes": ("Incomplète",), "costs": (Cost(LATE, Kind.REFUND, Decimal(3)),)},
    ],
)
def test_episode_that_contradicts_itself_is_refused(said):
    with pytest.raises(BadEpisode):
        episode(**said)


def test_order_with_a_cause_is_an_incident():
    assert incident().is_incident
    assert not episode().is_incident


def test_return_on_the_last_day_of_the_horizon_counts():
    assert episode(returned_after_days=30).returned_within(30)
    assert not episode(returned_after_days=31).returned_within(30)
    assert not episode().returned_within(30)


@pytest.mark.parametrize("gaps", [[], [14]])
def test_newcomer_has_no_rhythm_yet(gaps):
    assert own_rhythm(gaps) is None


def test_rhythm_is_the_median_gap():
    assert own_rhythm([10, 40, 12]) == 12


@given(st.lists(st.integers(min_value=0, max_value=400), min_size=2))
def test_rhythm_is_never_below_a_week(gaps):
    assert own_rhythm(gaps) >= 7
