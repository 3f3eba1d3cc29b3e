"""What is broken is made good for, once, and says why."""

from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.utils import timezone

from config.facts import deliver_all, publish
from delivery.promise import ports, services
from delivery.promise.events import OutcomeChanged
from delivery.promise.models import Compensation, Decision, Rule, RuleVersion, RuleWeek
from delivery.promise.queries import (
    compensations_of,
    compensations_of_order,
    has_open_incident,
    undecided,
)
from delivery.promise.services import NewVersion
from delivery.promise.tasks import decide_due
from tests.delivery.promise.promising import an_hour_ago, arrived, decided, opened, packed, rule
from tests.factories import CustomerFactory, PickupPointFactory, UserFactory

pytestmark = pytest.mark.django_db
State, Verdict = Compensation.State, Decision.Verdict
# One rule grants, another says that nothing is due: savepoint and fact among them.
DECIDED = 17


@pytest.fixture
def shipped():
    services.seed_rules()


def given(outcome):
    return [(one.rule.key, one.remedy, one.amount_cents) for one in outcome.compensations.all()]


def said(outcome):
    """Rule → what was last decided, and its sentence."""
    found = outcome.decisions.select_related("rule").order_by("pk")
    return {one.rule.key: (one.verdict, one.sentence) for one in found}


# --- what ships -----------------------------------------------------------------------------------


def test_late_by_42_minutes_its_delivery_is_given_back_and_says_why(shipped):
    with time_machine.travel("2026-11-26T21:00+01:00"):
        ends = timezone.now().replace(hour=19, minute=0, second=0, microsecond=0)
        outcome = arrived(packed(opened(ends_at=ends)), minutes=42)

        decided(outcome)

    assert given(outcome) == [("retard", "delivery_refund", 590)]
    assert said(outcome)["retard"] == (
        Verdict.GRANTED,
        "Arrivée à 20\u00a0h\u00a042, créneau jusqu’à 20\u00a0h\u202f: 42 minutes de retard, plus de 30, "
        "livraison remboursée (5,90\u00a0€).",
    )


def test_late_by_30_minutes_to_the_second_nothing_is_due_and_says_so(shipped):
    outcome = arrived(packed(opened()), minutes=30)

    decided(outcome)

    assert given(outcome) == []
    verdict, sentence = said(outcome)["retard"]
    assert verdict == Verdict.NOT_DUE
    assert sentence.endswith("30 minutes de retard, pas plus de 30, rien n’est dû.")


def test_a_second_more_and_its_delivery_is_given_back(shipped):
    outcome = arrived(packed(opened()), minutes=30, seconds=1)

    decided(outcome)

    assert given(outcome) == [("retard", "delivery_refund", 590)]
    assert "30 minutes et 1 seconde de retard" in said(outcome)["retard"][1]


def test_an_offered_delivery_is_made_good_by_the_next_one(shipped):
    outcome = arrived(packed(opened(fee_cents=0)), minutes=45)

    decided(outcome)

    assert [(key, remedy) for key, remedy, _cents in given(outcome)] == [("retard", "next_delivery")]
    assert said(outcome)["retard"][1].endswith("prochaine livraison offerte.")


def test_two_absent_articles_give_the_delivery_back_and_one_does_not(shipped):
    one, two = arrived(packed(opened(), missing=1)), arrived(packed(opened(), missing=2))

    decided(one), decided(two)

    assert given(one) == [] and given(two) == [("articles-absents", "delivery_refund", 590)]
    assert said(one)["articles-absents"] == (
        Verdict.NOT_DUE, "1 article absent sur 10, sans avoir été annoncé, moins de 2, rien n’est dû.",
    )  # fmt: skip


def test_what_was_told_early_is_no_broken_promise(shipped):
    outcome = arrived(packed(opened(), told=5))

    decided(outcome)

    assert given(outcome) == [] and said(outcome) == {}


