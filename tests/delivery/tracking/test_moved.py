"""An order that its customer moves to another slot leaves the van that was loaded for it."""

from unittest import mock

import pytest

from delivery.rounds.models import Round
from delivery.tracking import services
from delivery.tracking.models import LateNotice, Run, Visit
from delivery.tracking.services import runs
from tests.delivery.rounds.fleet import AFTERNOON, drop, planned, shift, slot
from tests.delivery.tracking.road import loaded, minutes, moved, out, say, visit

pytestmark = pytest.mark.django_db


def test_an_order_that_moves_leaves_the_van_that_was_loaded_for_it():
    run = out(15, 16)
    first = visit(run, 1).drop
    moved(first, 18)

    say(run, "arrived", slot(16), 2)

    assert visit(run, 1).state == Visit.State.HANDED_ON
    assert say(run, "delivered", slot(16) + minutes(1), 1).refused_because == "not_open"
    assert not LateNotice.objects.filter(drop=first).exists()


def test_loaded_once_more_for_another_slot_it_is_no_door_of_the_silent_van():
    run = loaded(15)
    one = moved(visit(run, 1).drop, 18)
    on = shift(hours=(13, 22))
    planned(one, now=AFTERNOON - minutes(60))

    again = services.open_run(courier_id=on.courier_id, round_id=Round.objects.get(shift=on).pk, now=slot(15))

    assert [one.state for one in again.visits.all()] == [Visit.State.TO_COME]
    assert visit(run, 1).state == Visit.State.HANDED_ON


def test_a_round_that_was_planned_anew_meanwhile_is_nobody_s(monkeypatch):
    on = shift(hours=(13, 22))
    planned(drop(hour=15), now=AFTERNOON - minutes(90))
    known = Round.objects.get(shift=on)
    # As the half-day is locked at last, another plan is written.
    monkeypatch.setattr(runs.rounds, "lock_round", mock.Mock(side_effect=Round.DoesNotExist))

    with pytest.raises(services.NotYourRound):
        services.open_run(courier_id=on.courier_id, round_id=known.pk, now=slot(15))

    assert not Run.objects.exists()


def test_what_a_phone_said_of_a_door_meanwhile_is_not_undone():
    run = loaded(15)
    moved(visit(run, 1).drop, 18)
    read = [visit(run, 1)]
    Visit.objects.filter(run=run).update(state=Visit.State.DELIVERED)

    runs.withdraw(read)

    assert visit(run, 1).state == Visit.State.DELIVERED
