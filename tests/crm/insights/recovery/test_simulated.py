"""Does the interval hold the truth? A hundred towns each, in which the truth was planted."""

from functools import cache
from time import process_time

import pytest

from crm.insights.recovery import estimate
from crm.insights.recovery.estimate import recover
from crm.insights.recovery.matching import WASHOUT_DAYS
from tests.crm.insights.recovery.simulating import FEE, NONE, Town, simulate

TOWNS = range(100)
HEAVY_TOWNS = range(1_000, 1_300)
HELD_AT_LEAST, FALSE_ALARMS_AT_MOST = 93, 5


@cache
def runs(effect, towns=TOWNS, is_matched=True, **said):
    """The comparison of each town."""
    how = {} if is_matched else {"variables": ()}
    town = Town({NONE: effect}, **said)
    return [recover(simulate(town, seed), horizon_days=30, **how).overall.comparison for seed in towns]


def held(comparisons, effect):
    """How many intervals hold the truth."""
    intervals = [one.difference.interval for one in comparisons]
    return sum(interval.low <= effect <= interval.high for interval in intervals)


def mean_error(comparisons, effect):
    return sum(one.difference.value - effect for one in comparisons) / len(comparisons)


@pytest.mark.parametrize("effect", [-0.2, 0.0, 0.1])
def test_interval_holds_the_planted_effect(effect):
    found = runs(effect)

    assert held(found, effect) >= HELD_AT_LEAST
    assert abs(mean_error(found, effect)) < 0.02


def test_null_effect_is_seldom_called_real():
    assert sum(one.is_real for one in runs(0.0)) <= FALSE_ALARMS_AT_MOST


@pytest.mark.heavy
def test_attachment_that_no_book_tells_misleads_nobody():
    """Orders of one customer go alike, for a reason that cannot be matched on."""
    found = runs(0.0, moods=0.15, customers=800)

    assert held(found, 0.0) >= HELD_AT_LEAST


def test_large_effect_is_nearly_always_found():
    """An interval that holds everything would pass the tests above."""
    assert sum(one.is_real for one in runs(-0.2)) >= 95


def test_without_matching_the_interval_misses_and_cries_wolf():
    """The control: the same arithmetic on the same towns, everybody in one class."""
    found = runs(0.0, is_matched=False)

    assert held(found, 0.0) < 50
    assert sum(one.is_real for one in found) > 50


@pytest.mark.heavy
def test_each_remedy_has_its_own_effect():
    effects = {FEE: -0.02, NONE: -0.25}
    found = [recover(simulate(Town(effects), seed), horizon_days=30) for seed in TOWNS]

    assert held([one.by_remedy[0].comparison for one in found], effects[FEE]) >= HELD_AT_LEAST
    assert held([one.without_remedy.comparison for one in found], effects[NONE]) >= HELD_AT_LEAST


def comparable_share(towns):
    town = Town({NONE: 0.0}, incident_share=0.2)
    found = [recover(simulate(town, seed), horizon_days=30).overall.comparison for seed in towns]
    return sum(one.comparable.share.value for one in found) / len(found)


def test_barring_by_what_came_after_the_return_would_lower_the_comparables(monkeypatch):
    """Only who orders again can have another incident: to bar those would bar returns, and flatter us."""
    honest = comparable_share(range(10))

    monkeypatch.setattr(estimate, "is_touched", _touched_by_any_later_incident)

    assert comparable_share(range(10)) < honest - 0.03


def _touched_by_any_later_incident(episode, horizon_days):
    before, after = episode.days_since_incident, episode.next_incident_after_days
    return (before is not None and before < WASHOUT_DAYS) or (
        not episode.is_incident and after is not None and after <= horizon_days
    )


@pytest.mark.heavy
@pytest.mark.parametrize("effect", [-0.2, 0.0])
def test_three_hundred_other_towns_agree(effect):
    found = runs(effect, HEAVY_TOWNS)

    assert held(found, effect) >= 291
    assert effect or sum(one.is_real for one in found) <= 9
    assert abs(mean_error(found, effect)) < 0.015


def seconds_for(customers):
    episodes = simulate(Town({NONE: -0.1, FEE: 0.0}, customers=customers), seed=1)
    started = process_time()
    recover(episodes, horizon_days=30)
    return process_time() - started, len(episodes)


@pytest.mark.heavy
def test_time_grows_with_the_orders_not_their_square():
    few, _ = seconds_for(8_000)

    many, episodes = seconds_for(72_000)

    assert episodes > 200_000
    assert many < 20 * few