def test_late_and_incomplete_the_delivery_is_given_back_once(shipped):
    outcome = arrived(packed(opened(), missing=3), minutes=60)

    decided(outcome)

    assert given(outcome) == [("retard", "delivery_refund", 590)]
    assert said(outcome)["articles-absents"][0] == Verdict.CUMULATED


def test_a_pickup_that_is_not_ready_at_its_start_gives_a_voucher(shipped):
    outcome = opened(is_collect=True, zone=PickupPointFactory(), fee_cents=0)

    packed(outcome, at=outcome.slot_starts_at + timedelta(minutes=20))
    decided(outcome)

    assert given(outcome) == [("retrait-pas-pret", "voucher", 500)]
    assert "20 minutes d’attente" in said(outcome)["retrait-pas-pret"][1]


def test_a_pickup_that_is_never_ready_is_known_when_its_slot_ends(shipped):
    outcome = opened(
        is_collect=True, zone=PickupPointFactory(), ends_at=timezone.now() + timedelta(minutes=1)
    )
    decided(outcome)
    assert given(outcome) == []

    with time_machine.travel(outcome.slot_ends_at + timedelta(minutes=5)):
        decide_due()

    assert given(outcome) == [("retrait-pas-pret", "voucher", 500)]
    assert "toujours pas prête" in said(outcome)["retrait-pas-pret"][1]


def test_a_life_that_is_shorter_than_promised_gives_a_voucher(shipped):
    outcome = arrived(packed(opened()))

    services.record_life_broken(order_reference=outcome.order_reference, units=1, occasion="signalement-1")
    decided(outcome)

    assert given(outcome) == [("conservation", "voucher", 300)]


def test_what_ships_is_written_once_and_leaves_what_staff_wrote(shipped):
    retard = Rule.objects.get(key="retard")
    NewVersion(trigger="late", late_minutes=10, remedy="voucher", amount_cents=500).of(
        retard, number=2, starts_at=timezone.now()
    ).save()

    services.seed_rules()

    assert Rule.objects.count() == 6 and RuleVersion.objects.count() == 7


# --- a remedy that nobody carries out -------------------------------------------------------------


def test_damage_gives_nothing_where_nobody_calls(shipped, monkeypatch):
    monkeypatch.setattr(ports, "_bound", ports.carried_out() - {"call"})
    outcome = arrived(packed(opened()))
    services.record_damage(order_reference=outcome.order_reference, units=1, occasion="signalement-1")

    decided(outcome)

    assert given(outcome) == [] and said(outcome) == {}


def test_once_somebody_calls_damage_is_answered_by_a_call(shipped, monkeypatch):
    monkeypatch.setattr(ports, "_bound", {*ports.carried_out(), "call"})
    outcome = arrived(packed(opened()))
    services.record_damage(order_reference=outcome.order_reference, units=2, occasion="signalement-1")

    decided(outcome)

    assert given(outcome) == [("articles-abimes", "call", 0)]
    assert "appel dans l’heure" in said(outcome)["articles-abimes"][1]


# --- once -----------------------------------------------------------------------------------------


def test_decided_again_it_grants_nothing_more_and_says_nothing_new(shipped):
    outcome = arrived(packed(opened(), missing=1), minutes=45)
    first = decided(outcome)

    again = decided(outcome)

    assert len(first) == 1 and again == []
    assert outcome.decisions.count() == 2 and outcome.compensations.count() == 1


def test_the_reaction_may_come_twice_and_late(shipped):
    outcome = arrived(packed(opened()), minutes=45)
    deliver_all()

    with transaction.atomic():
        publish(OutcomeChanged(outcome.order_reference))
        publish(OutcomeChanged(outcome.order_reference))
    deliver_all()

    assert given(outcome) == [("retard", "delivery_refund", 590)]


@pytest.mark.parametrize("first", ["packed", "arrived"])
def test_whichever_is_told_first_the_same_is_given(shipped, first):
    outcome = opened()
    steps = {
        "packed": lambda: packed(outcome, missing=2),
        "arrived": lambda: arrived(outcome, minutes=45),
    }
    for name in sorted(steps, key=lambda name: name != first):
        steps[name]()
        deliver_all()

    assert given(outcome) == [("retard", "delivery_refund", 590)]


