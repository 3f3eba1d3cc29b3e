"""Rules are written a version at a time, by whoever saw what the past would have been given; and never without limit."""

from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery.promise import ports, rules, services
from delivery.promise.models import Compensation, Outcome, Rule, RuleVersion, RuleWeek
from delivery.promise.replay import judged, replay, terms_in_force
from delivery.promise.services import NewVersion
from tests.delivery.promise.promising import arrived, decided, opened, packed, rule
from tests.factories import CustomerFactory, UserFactory, ZoneFactory

pytestmark = pytest.mark.django_db
BOUNDED = {"most_per_week_cents": 100_000}


def version(**changes):
    said = {"trigger": "late", "late_minutes": 20, "remedy": "voucher", "amount_cents": 500} | BOUNDED
    return NewVersion(**said | changes)


@pytest.fixture
def writer():
    return UserFactory(staff=True).pk


@pytest.fixture
def retard():
    return rule(late_minutes=30, **BOUNDED)


def late_lately(*minutes, **about):
    """An order of yesterday, late by so much, for each."""
    ends = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=2)
    return [arrived(packed(opened(ends_at=ends, **about)), minutes=late) for late in minutes]


def written(rule_id, wanted, by_id, starts_at=None):
    """Seen, then confirmed."""
    shown = services.preview(rule_id=rule_id, wanted=wanted, now=timezone.now())
    return services.add_version(
        rule_id=rule_id, wanted=wanted, starts_at=starts_at, by_id=by_id, seen=(shown.number, shown.cents)
    )


# --- the past, played once more -------------------------------------------------------------------


def test_the_past_says_how_many_and_how_much(retard):
    late_lately(10, 21, 25, 90)

    shown = services.preview(rule_id=retard.pk, wanted=version(), now=timezone.now())

    assert (shown.number, shown.cents) == (3, 1500)
    assert shown.by_remedy == {"voucher": (3, 1500)}
    assert Compensation.objects.count() == 0


def test_it_tells_the_dearest_first_and_ten_of_them():
    refund = rule(remedy="delivery_refund", amount_cents=None)
    for fee in range(12):
        late_lately(45, fee_cents=100 * fee)

    shown = services.preview(
        rule_id=refund.pk, wanted=version(remedy="delivery_refund", amount_cents=None), now=timezone.now()
    )

    assert [one.cents for one in shown.dearest] == [100 * fee for fee in range(11, 1, -1)]


def test_only_the_last_ninety_whole_days_count(retard):
    now = timezone.now()
    for days in (0, 1, 89, 91, 95):
        ends = now.replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=days)
        if ends < now:
            outcome = packed(opened(ends_at=ends))
            with time_machine.travel(ends + timedelta(hours=2)):
                arrived(outcome, minutes=45)

    assert services.preview(rule_id=retard.pk, wanted=version(), now=now).number == 2


def test_other_rules_and_their_groups_count_as_they_hold_today(retard):
    rule(
        "absents", trigger="incomplete", late_minutes=None, least_units=1, group="livraison", amount_cents=900
    )
    ends = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=2)
    arrived(packed(opened(ends_at=ends), missing=2), minutes=45)

    alone, together = (
        services.preview(rule_id=retard.pk, wanted=version(group=group), now=timezone.now())
        for group in ("", "livraison")
    )

    assert (alone.number, together.number) == (1, 0)


def test_ceilings_count_and_what_is_beyond_is_for_staff(retard):
    late_lately(45, 45, 45)

    shown = services.preview(rule_id=retard.pk, wanted=version(most_per_week_cents=1000), now=timezone.now())

    assert (shown.number, shown.for_staff) == (2, 1)


def test_a_longer_past_costs_no_more_queries(retard, django_assert_num_queries):
    late_lately(45)
    with django_assert_num_queries(2):
        replay(version().of(retard).terms, "retard", now=timezone.now())
    late_lately(45, 50, 55, 60, 65)

    with django_assert_num_queries(2):
        assert replay(version().of(retard).terms, "retard", now=timezone.now()).number == 6


