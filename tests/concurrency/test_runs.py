"""A phone replays its queue twice at once; two phones speak for one courier; two ticks warn one customer."""

from uuid import uuid4

import pytest
from django.db import IntegrityError

from delivery.rounds.models import Round
from delivery.tracking import services
from delivery.tracking.models import CourierEvent, LateNotice, Run, Visit
from delivery.tracking.services import reports
from tests.concurrency.racing import meet_after, together, without_row_locks
from tests.delivery.rounds.fleet import AFTERNOON, drop, planned, shift, slot
from tests.delivery.tracking.road import START, facts, minutes, out, visit

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


def queue_of(run):
    """What the phone kept while it had no network: two doors, in order."""
    first, second = visit(run, 1).pk, visit(run, 2).pk
    said = [
        ("arrived", first, 0), ("delivered", first, 4), ("arrived", second, 15), ("delivered", second, 19),
    ]  # fmt: skip
    return [
        services.Said(key=uuid4(), kind=kind, run_id=run.pk, at=slot(15) + minutes(after), visit_id=visit_id)
        for kind, visit_id, after in said
    ]


def replayed(run, queue):
    return [
        services.report(courier_id=run.courier_id, said=said, now=slot(16)).refused_because for said in queue
    ]


def test_a_queue_that_is_replayed_twice_at_once_counts_once():
    run = out(15, 15)
    queue = queue_of(run)

    answers = together(4, lambda _n: replayed(run, queue))

    assert answers == [[""] * 4] * 4
    assert CourierEvent.objects.filter(run=run).count() == 5
    assert len(facts("tracking.DeliveryMade")) == 2
    assert len(facts("tracking.DeliveryArrived")) == 2


def test_control_without_the_runs_lock_a_queue_is_taken_twice(monkeypatch):
    run = out(15, 15)
    said = queue_of(run)[0]
    without_row_locks(monkeypatch)
    meet_after(monkeypatch, reports, "_refusal", 2)

    answers = together(2, lambda _n: replayed(run, [said]))

    # Both looked and found nothing: all that is left between one event and two is that its key is unique.
    assert sum(isinstance(answer, IntegrityError) for answer in answers) == 1


def test_two_phones_that_end_one_stop_end_it_once():
    run = out(15)
    door = visit(run, 1).pk

    def end(n):
        kind = "delivered" if n % 2 else "absent"
        said = services.Said(key=uuid4(), kind=kind, run_id=run.pk, at=slot(15), visit_id=door)
        return services.report(courier_id=run.courier_id, said=said, now=slot(15)).refused_because

    answers = together(6, end)

    assert sorted(answers) == [""] + ["not_open"] * 5
    assert len(facts("tracking.DeliveryMade")) + len(facts("tracking.DeliveryFailed")) == 1


def test_two_taps_open_a_round_once():
    one = drop(hour=15)
    on = shift(hours=(13, 22))
    planned(one, now=AFTERNOON - minutes(90))
    round_id = Round.objects.get().pk

    answers = together(
        4, lambda _n: services.open_run(courier_id=on.courier_id, round_id=round_id, now=START).pk
    )

    assert len(set(answers)) == 1
    assert Run.objects.count() == Visit.objects.count() == 1


def test_ticks_at_once_tell_a_delay_once():
    run = out(15)

    answers = together(6, lambda _n: services.tick(run_id=run.pk, now=slot(16) + minutes(20)))

    assert answers == [None] * 6
    assert LateNotice.objects.count() == 1
    assert len(facts("tracking.DelayForeseen")) == 1