def test_corrected_to_be_on_time_it_keeps_what_it_was_given(shipped):
    outcome = arrived(packed(opened()), minutes=45)
    decided(outcome)

    services.correct_arrival(
        order_reference=outcome.order_reference, at=outcome.slot_ends_at, by_id=UserFactory(staff=True).pk
    )
    decided(outcome)

    assert given(outcome) == [("retard", "delivery_refund", 590)]
    verdict, sentence = said(outcome)["retard"]
    assert verdict == Verdict.STANDS and sentence.endswith("à l’heure, ce qui a été accordé reste acquis.")


def test_corrected_to_be_late_it_is_given_what_is_due(shipped):
    outcome = arrived(packed(opened()), minutes=10)
    decided(outcome)

    services.correct_arrival(
        order_reference=outcome.order_reference,
        at=outcome.slot_ends_at + timedelta(minutes=50),
        by_id=UserFactory(staff=True).pk,
    )
    decided(outcome)

    assert given(outcome) == [("retard", "delivery_refund", 590)]
    assert [one.verdict for one in outcome.decisions.order_by("pk")] == [Verdict.NOT_DUE, Verdict.GRANTED]


def test_what_turns_out_to_be_worth_more_is_for_staff():
    rule("absents", trigger="incomplete", late_minutes=None, least_units=1, group="livraison")
    rule("retard", late_minutes=120, amount_cents=2000, group="livraison")
    outcome = arrived(packed(opened(), missing=1))
    decided(outcome)

    services.correct_arrival(
        order_reference=outcome.order_reference,
        at=outcome.slot_ends_at + timedelta(hours=2, minutes=1),
        by_id=UserFactory(staff=True).pk,
    )
    decided(outcome)

    waiting = outcome.compensations.get(rule__key="retard")
    assert (waiting.state, waiting.decision.why) == (State.TO_DECIDE, "better")


def test_a_cancelled_order_is_given_nothing(shipped):
    outcome = packed(opened(), missing=5)
    services.cancel_outcome(order_reference=outcome.order_reference)

    assert decided(outcome) == [] and said(outcome) == {}


def test_nothing_is_decided_of_what_nobody_knows():
    assert services.decide(order_reference="CB-INCONNUE") == []


def test_what_held_when_the_slot_was_promised_decides():
    retard = rule(amount_cents=500)
    NewVersion(trigger="late", late_minutes=0, remedy="voucher", amount_cents=900).of(
        retard, number=2, starts_at=timezone.now() - timedelta(days=1)
    ).save()
    before = arrived(packed(opened(ends_at=an_hour_ago() - timedelta(days=3))), minutes=5)
    since = arrived(packed(opened()), minutes=5)

    decided(before), decided(since)

    assert [one.amount_cents for one in (before.compensations.get(), since.compensations.get())] == [500, 900]


def test_a_rule_that_was_ended_gives_nothing_from_then_on():
    retard = rule()
    NewVersion(trigger="late", late_minutes=0, remedy="voucher", amount_cents=500, is_on=False).of(
        retard, number=2, starts_at=timezone.now() - timedelta(days=1)
    ).save()
    outcome = arrived(packed(opened()), minutes=5)

    assert decided(outcome) == []


# --- nothing is lost ------------------------------------------------------------------------------


def test_what_a_crash_left_is_judged_by_the_task(shipped):
    outcome = arrived(packed(opened()), minutes=45)
    assert undecided(timezone.now(), limit=10) == [outcome.order_reference]

    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        decide_due()

    assert given(outcome) == [("retard", "delivery_refund", 590)]
    assert undecided(timezone.now() + timedelta(days=9), limit=10) == []


