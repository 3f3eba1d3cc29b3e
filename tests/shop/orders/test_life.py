"""Anything in any order: place, amend, pick, weigh, replace, recall, charge, refund, cancel."""

import pytest

from tests.shop.orders.living import RUNS, brief_letters, live  # noqa: F401

pytestmark = pytest.mark.django_db
EVERY_RULE = [
    "place", "amend", "cancel", "start", "pick", "weigh", "substitute", "tell", "answer", "recall", "pack", "capture",
    "give back", "refund",
]  # fmt: skip


def test_a_short_life():
    live(12, 40)

    assert {"place", "amend", "cancel", "start", "pick", "pack"} <= set(RUNS)


@pytest.mark.heavy
def test_a_long_life():
    """5,000 steps and more, each rule at least 200 times; how often each was run is printed."""
    live(170, 50)

    assert RUNS.total() >= 5000
    assert {name: RUNS[name] for name in EVERY_RULE if RUNS[name] < 200} == {}
