"""A broken promise is made good for exactly once, whoever decides at once, and no ceiling is passed."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from delivery.promise import ports, queries, services
from delivery.promise.models import Compensation, Decision, Outcome, RuleWeek
from delivery.promise.rules import week_of
from delivery.promise.services import deciding, weeks
from tests.concurrency.racing import meet_after, together, without_row_locks
from tests.delivery.promise.promising import an_hour_ago, arrived, opened, packed, rule
from tests.factories import CustomerFactory, UserFactory, ZoneFactory

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
WORKERS, ORDERS = 6, 8


def late(**about):
    return arrived(packed(opened(**about)), minutes=45)


def decide(outcome):
    return services.decide(order_reference=outcome.order_reference)


def states():
    return sorted(Compensation.objects.values_list("state", flat=True))


# --- two workers grant ----------------------------------------------------------------------------


def test_however_many_workers_decide_one_compensation_is_granted():
    rule(most_per_week_cents=100_000)
    outcome = late()

    answers = together(WORKERS, lambda _n: decide(outcome))

    assert sorted(len(answer) for answer in answers) == [0] * (WORKERS - 1) + [1], answers
    assert states() == ["granted"] and Decision.objects.count() == 1
    assert RuleWeek.objects.get().spent_cents == 500


def test_control_without_the_outcomes_lock_two_workers_come_to_grant_it(monkeypatch):
    # Of what costs nothing no week is counted, whose row would keep one of both waiting.
    monkeypatch.setattr(ports, "_bound", {"call"})
    rule(remedy="call", amount_cents=None)
    outcome = late()
    without_row_locks(monkeypatch)
    meet_after(monkeypatch, queries, "last_sentences", 2)

    answers = together(2, lambda _n: decide(outcome))

    # The unique row is the last guard: one of both has gone all the way and failed at it.
    assert sum(isinstance(answer, IntegrityError) for answer in answers) == 1, answers
    assert states() == ["granted"]


# --- a correction during the grant ----------------------------------------------------------------


def correct(outcome, by_id):
    return services.correct_arrival(
        order_reference=outcome.order_reference, at=outcome.slot_ends_at, by_id=by_id
    )


def settle():
    """What the task does with what is owed a decision."""
    for reference in queries.undecided(timezone.now(), limit=100):
        services.decide(order_reference=reference)


def test_a_correction_during_the_grant_comes_before_it_or_is_told_after_it():
    rule()
    by = UserFactory(staff=True).pk
    for _n in range(10):
        outcome = late()

        answers = together(2, lambda n, outcome=outcome: correct(outcome, by) if n else decide(outcome))
        settle()

        assert not [answer for answer in answers if isinstance(answer, Exception)], answers
        last = outcome.decisions.first()
        if outcome.compensations.exists():
            assert last.verdict == Decision.Verdict.STANDS
        else:
            assert last is None


def test_control_without_the_lock_a_grant_stands_on_what_was_corrected_and_nobody_ever_says_so(monkeypatch):
    rule()
    by, outcome = UserFactory(staff=True).pk, late()
    without_row_locks(monkeypatch)
    has_read, is_corrected = threading.Event(), threading.Event()
    real = deciding._in_force

    def read_then_corrected(found):
        has_read.set()
        assert is_corrected.wait(30)
        return real(found)

    monkeypatch.setattr(deciding, "_in_force", read_then_corrected)

    def both(n):
        if n == 0:
            return decide(outcome)
        assert has_read.wait(30)
        correct(outcome, by)
        is_corrected.set()
        return None

    together(2, both)
    settle()

    outcome.refresh_from_db()
    assert outcome.is_on_time and outcome.compensations.count() == 1
    assert outcome.decisions.get().verdict == Decision.Verdict.GRANTED


# --- ceilings -------------------------------------------------------------------------------------


def decided_together(**about):
    zone = ZoneFactory()
    outcomes = [late(zone=zone, **about) for _n in range(ORDERS)]
    return together(ORDERS, lambda n: decide(outcomes[n]))


def test_a_rule_never_gives_more_in_a_week_than_its_ceiling_and_staff_decide_on_the_rest():
    rule(most_per_week_cents=1700)

    answers = decided_together(ends_at=an_hour_ago())

    assert not [answer for answer in answers if isinstance(answer, Exception)], answers
    assert states() == ["granted"] * 3 + ["to_decide"] * (ORDERS - 3)
    assert RuleWeek.objects.get().spent_cents == 1500


def test_control_without_the_condition_in_the_statement_the_week_gives_too_much(monkeypatch):
    retard = rule(most_per_week_cents=1700)
    met = threading.Barrier(ORDERS)

    def read_then_write(week, cents, most):
        has_room = week.get().spent_cents <= most - cents
        met.wait(30)
        return week if has_room else week.none()

    monkeypatch.setattr(weeks, "_with_room", read_then_write)
    # Its row is there: whoever inserts it would keep the others waiting.
    ends_at = an_hour_ago()
    RuleWeek.objects.create(rule=retard, monday_on=week_of(ends_at - timedelta(hours=1)))

    decided_together(ends_at=ends_at)

    assert states() == ["granted"] * ORDERS
    assert RuleWeek.objects.get().spent_cents == 500 * ORDERS


def test_a_customer_is_given_no_more_than_their_ceiling():
    rule(most_per_customer=2, customer_days=30)

    answers = decided_together(customer=CustomerFactory())

    assert not [answer for answer in answers if isinstance(answer, Exception)], answers
    assert states() == ["granted"] * 2 + ["to_decide"] * (ORDERS - 2)


def test_control_without_the_customers_lock_nobody_sees_what_the_others_give(monkeypatch):
    rule(most_per_customer=2, customer_days=30)
    without_row_locks(monkeypatch)
    meet_after(monkeypatch, queries, "given_to", ORDERS)

    decided_together(customer=CustomerFactory())

    assert states() == ["granted"] * ORDERS


# --- facts at once --------------------------------------------------------------------------------


def test_an_arrival_told_by_many_at_once_is_one():
    outcome = packed(opened())
    at = outcome.slot_ends_at

    answers = together(
        WORKERS, lambda _n: services.record_arrival(order_reference=outcome.order_reference, at=at)
    )

    assert sorted(answers) == [False] * (WORKERS - 1) + [True], answers
    assert outcome.arrivals.count() == 1


def test_opened_by_many_at_once_it_is_one():
    customer, zone = CustomerFactory(), ZoneFactory()

    answers = together(WORKERS, lambda _n: opened("CB-1", customer=customer, zone=zone).pk)

    assert len(set(answers)) == 1, answers
    assert Outcome.objects.count() == 1


def test_damage_told_by_many_at_once_adds_up_once_for_each_occasion():
    outcome = packed(opened())

    answers = together(
        WORKERS,
        lambda n: services.record_damage(
            order_reference=outcome.order_reference, units=1, occasion=f"signalement-{n % 3}"
        ),
    )

    outcome.refresh_from_db()
    assert answers.count(True) == 3 and outcome.damaged_units == 3


def test_granted_and_refused_by_staff_at_once_it_is_one_of_both():
    rule(most_per_week_cents=1)
    by = UserFactory(staff=True).pk
    for _n in range(6):
        [waiting] = decide(late())

        def end(which, waiting=waiting):
            if which:
                return services.grant_by_staff(compensation_id=waiting.pk, why="goodwill", by_id=by)
            return services.refuse_by_staff(compensation_id=waiting.pk, why="wrong_data", by_id=by)

        answers = together(2, end)

        assert sum(isinstance(answer, services.CompensationMoved) for answer in answers) == 1, answers
        waiting.refresh_from_db()
        assert waiting.state == ("granted" if isinstance(answers[1], Compensation) else "refused")