def test_an_order_that_was_not_heard_of_is_judged_by_what_is_known_half_a_day_later(shipped):
    outcome = packed(opened(), missing=2)
    decided(outcome)
    assert given(outcome) == []

    with time_machine.travel(outcome.slot_ends_at + timedelta(hours=12, minutes=5)):
        decide_due()

    assert given(outcome) == [("articles-absents", "delivery_refund", 590)]


def test_one_order_that_cannot_be_judged_keeps_no_other_waiting(shipped, monkeypatch, caplog):
    from delivery.promise.services import deciding

    bad, good = (arrived(packed(opened()), minutes=45) for _n in range(2))
    real = deciding._in_force

    def fails(outcome):
        if outcome.pk == bad.pk:
            raise RuntimeError
        return real(outcome)

    monkeypatch.setattr(deciding, "_in_force", fails)
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        decide_due()

    assert given(bad) == [] and len(given(good)) == 1
    assert bad.order_reference in caplog.text and "RuntimeError" in caplog.text


# --- ceilings -------------------------------------------------------------------------------------


def test_beyond_a_customers_ceiling_staff_decide():
    rule(most_per_customer=1, customer_days=30)
    customer = CustomerFactory()
    first, second, far = (
        arrived(packed(opened(customer=customer, ends_at=an_hour_ago() - timedelta(days=days))), minutes=5)
        for days in (0, 29, 40)
    )

    for one in (first, second, far):
        decided(one)

    assert [one.compensations.get().state for one in (first, second, far)] == [
        State.GRANTED, State.TO_DECIDE, State.GRANTED,
    ]  # fmt: skip
    assert "plafond par client atteint, à décider par l’équipe" in said(second)["retard"][1]


def test_a_guest_who_merged_counts_as_who_they_are_now():
    rule(most_per_customer=1, customer_days=30)
    owner = CustomerFactory()
    guest = CustomerFactory(guest=True, merged_into=owner)

    for customer in (guest, owner):
        decided(arrived(packed(opened(customer=customer)), minutes=5))

    assert list(Compensation.objects.order_by("pk").values_list("state", flat=True)) == [
        "granted",
        "to_decide",
    ]


def test_beyond_the_weeks_ceiling_staff_decide_and_the_next_week_starts_anew():
    rule(most_per_week_cents=900)
    outcomes = [
        arrived(packed(opened(ends_at=an_hour_ago() - timedelta(days=days))), minutes=5) for days in (0, 0, 7)
    ]

    for one in outcomes:
        decided(one)

    assert [one.compensations.get().state for one in outcomes] == ["granted", "to_decide", "granted"]
    assert sorted(RuleWeek.objects.values_list("spent_cents", flat=True)) == [500, 500]


def waiting_one(**ceiling):
    rule(**ceiling or {"most_per_week_cents": 1})
    outcome = arrived(packed(opened()), minutes=5)
    [made] = decided(outcome)
    return made


def test_staff_grant_what_waits_for_them_and_it_counts_in_its_week():
    waiting, by = waiting_one(), UserFactory(staff=True)

    services.grant_by_staff(compensation_id=waiting.pk, why="goodwill", by_id=by.pk)

    waiting.refresh_from_db()
    assert waiting.state == State.GRANTED and waiting.granted_at
    assert RuleWeek.objects.get().spent_cents == 500
    last = Decision.objects.first()
    assert (last.verdict, last.why, last.by) == (Verdict.GRANTED, "goodwill", by)
    assert last.sentence.endswith("bon de 5,00\u00a0€, accordé par l’équipe\u202f: geste commercial.")


def test_staff_refuse_what_waits_for_them():
    waiting = waiting_one()

    services.refuse_by_staff(compensation_id=waiting.pk, why="their_doing", by_id=UserFactory(staff=True).pk)

    waiting.refresh_from_db()
    assert waiting.state == State.REFUSED and waiting.ended_at
    assert "refusé par l’équipe" in Decision.objects.first().sentence
    assert decided(waiting.outcome) == []


