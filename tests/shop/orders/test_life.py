"""Anything in any order: place, amend, pick, weigh, replace, recall, charge, refund, cancel."""

import pytest

from tests.shop.orders.living import RUNS, a_life, live  # noqa: F401

pytestmark = pytest.mark.django_db
EVERY_RULE = [
    "place", "amend", "cancel", "start", "pick", "weigh", "substitute", "tell", "answer", "recall", "pack", "capture",
    "give back", "refund",
]  # fmt: skip
# Histories come to 200 of each rule in ten turns or so.
MOST_TURNS = 30


def rare():
    return {name: RUNS[name] for name in EVERY_RULE if RUNS[name] < 200}


def test_a_short_life():
    live(12, 40)

    assert {"place", "amend", "cancel", "start", "pick", "pack"} <= set(RUNS)


@pytest.mark.heavy
def test_a_long_life():
    """5,000 steps and more, each rule at least 200 times; how often each was run is printed."""
    turn = 0
    while (RUNS["steps"] < 5000 or rare()) and turn < MOST_TURNS:
        live(10, 50, turn)
        turn += 1
    print("\n" + "\n".join(f"{number:6} {name}" for name, number in sorted(RUNS.items())))

    assert RUNS["steps"] >= 5000
    assert rare() == {}
