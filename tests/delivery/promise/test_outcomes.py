"""What was promised and what happened: written once, in the order it comes in, and nothing that cannot be."""

from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from config.facts import FactOutsideTransaction, publish
from delivery.promise import services
from delivery.promise.events import OutcomeChanged
from delivery.promise.models import Arrival, Incident, Outcome
from delivery.promise.queries import outcome_of
from delivery.promise.services import Promised
from tests.delivery.promise.promising import PARIS, an_hour_ago, arrived, decided, opened, packed, rule
from tests.factories import PickupPointFactory, UserFactory

pytestmark = pytest.mark.django_db
FUTURE = datetime(2100, 1, 1, tzinfo=PARIS)


def row(outcome):
    return Outcome.objects.filter(pk=outcome.pk).values().get()


def test_an_order_on_time_with_all_it_ordered_is_kept():
    outcome = arrived(packed(opened()), minutes=-12)

    assert outcome.is_kept and outcome.is_on_time and outcome.is_complete
    assert outcome.minutes_late == -12


def test_at_the_last_second_of_its_slot_it_is_on_time_and_a_second_after_it_is_not():
    on_time, late = arrived(packed(opened()), seconds=0), arrived(packed(opened()), seconds=1)

    assert on_time.is_on_time and not late.is_on_time
    assert list(Outcome.objects.late()) == [late]


def test_seconds_are_kept_and_less_than_one_is_none():
    outcome = packed(opened())

    services.record_arrival(
        order_reference=outcome.order_reference,
        at=outcome.slot_ends_at + timedelta(minutes=30, seconds=1, milliseconds=900),
    )

    outcome.refresh_from_db()
    assert outcome.seconds_late == 1801 and outcome.minutes_late > 30


def test_what_was_announced_is_not_complete_and_nothing_is_missing():
    outcome = arrived(packed(opened(), told=1))

    assert outcome.is_complete is False and outcome.is_kept is False and outcome.units_missing == 0


def test_nobody_knows_whether_a_promise_is_kept_before_it_is_over():
    outcome = opened()

    assert (outcome.is_on_time, outcome.is_complete, outcome.is_kept, outcome.minutes_late) == (None,) * 4


def test_a_pickup_is_on_time_when_it_is_ready_at_its_start():
    ready, late = (
        opened(is_collect=True, zone=PickupPointFactory(), ends_at=an_hour_ago()) for _n in range(2)
    )

    packed(ready, at=ready.slot_starts_at)
    packed(late, at=late.slot_starts_at + timedelta(seconds=1))

    assert ready.is_kept and not late.is_on_time
    assert list(Outcome.objects.unready()) == [late]


def test_opened_twice_it_is_one_and_the_first_stands():
    outcome = opened("CB-1", rank=2)

    opened("CB-1", rank=5, units_ordered=3)

    assert outcome_of("CB-1").rank == 2 and Outcome.objects.count() == 1
    assert row(outcome)["units_ordered"] == 10


def test_amended_the_last_word_holds():
    outcome = opened(ends_at=timezone.now() + timedelta(days=1))
    later = outcome.slot_ends_at + timedelta(hours=3)

    services.change_outcome(
        order_reference=outcome.order_reference,
        promised=Promised(later - timedelta(hours=1), later, fee_cents=0, total_cents=9000, units_ordered=12),
    )

    outcome.refresh_from_db()
    assert (outcome.slot_ends_at, outcome.units_ordered, outcome.fee_cents) == (later, 12, 0)


def test_cancelled_nothing_happens_to_it_any_more():
    outcome = opened()

    assert services.cancel_outcome(order_reference=outcome.order_reference)
    before = row(outcome)

    assert not services.cancel_outcome(order_reference=outcome.order_reference)
    with pytest.raises(services.OutcomeCancelled):
        packed(outcome)
    with pytest.raises(services.OutcomeCancelled):
        services.record_arrival(order_reference=outcome.order_reference, at=timezone.now())
    assert row(outcome) == before and not Arrival.objects.exists()


def test_nothing_was_promised_under_a_reference_that_nobody_knows():
    assert not services.cancel_outcome(order_reference="CB-INCONNUE")
    with pytest.raises(services.OutcomeUnknown):
        services.record_arrival(order_reference="CB-INCONNUE", at=timezone.now())
    with pytest.raises(services.OutcomeUnknown):
        services.record_damage(order_reference="CB-INCONNUE", units=1, occasion="a")


def test_packed_again_the_last_figures_hold_and_it_was_ready_when_it_first_was():
    outcome = packed(opened())
    ready = outcome.ready_at

    packed(outcome, missing=2, at=ready + timedelta(minutes=10))

    assert outcome.units_missing == 2 and outcome.ready_at == ready


