"""Anything in any order: place, amend, pick, weigh, replace, recall, charge, refund, cancel."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from crm.desk.services import publish_page
from crm.outbox.letters import Letter
from tests.shop.orders.guards import GUARDS
from tests.shop.orders.living import RUNS, Life

pytestmark = pytest.mark.django_db
EVERY_RULE = [
    "place", "amend", "cancel", "start", "pick", "weigh", "substitute", "tell", "answer", "recall", "pack", "capture",
    "give back", "refund",
]  # fmt: skip


@pytest.fixture(autouse=True)
def brief_letters(monkeypatch):
    """Letters are queued as ever; what they look like is told elsewhere, and takes most of the time."""
    monkeypatch.setattr("crm.outbox.services.render", lambda *_: Letter("Objet", "<p>Lettre</p>", "Lettre"))


def live(histories, steps):
    RUNS.clear()
    publish_page(slug="cgv", title="CGV", body="Conditions de vente.")
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=histories, stateful_step_count=steps, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck), phases=[Phase.generate],
        ),
    )  # fmt: skip
    print("\n" + "\n".join(f"{number:6} {name}" for name, number in sorted(RUNS.items())))


def test_a_short_life():
    live(12, 40)

    assert {"place", "amend", "cancel", "start", "pick", "pack"} <= set(RUNS)


@pytest.mark.heavy
@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.__name__)
def test_without_a_guard_the_machine_finds_out(guard, monkeypatch):
    guard(monkeypatch)

    caught = None
    try:
        live(60, 50)
    except Exception as fault:
        caught = fault

    assert caught is not None


@pytest.mark.heavy
def test_a_long_life():
    """5,000 steps and more, each rule at least 200 times; how often each was run is printed."""
    live(160, 60)

    assert RUNS.total() >= 5000
    assert {name: RUNS[name] for name in EVERY_RULE if RUNS[name] < 200} == {}