DAY = timedelta(days=1)
orders = st.lists(
    st.tuples(
        st.integers(0, 20),  # days ago
        st.integers(-20, 90),  # minutes late
        st.integers(0, 4),  # units missing
        st.integers(0, 2),  # damaged
        st.integers(0, 2),  # which customer
        st.sampled_from([0, 590]),
    ),
    max_size=9,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(lived=orders, week=st.sampled_from([None, 1000, 2000]), each=st.sampled_from([None, 1, 2]))
def test_what_the_replay_says_is_what_deciding_would_have_granted(lived, week, each):
    ceilings = {"most_per_week_cents": week, "most_per_customer": each, "customer_days": each and 10}
    with transaction.atomic():
        rule(late_minutes=30, remedy="delivery_refund", amount_cents=None, if_free="next_delivery",
             group="livraison", **ceilings)  # fmt: skip
        rule("absents", trigger="incomplete", late_minutes=None, least_units=2, group="livraison", **ceilings)
        rule("abimes", trigger="damaged", late_minutes=None, least_units=1, amount_cents=300, **ceilings)
        customers, zone = [CustomerFactory() for _n in range(3)], ZoneFactory()
        noon = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=2)
        for n, (days, late, missing, damaged, who, fee) in enumerate(sorted(lived, reverse=True)):
            outcome = packed(
                opened(
                    f"CB-{n:02}", ends_at=noon - days * DAY, customer=customers[who], zone=zone, fee_cents=fee
                ),
                missing=missing,
            )
            if damaged:
                services.record_damage(order_reference=outcome.order_reference, units=damaged, occasion="a")
            arrived(outcome, minutes=late)
        now = timezone.now()

        foreseen = [
            (outcome.order_reference, verdict.terms.rule, verdict.said, verdict.remedy, verdict.cents)
            for outcome, verdict in judged(terms_in_force(now), noon - 60 * DAY, now, now)
            if verdict.said in {rules.GRANTED, rules.STAFF}
        ]
        for outcome in Outcome.objects.order_by("slot_starts_at", "order_reference"):
            decided(outcome)

        granted = [
            (one.order_reference, one.rule.key, one.decision.verdict, one.remedy, one.amount_cents)
            for one in Compensation.objects.select_related("rule", "decision").order_by(
                "outcome__slot_starts_at", "order_reference", "pk"
            )
        ]
        spent = sum(RuleWeek.objects.values_list("spent_cents", flat=True))
        transaction.set_rollback(True)
    assert granted == foreseen
    assert spent == sum(cents for *_rest, said, _remedy, cents in granted if said == rules.GRANTED)


# --- writing --------------------------------------------------------------------------------------


def test_a_version_holds_from_now_on_and_keeps_what_its_writer_saw(retard, writer):
    late_lately(25)

    made = written(retard.pk, version(), writer)

    assert (made.number, made.made_by_id) == (2, writer)
    assert (made.simulated_number, made.simulated_cents) == (1, 500)
    assert terms_in_force(timezone.now())[0].late_minutes == 20


def test_a_version_may_hold_later(retard, writer):
    tomorrow = timezone.now() + DAY

    written(retard.pk, version(), writer, starts_at=tomorrow)

    assert terms_in_force(timezone.now())[0].late_minutes == 30
    assert terms_in_force(tomorrow)[0].late_minutes == 20


def test_a_version_that_is_off_ends_the_rule(retard, writer):
    written(retard.pk, version(is_on=False), writer)

    assert terms_in_force(timezone.now()) == []


def refused(retard, wanted, writer, error, **how):
    shown = services.preview(rule_id=retard.pk, wanted=wanted, now=timezone.now())
    asked = {"starts_at": None, "seen": (shown.number, shown.cents)} | how
    with pytest.raises(error) as why, transaction.atomic():
        services.add_version(rule_id=retard.pk, wanted=wanted, by_id=writer, **asked)
    assert retard.versions.count() == 1
    return why.value


def test_a_rule_that_could_pay_without_limit_is_refused_with_its_cost(retard, writer):
    late_lately(45, 45)

    why = refused(retard, version(most_per_week_cents=None), writer, services.RuleUnbounded)

    assert (why.number, why.cents) == (2, 1000)


@pytest.mark.parametrize("remedy", ["gift", "replacement", "articles_refund"])
def test_a_remedy_that_nobody_carries_out_is_refused_and_named(retard, writer, remedy):
    amount = 500 if remedy in rules.WITH_AMOUNT else None

    why = refused(retard, version(remedy=remedy, amount_cents=amount), writer, services.NobodyCarriesOut)

    assert why.remedy == remedy


def test_once_somebody_carries_it_out_it_is_written(retard, writer, monkeypatch):
    monkeypatch.setattr(ports, "_bound", {"call"})

    made = written(retard.pk, version(remedy="call", amount_cents=None, most_per_week_cents=None), writer)

    assert made.remedy == "call"


def test_nobody_changes_what_was_promised_before(retard, writer):
    past = timezone.now() - timedelta(minutes=1)

    refused(retard, version(), writer, services.StartsInThePast, starts_at=past)


def test_what_was_not_seen_is_not_written(retard, writer):
    late_lately(45)

    refused(retard, version(), writer, services.PreviewChanged, seen=(0, 0))


@pytest.mark.parametrize(
    "wrong",
    [
        {"late_minutes": None},
        {"least_units": 2},
        {"amount_cents": None},
        {"remedy": "delivery_refund"},
        {"if_free": "next_delivery"},
        {"most_per_customer": 2},
        {"most_per_customer": 0, "customer_days": 30},
    ],
    ids=str,
)
def test_a_version_whose_parts_do_not_fit_is_refused(retard, writer, wrong):
    refused(retard, version(**wrong), writer, services.VersionImpossible)


def test_a_version_is_never_rewritten(retard):
    for change in (
        lambda: RuleVersion.objects.update(amount_cents=1),
        lambda: RuleVersion.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_what_ships_is_bounded():
    services.seed_rules()

    assert all(one.terms.is_bounded for one in RuleVersion.objects.select_related("rule"))
    assert [one.key for one in Rule.objects.all()] == [
        "retard", "articles-absents", "articles-abimes", "retrait-pas-pret", "articles-absents-retrait",
        "conservation",
    ]  # fmt: skip
