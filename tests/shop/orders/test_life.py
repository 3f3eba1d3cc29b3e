"""Anything in any order: place, amend, pick, weigh, replace, recall, charge, refund, cancel."""

import pytest

from tests.shop.orders.living import RUNS, a_life, live  # noqa: F401

pytestmark = pytest.mark.django_db
EVERY_RULE = [
    "place", "amend", "cancel", "start", "pick", "correct", "weigh", "substitute", "tell", "answer", "recall", "pack", "capture",
    "give back", "refund",
]  # fmt: skip
# Parts are shared out over the workers; together they take 5,000 steps and more, each rule at least 200 times.
PARTS = 5
STEPS, EACH_RULE = 5000 // PARTS, 200 // PARTS
MOST_TURNS = 20


def rare():
    return {name: RUNS[name] for name in EVERY_RULE if RUNS[name] < EACH_RULE}


def test_a_short_life():
    live(4, 40)

    assert {"place", "amend", "cancel", "start", "pick", "pack"} <= set(RUNS)


@pytest.mark.parametrize(
    "part",
    [pytest.param(part, marks=pytest.mark.soak if part else pytest.mark.heavy) for part in range(PARTS)],
)
def test_a_long_life(part):
    """How often each rule was run is printed."""
    turn = 0
    while (RUNS["steps"] < STEPS or rare()) and turn < MOST_TURNS:
        live(5, 50, part * MOST_TURNS + turn)
        turn += 1
    print("\n" + "\n".join(f"{number:6} {name}" for name, number in sorted(RUNS.items())))

    assert RUNS["steps"] >= STEPS
    assert rare() == {}
