"""A plan that is being written meets a dispatcher who locks a round, and an order that changes."""

import threading

import pytest
from django.db import IntegrityError

from delivery.rounds import services
from delivery.rounds.models import Drop, Planning, Round, Stop
from delivery.rounds.services import planning as plans
from tests.concurrency.racing import together, without_row_locks
from tests.delivery.rounds.fleet import AFTERNOON, HOUR, drop, planned, planning_of, shift

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
BEFORE = AFTERNOON - 2 * HOUR


def drafted():
    """A planned half-day, its only round, and another plan of it that is yet to be written."""
    one = drop()
    shift()
    planned(one)
    draft = plans.read(planning_id=planning_of(one).pk, now=BEFORE)
    return Round.objects.get().pk, draft, plans.solve(draft.problem, seed=0)


def test_a_dispatcher_and_a_plan_that_meet_never_both_have_a_round():
    round_id, draft, plan = drafted()

    def work(n):
        if n:
            plans.write(draft, plan)
        else:
            services.lock_round(round_id=round_id)

    locked, written = together(2, work)

    if locked is None:
        assert isinstance(written, services.PlanStale)
        assert Round.objects.get(pk=round_id).stops.count() == 1
    else:
        assert isinstance(locked, Round.DoesNotExist)
        assert written is None
    assert Stop.objects.count() == 1


def test_control_without_the_half_days_lock_the_plan_takes_the_locked_rounds_shift(monkeypatch):
    without_row_locks(monkeypatch)
    looked, locked = threading.Event(), threading.Event()
    real = plans._still_so

    def then_wait(draft):
        planning = real(draft)
        looked.set()
        locked.wait(30)
        return planning

    monkeypatch.setattr(plans, "_still_so", then_wait)
    round_id, draft, plan = drafted()

    def work(n):
        if n:
            plans.write(draft, plan)
        else:
            looked.wait(30)
            services.lock_round(round_id=round_id)
            locked.set()

    answers = together(2, work)

    # What would have been planned twice is stopped by nothing but the database.
    assert answers[0] is None
    assert isinstance(answers[1], IntegrityError)


def test_orders_that_come_at_once_are_all_counted_as_changes():
    planning = planning_of(drop())
    before = planning.changes

    together(6, lambda _n: drop())

    planning.refresh_from_db()
    assert planning.changes == before + 6
    assert Drop.objects.count() == 7
    assert Planning.objects.count() == 1