@pytest.mark.parametrize("why", ["their_doing", "week", "", "n’importe quoi"])
def test_staff_grant_for_a_reason_of_theirs_alone(why):
    waiting = waiting_one()

    with pytest.raises(ValueError):
        services.grant_by_staff(compensation_id=waiting.pk, why=why, by_id=UserFactory(staff=True).pk)

    waiting.refresh_from_db()
    assert waiting.state == State.TO_DECIDE and Decision.objects.count() == 1


def test_what_is_granted_is_not_decided_twice():
    waiting, by = waiting_one(), UserFactory(staff=True)
    services.grant_by_staff(compensation_id=waiting.pk, why="goodwill", by_id=by.pk)

    for again in (services.grant_by_staff, services.refuse_by_staff):
        why = "goodwill" if again is services.grant_by_staff else "their_doing"
        with pytest.raises(services.CompensationMoved):
            again(compensation_id=waiting.pk, why=why, by_id=by.pk)

    assert RuleWeek.objects.get().spent_cents == 500


def test_what_cannot_be_carried_out_is_tried_again_by_staff_or_refused():
    rule()
    [made] = decided(arrived(packed(opened()), minutes=5))
    by = UserFactory(staff=True).pk

    assert services.note_failed(compensation_id=made.pk, because="NothingToRefund")
    assert not services.note_failed(compensation_id=made.pk, because="NothingToRefund")
    services.try_again(compensation_id=made.pk, by_id=by)
    made.refresh_from_db()
    assert (made.state, made.failed_because) == (State.GRANTED, "")

    assert services.note_carried_out(compensation_id=made.pk)
    assert not services.note_carried_out(compensation_id=made.pk)
    with pytest.raises(services.CompensationMoved):
        services.try_again(compensation_id=made.pk, by_id=by)


def test_what_was_decided_is_never_rewritten():
    rule()
    [made] = decided(arrived(packed(opened()), minutes=5))

    for change in (
        lambda: Decision.objects.update(sentence="Autre chose."),
        lambda: Decision.objects.all().delete(),
        lambda: Compensation.objects.update(amount_cents=1),
        lambda: made.delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


# --- reads ----------------------------------------------------------------------------------------


def test_a_customer_is_told_what_they_were_given_and_nobody_elses():
    rule()
    mine, other = (arrived(packed(opened()), minutes=5) for _n in range(2))
    decided(mine), decided(other)

    assert [one.order_reference for one in compensations_of([mine.customer_id])] == [mine.order_reference]
    assert [one.order_reference for one in compensations_of_order(other.order_reference)] == [
        other.order_reference
    ]


def test_a_customer_who_was_let_down_is_left_in_peace_for_a_while():
    rule()
    outcome = arrived(packed(opened()), minutes=5)
    owner, now = outcome.customer_id, timezone.now()
    assert not has_open_incident(owner, now)

    [made] = decided(outcome)
    assert has_open_incident(owner, now)

    services.note_carried_out(compensation_id=made.pk)
    assert has_open_incident(owner, now + timedelta(days=2))
    assert not has_open_incident(owner, now + timedelta(days=4))
    assert not has_open_incident(CustomerFactory().pk, now)


def test_an_order_that_is_late_right_now_is_an_open_incident():
    outcome = packed(opened())

    assert has_open_incident(outcome.customer_id, timezone.now())
    assert not has_open_incident(outcome.customer_id, timezone.now() + timedelta(days=3))


def test_a_longer_past_costs_no_more_queries(shipped, django_assert_num_queries):
    customer, long_ago = CustomerFactory(), an_hour_ago() - timedelta(days=100)

    def late(ends_at):
        return arrived(packed(opened(customer=customer, ends_at=ends_at), missing=1), minutes=45)

    first = late(long_ago)
    with django_assert_num_queries(DECIDED):
        decided(first)
    for days in range(5):
        decided(late(an_hour_ago() - timedelta(days=days * 7)))
    last = late(long_ago - timedelta(days=80))
    with django_assert_num_queries(DECIDED):
        decided(last)