@pytest.mark.parametrize(
    "figures",
    [
        {"missing": 11},
        {"missing": 6, "told": 5},
        {"missing": -1},
        {"units_ordered": -3},
        {"at": FUTURE},
    ],
    ids=str,
)
def test_crates_hold_nothing_that_cannot_be(figures):
    outcome = opened()
    before = row(outcome)

    with pytest.raises(services.FiguresImpossible):
        packed(outcome, **figures)

    assert row(outcome) == before


def test_an_arrival_said_twice_is_once():
    outcome = arrived(packed(opened()), minutes=3)

    arrived(outcome, minutes=3)

    assert outcome.arrivals.count() == 1 and outcome.carrier == "cabas"


def test_another_arrival_is_refused_since_only_a_correction_knows_better():
    outcome = arrived(packed(opened()), minutes=3)

    with pytest.raises(services.AlreadyArrived):
        arrived(outcome, minutes=4)

    outcome.refresh_from_db()
    assert outcome.minutes_late == 3 and outcome.arrivals.count() == 1


@pytest.mark.parametrize(
    ("when", "why"),
    [
        (lambda _o: timezone.now() + timedelta(minutes=6), services.ArrivalInFuture),
        (lambda _o: timezone.now() + timedelta(days=1), services.ArrivalInFuture),
        (lambda o: o.ready_at - timedelta(hours=2, seconds=1), services.ArrivalBeforeReady),
    ],
)
def test_an_arrival_that_cannot_be_is_refused_and_nothing_is_written(when, why):
    outcome = packed(opened())
    before = row(outcome)

    for record in (services.record_arrival, services.correct_arrival):
        by = {"by_id": UserFactory(staff=True).pk} if record is services.correct_arrival else {}
        with pytest.raises(why):
            record(order_reference=outcome.order_reference, at=when(outcome), **by)

    assert row(outcome) == before and not Arrival.objects.exists()


@pytest.mark.parametrize("away", [timedelta(hours=-26), timedelta(days=7, seconds=1)])
def test_an_arrival_days_away_from_its_slot_is_refused(away):
    outcome = opened(ends_at=an_hour_ago() - timedelta(days=20))

    with pytest.raises(services.ArrivalTooFar):
        services.record_arrival(order_reference=outcome.order_reference, at=outcome.slot_ends_at + away)

    assert not Arrival.objects.exists()


def test_a_clock_may_run_a_little_fast():
    outcome = opened(ends_at=timezone.now() + timedelta(minutes=30))

    services.record_arrival(order_reference=outcome.order_reference, at=timezone.now() + timedelta(minutes=4))

    assert Arrival.objects.count() == 1


def test_nobody_drives_a_pickup_anywhere():
    outcome = opened(is_collect=True, zone=PickupPointFactory())

    with pytest.raises(services.NotDelivered):
        arrived(outcome)

    assert not Arrival.objects.exists()


def test_corrected_the_last_word_holds_and_every_word_is_kept():
    outcome, by = arrived(packed(opened()), minutes=50), UserFactory(staff=True)
    at = outcome.slot_ends_at + timedelta(minutes=2)

    assert services.correct_arrival(order_reference=outcome.order_reference, at=at, by_id=by.pk)
    assert not services.correct_arrival(order_reference=outcome.order_reference, at=at, by_id=by.pk)

    outcome.refresh_from_db()
    assert outcome.minutes_late == 2 and outcome.carrier == "cabas"
    assert [arrival.by for arrival in outcome.arrivals.all()] == [None, by]


def test_the_first_word_said_again_after_a_correction_is_nothing_new():
    outcome = arrived(packed(opened()), minutes=50)
    services.correct_arrival(
        order_reference=outcome.order_reference, at=outcome.slot_ends_at, by_id=UserFactory(staff=True).pk
    )

    arrived(outcome, minutes=50)

    assert outcome.minutes_late == 0


def test_what_was_said_of_an_arrival_is_never_taken_back():
    outcome = arrived(packed(opened()))

    with pytest.raises(DatabaseError), transaction.atomic():
        outcome.arrivals.update(carrier="autre")
    with pytest.raises(DatabaseError), transaction.atomic():
        outcome.arrivals.all().delete()


