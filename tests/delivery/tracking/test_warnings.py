"""Who is told that they will be late though no van has them yet, and how often anybody is told."""

import logging

import pytest
import time_machine

from delivery.rounds import services as rounds
from delivery.rounds.models import Drop, LeftOut, Round, Stop
from delivery.tracking import services, tasks
from delivery.tracking.models import LateNotice
from tests.delivery.rounds.fleet import AFTERNOON, drop, planned, shift, slot
from tests.delivery.tracking.road import facts, minutes, moved, out

pytestmark = pytest.mark.django_db
BEFORE = AFTERNOON - minutes(90)


def told():
    return [(one["order_reference"], one["expected_epoch"]) for one in facts("tracking.DelayForeseen")]


def test_whoever_no_van_has_is_told_shortly_before_their_slot_once():
    one = drop(hour=15)
    planned(one, now=BEFORE)
    assert LeftOut.objects.get().drop == one

    services.warn_unplanned(now=slot(15) - minutes(46))
    assert not told()

    services.warn_unplanned(now=slot(15) - minutes(44))
    services.warn_unplanned(now=slot(15) - minutes(43))

    assert told() == [(one.order_reference, 0)]


def test_whoever_a_plan_can_only_deliver_late_is_told_when():
    one = drop(hour=15)
    shift(hours=(16, 22))
    planned(one, now=BEFORE)
    stop = Stop.objects.get()
    assert stop.arrives_at > one.slot_ends_at

    services.warn_unplanned(now=slot(15) - minutes(30))

    assert told() == [(one.order_reference, int(stop.arrives_at.timestamp()))]


def test_nobody_is_told_of_what_was_called_off_or_is_long_over():
    off, over = drop(hour=15), drop(hour=14)
    planned(off, now=BEFORE)
    rounds.cancel_drop(order_reference=off.order_reference)

    services.warn_unplanned(now=slot(15) - minutes(30))
    assert told() == [(over.order_reference, 0)]

    LateNotice.objects.all().delete()
    services.warn_unplanned(now=slot(15) + minutes(6 * 60 + 1))
    assert len(told()) == 1


def test_whoever_moved_to_another_slot_is_told_of_a_delay_there_too():
    run = out(15)
    services.tick(run_id=run.pk, now=slot(16) + minutes(20))
    services.tick(run_id=run.pk, now=slot(16) + minutes(25))
    one = Drop.objects.get()
    assert len(told()) == 1

    services.call_back(order_reference=one.order_reference)
    moved(one, 20)
    on = shift(hours=(18, 22))
    planned(one, now=slot(18))
    again = services.open_run(courier_id=on.courier_id, round_id=Round.objects.get(shift=on).pk, now=slot(19))
    services.tick(run_id=again.pk, now=slot(21) + minutes(20))
    services.tick(run_id=again.pk, now=slot(21) + minutes(25))

    assert [reference for reference, _at in told()] == [one.order_reference] * 2
    assert set(LateNotice.objects.values_list("slot_starts_at", flat=True)) == {slot(15), slot(20)}


def test_a_run_that_fails_keeps_no_other_from_being_estimated(monkeypatch, caplog):
    first, second = out(15), out(16)
    real = services.tick

    def tick(*, run_id, now):
        if run_id == first.pk:
            raise RuntimeError("Élodie Martin, 3 rue des Lilas")
        real(run_id=run_id, now=now)

    monkeypatch.setattr(tasks.services, "tick", tick)

    with time_machine.travel(slot(17) + minutes(30)), caplog.at_level(logging.ERROR):
        tasks.tick()

    assert [reference for reference, _at in told()] == [second.visits.get().drop.order_reference]
    assert "RuntimeError" in caplog.text and "Élodie" not in caplog.text
