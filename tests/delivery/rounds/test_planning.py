"""Plans of half-days: what they are made of, and what they leave alone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery.rounds import services
from delivery.rounds.models import Drop, LeftOut, Round, Shift, Stop
from delivery.rounds.queries import rounds_of, with_figures
from delivery.rounds.services import planning as plans
from delivery.rounds.tasks import plan_due
from delivery.zones.models import Depot
from tests.delivery.rounds.fleet import AFTERNOON, HOUR, drop, planned, planning_of, shift, slot

pytestmark = pytest.mark.django_db
BEFORE = AFTERNOON - 2 * HOUR


def test_a_plan_has_every_drop_once_within_its_slot():
    drops = [
        drop(hour=hour, postcode=postcode)
        for hour in (15, 16, 18)
        for postcode in ("75011", "75019", "92100")
    ]
    shift()
    shift()

    planning = planned(drops[0])

    stops = Stop.objects.select_related("drop")
    assert {stop.drop_id for stop in stops} == {one.pk for one in drops}
    assert all(stop.drop.slot_starts_at <= stop.arrives_at <= stop.drop.slot_ends_at for stop in stops)
    assert not planning.is_stale
    for round_ in rounds_of(planning):
        assert [stop.number for stop in round_.stops.all()] == list(range(1, round_.stops.count() + 1))


def test_planning_again_changes_nothing_but_what_changed():
    one = drop()
    shift()
    planned(one)
    before = list(Stop.objects.values_list("drop", "arrives_at"))

    planned(one)

    assert list(Stop.objects.values_list("drop", "arrives_at")) == before


def test_a_locked_round_stays_while_the_rest_is_planned_again():
    first = drop(hour=15)
    shift()
    shift()
    planned(first)
    locked = services.lock_round(round_id=Round.objects.get().pk)
    kept = list(locked.stops.values_list("drop", "number", "arrives_at"))
    second = drop(hour=15)

    planned(second)

    assert list(Round.objects.get(pk=locked.pk).stops.values_list("drop", "number", "arrives_at")) == kept
    assert second.stop.round_id != locked.pk


def test_an_unlocked_round_is_planned_again_with_the_rest():
    one = drop()
    shift()
    planned(one)
    round_ = services.lock_round(round_id=Round.objects.get().pk)

    services.unlock_round(round_id=round_.pk)

    assert planning_of(one).is_stale
    planned(one)
    assert Drop.objects.get().stop


def test_a_round_moves_only_as_its_table_says():
    one = drop()
    shift()
    planned(one)
    round_id = Round.objects.get().pk
    services.send_out(round_id=round_id, at=AFTERNOON)

    with pytest.raises(services.RoundMoveRefused):
        services.unlock_round(round_id=round_id)

    assert services.send_out(round_id=round_id, at=AFTERNOON + HOUR).left_at == AFTERNOON
    assert services.end_round(round_id=round_id, at=AFTERNOON + HOUR).state == Round.State.DONE


def test_what_a_broken_van_did_not_deliver_goes_with_another():
    drops = [drop(hour=hour) for hour in (15, 16, 17, 18)]
    shift()
    planned(drops[0])
    broken = services.send_out(round_id=Round.objects.get().pk, at=AFTERNOON)
    spare = shift(hours=(14, 22))
    left = [stop.drop_id for stop in broken.stops.order_by("number")[1:]]

    freed = services.stop_round(round_id=broken.pk, at=AFTERNOON + HOUR, undelivered=left)
    planned(drops[0], now=AFTERNOON + HOUR)

    assert {one.pk for one in freed} == set(left)
    taken = Stop.objects.filter(round__shift=spare)
    assert set(taken.values_list("drop", flat=True)) == set(left)
    # Nobody leaves before he is loaded.
    assert spare.round.starts_at >= AFTERNOON + HOUR + plans.LOADING
    assert broken.stops.count() == 1


@pytest.mark.parametrize(
    "unfit",
    [
        {"courier_fields": {"trained_on": None}},
        {"courier_fields": {"is_active": False}},
        {"van_fields": {"is_active": False}},
        {"hours": (6, 9)},
    ],
)
def test_nobody_untrained_and_no_van_out_of_service_gets_a_round(unfit):
    one = drop()
    shift(**unfit)

    planned(one)

    assert LeftOut.objects.get().why == "no_van"


def test_a_shift_is_of_the_half_day_in_which_its_middle_lies():
    morning, evening = drop(hour=9), drop(hour=18)
    early, late = shift(hours=(7, 15)), shift(hours=(13, 22))

    planned(morning, now=slot(6))
    planned(evening, now=slot(6))

    assert morning.stop.round.shift_id == early.pk
    assert evening.stop.round.shift_id == late.pk


def test_a_depot_that_lies_nowhere_is_refused():
    one = drop()
    Depot.objects.update(latitude=None, longitude=None)

    with pytest.raises(services.DepotNowhere):
        planned(one)

    assert planning_of(one).planned_at is None


def test_a_plan_made_of_what_has_changed_is_thrown_away():
    one = drop()
    shift()
    draft = plans.read(planning_id=planning_of(one).pk, now=BEFORE)
    other = drop()

    with pytest.raises(services.PlanStale):
        plans.write(draft, plans.solve(draft.problem, seed=0))

    assert not Round.objects.exists()
    planned(one)
    assert set(Stop.objects.values_list("drop", flat=True)) == {one.pk, other.pk}


def test_half_days_that_changed_are_planned_by_themselves_but_not_for_every_order(time_machine):
    time_machine.move_to(BEFORE, tick=False)
    one = drop()
    shift()
    plan_due()
    assert one.stop

    drop()
    plan_due()
    assert Stop.objects.count() == 1

    time_machine.shift(plans.PLANNED_EVERY + timedelta(seconds=1))
    plan_due()
    assert Stop.objects.count() == 2


def test_one_half_day_that_fails_does_not_keep_the_others(time_machine, caplog):
    time_machine.move_to(BEFORE, tick=False)
    shift()
    nowhere, fine = drop(hour=9, day=27), drop(hour=15, day=26)
    Depot.objects.create(code="nulle-part", name="Nulle part")
    planning = planning_of(nowhere)
    planning.depot = Depot.objects.get(code="nulle-part")
    planning.save()

    plan_due()

    assert fine.stop
    assert "DepotNowhere" in caplog.text


@pytest.mark.parametrize("day", [datetime(2027, 3, 28, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)])
def test_clocks_that_change_move_no_stop_out_of_its_slot(day):
    one = drop(starts_at=day + 10 * HOUR)
    two = Shift.objects.get(pk=shift().pk)
    Shift.objects.filter(pk=two.pk).update(starts_at=day + 8 * HOUR, ends_at=day + 15 * HOUR)
    two.courier.trained_on = day.date()
    two.courier.save()

    planned(one, now=day)

    one.refresh_from_db()
    assert one.slot_starts_at <= one.stop.arrives_at <= one.slot_ends_at


def test_reading_and_writing_a_plan_take_as_many_queries_for_more_stops(django_assert_max_num_queries):
    for number in (2, 10):
        drops = [drop(hour=15 + n % 5) for n in range(number)]
        shift()
        with django_assert_max_num_queries(4):
            draft = plans.read(planning_id=planning_of(drops[0]).pk, now=BEFORE)
        plan = plans.solve(draft.problem, seed=0)
        # One of them the savepoint's beginning, another its end.
        with django_assert_max_num_queries(14):
            plans.write(draft, plan)


def test_the_list_of_half_days_counts_each_stop_once():
    drops = [drop(hour=15), drop(hour=15), drop(hour=16)]
    shift()
    shift()
    planning = planned(drops[0])

    counted = with_figures(type(planning).objects.all()).get()

    assert (counted.stops_number, counted.late_number, counted.left_out_number) == (3, 0, 0)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(hours=st.lists(st.integers(14, 21), min_size=1, max_size=8), vans=st.integers(0, 2))
def test_whatever_is_planned_each_drop_is_in_a_round_or_told(db, hours, vans):
    Stop.objects.all().delete()
    Round.objects.all().delete()
    Shift.objects.all().delete()
    LeftOut.objects.all().delete()
    Drop.objects.all().delete()
    drops = [drop(hour=hour) for hour in hours]
    for _n in range(vans):
        shift()

    planned(drops[0])

    told = set(LeftOut.objects.values_list("drop", flat=True))
    taken = set(Stop.objects.values_list("drop", flat=True))
    assert told | taken == {one.pk for one in drops}
    assert not told & taken
