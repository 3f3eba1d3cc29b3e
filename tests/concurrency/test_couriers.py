"""A phone that repeats itself from two pages at once, and staff who copy a week twice."""

from datetime import date

import pytest
from django.db import IntegrityError

from delivery.rounds import services as rounds
from delivery.rounds.models import Shift
from delivery.rounds.services import shifts
from delivery.tracking.services import reports
from tests.concurrency.racing import meet_before, together, without_row_locks
from tests.delivery.rounds.fleet import shift
from tests.delivery.tracking.phone import EVENT, JSON, at, fields, phone
from tests.delivery.tracking.road import START, minutes, out, visit

pytestmark = pytest.mark.django_db(transaction=True)
MONDAY = date(2026, 11, 23)


def repeated(run):
    """One event, sent by two pages at once; what each heard."""
    clients = [phone(run) for _each in range(2)]
    event = fields(run, "arrived", 1)
    with at(START + minutes(30)):
        return together(2, lambda n: clients[n].post(EVENT, event, headers=JSON).json()["outcome"])


def test_an_event_sent_twice_at_once_is_taken_once():
    run = out(15)

    assert repeated(run) == ["taken", "taken"]
    assert run.events.filter(kind="arrived").count() == 1
    assert visit(run, 1).state == "arrived"


def test_control_without_the_lock_of_the_run_one_of_both_fails(monkeypatch):
    run = out(15)
    without_row_locks(monkeypatch)
    meet_before(monkeypatch, reports, "_apply", 2)

    answers = repeated(run)

    assert [answer for answer in answers if isinstance(answer, IntegrityError)]


def test_a_week_copied_twice_at_once_is_copied_once():
    for hours in ((7, 13), (14, 21)):
        shift(hours=hours)

    answers = together(2, lambda _n: rounds.copy_week(monday=MONDAY))

    assert sorted(answers) == [(0, 2), (2, 0)]
    assert Shift.objects.count() == 4


def test_control_without_the_lock_of_couriers_one_copy_fails(monkeypatch):
    shift(hours=(7, 13))
    without_row_locks(monkeypatch)
    meet_before(monkeypatch, shifts, "_a_week_later", 2)

    answers = together(2, lambda _n: rounds.copy_week(monday=MONDAY))

    assert [answer for answer in answers if isinstance(answer, IntegrityError)]