def test_damage_counts_once_for_its_occasion_and_adds_up():
    outcome = packed(opened())
    reference = outcome.order_reference

    answers = [
        services.record_damage(order_reference=reference, units=units, occasion=occasion)
        for units, occasion in [(2, "signalement-1"), (2, "signalement-1"), (1, "signalement-2")]
    ]
    services.record_life_broken(order_reference=reference, units=1, occasion="signalement-1")

    outcome.refresh_from_db()
    assert answers == [True, False, True]
    assert (outcome.damaged_units, outcome.life_broken_units) == (3, 1)


@pytest.mark.parametrize(("units", "occasion"), [(0, "a"), (-1, "a"), (11, "a"), (1, "")])
def test_damage_that_cannot_be_is_refused(units, occasion):
    outcome = packed(opened())
    before = row(outcome)

    with pytest.raises(services.FiguresImpossible):
        services.record_damage(order_reference=outcome.order_reference, units=units, occasion=occasion)

    assert row(outcome) == before and not Incident.objects.exists()


def missed(outcome, units, occasion):
    return services.record_missing_told_later(
        order_reference=outcome.order_reference, units=units, occasion=occasion
    )


def test_what_was_missed_at_home_counts_with_what_the_depot_knew():
    outcome = packed(opened(), missing=1, told=2)

    answers = [missed(outcome, units, occasion) for units, occasion in [(2, "a"), (2, "a"), (1, "b")]]

    outcome.refresh_from_db()
    assert answers == [True, False, True]
    assert (outcome.units_missing, outcome.units_told, outcome.is_complete) == (4, 2, False)


def test_never_more_is_missing_than_was_ordered_and_what_was_announced_gives_way():
    outcome = packed(opened(), missing=3, told=4)

    missed(outcome, 12, "a")

    outcome.refresh_from_db()
    assert (outcome.units_missing, outcome.units_told) == (10, 0)
    assert outcome.incidents.get().units == 7
    with pytest.raises(services.FiguresImpossible):
        missed(outcome, 1, "b")
    assert outcome.incidents.count() == 1


@pytest.mark.parametrize(("units", "occasion"), [(0, "a"), (-1, "a"), (1, "")])
def test_an_absence_that_cannot_be_is_refused(units, occasion):
    outcome = packed(opened())
    before = row(outcome)

    with pytest.raises(services.FiguresImpossible):
        missed(outcome, units, occasion)

    assert row(outcome) == before and not Incident.objects.exists()


def test_crates_that_are_counted_anew_keep_what_was_missed_at_home():
    outcome = packed(opened(), missing=1, told=8)
    missed(outcome, 1, "a")

    packed(outcome, missing=0, told=9)

    outcome.refresh_from_db()
    assert (outcome.units_missing, outcome.units_told) == (1, 9)


def test_two_absences_told_later_are_judged_as_two_found_by_the_depot():
    rule(key="absent", trigger="incomplete", late_minutes=None, least_units=2)
    outcome = arrived(packed(opened()))
    assert decided(outcome) == []

    missed(outcome, 1, "a")
    assert decided(outcome) == []
    missed(outcome, 1, "b")

    assert [one.amount_cents for one in decided(outcome)] == [500]
    assert decided(outcome) == []


def test_figures_of_a_promise_that_cannot_be_are_refused():
    at = datetime(2026, 11, 26, 20, tzinfo=PARIS)

    for wrong in ({"units_ordered": -1}, {"fee_cents": -1}, {"slot_starts_at": at, "slot_ends_at": at}):
        with pytest.raises(services.FiguresImpossible):
            opened(**wrong)

    assert not Outcome.objects.exists()


@pytest.mark.parametrize("call", ["open", "pack", "arrive", "correct", "damage"])
def test_each_word_costs_the_same_few_statements(call, django_assert_max_num_queries):
    outcome, by = packed(opened()), UserFactory(staff=True).pk
    customer, zone = outcome.customer, outcome.zone
    if call == "correct":
        arrived(outcome)
    calls = {
        "open": lambda: opened("CB-1", customer=customer, zone=zone),
        "pack": lambda: packed(outcome, missing=1),
        "arrive": lambda: arrived(outcome),
        "correct": lambda: services.correct_arrival(
            order_reference=outcome.order_reference, at=outcome.slot_ends_at + timedelta(minutes=1), by_id=by
        ),
        "damage": lambda: services.record_damage(
            order_reference=outcome.order_reference, units=1, occasion="a"
        ),
    }

    # Savepoints, the fact and what the test itself reads among them.
    with django_assert_max_num_queries(16):
        calls[call]()


@pytest.mark.django_db(transaction=True)
def test_no_fact_without_the_transaction_that_made_it_true():
    with pytest.raises(FactOutsideTransaction):
        publish(OutcomeChanged("CB-1"))
