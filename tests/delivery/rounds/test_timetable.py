"""When a van is where, and where one more call fits."""

import warnings

import pytest
import pyvrp
from hypothesis import given
from hypothesis import strategies as st
from pyvrp.exceptions import PenaltyBoundWarning

from delivery.rounds.problem import Load, Point, Violation
from delivery.rounds.solver import solve
from delivery.rounds.timetable import completed, timetable
from delivery.rounds.travel import ROAD_FACTOR, SHORTEST_SECONDS, CrowFlies
from tests.delivery.rounds.fleet import call, line, problem, vehicle

NOTRE_DAME, GARE_DE_LYON = Point(48.8530, 2.3499), Point(48.8443, 2.3744)


def test_a_van_leaves_as_late_as_its_first_stop_lets_it_and_waits_at_none():
    calls = [call(1, (60, 120)), call(2, (60, 120))]

    route = timetable(vehicle(), [0, 1], calls, line([0, 20, 30]))

    assert route.starts == 40 * 60
    assert [stop.arrives for stop in route.stops] == [60 * 60, 75 * 60]
    assert route.returns == 80 * 60 + 30 * 60
    assert route.metres == 60 * 600
    assert not route.violation


def test_a_stop_after_its_slot_and_a_return_after_the_shift_are_named():
    calls = [call(1, (60, 120)), call(2, (60, 70))]

    route = timetable(vehicle(hours=(0, 80)), [0, 1], calls, line([0, 20, 30]))

    assert [stop.violation for stop in route.stops] == [None, Violation.LATE]
    assert route.violation == Violation.OVERTIME


def test_what_no_van_has_is_put_where_it_makes_nobody_late():
    calls = [call(1, (60, 120)), call(2, (120, 180)), call(3, (60, 180))]
    pb = problem(calls, [vehicle()], [20, 20, 40])

    plan = completed(pb, [[0, 1]])

    assert not plan.left_out
    assert not plan.late
    assert {stop.call for stop in plan.routes[0].stops} == {1, 2, 3}


@pytest.mark.parametrize(
    ("holds", "why"),
    [
        (Load(1, 16, 900_000), Violation.CRATES),
        (Load(80, 0, 900_000), Violation.FROZEN),
        (Load(80, 16, 10_000), Violation.WEIGHT),
    ],
)
def test_what_fits_no_van_is_left_out_and_why_is_said(holds, why):
    pb = problem([call(1, (60, 120), load=Load(2, 1, 20_000))], [vehicle(holds=holds)], [20])

    plan = completed(pb, [[]])

    assert plan.left_out == {1: why}
    assert plan.routes == ()


def test_whoever_could_only_be_reached_far_too_late_is_left_to_staff():
    pb = problem([call(1, (0, 10))], [vehicle(hours=(200, 480))], [20])

    assert completed(pb, [[]]).left_out == {1: Violation.OUT_OF_REACH}


def test_without_a_van_everybody_is_left_out():
    assert solve(problem([call(1, (60, 120))], [], [20]), seed=1).left_out == {1: Violation.NO_VAN}


def test_a_window_that_cannot_be_kept_is_named_and_the_others_are_kept():
    """Two doors at once for one courier: the one set in last is late, by as little as may be."""
    calls = [call(1, (60, 62)), call(2, (60, 62)), call(3, (120, 180))]
    pb = problem(calls, [vehicle()], [20, 40, 30])

    plan = solve(pb, seed=1)

    assert not plan.left_out
    assert [stop.violation for stop in plan.late] == [Violation.LATE]
    assert plan.late[0].call in {1, 2}


def test_a_solver_that_doubts_still_plans(monkeypatch):
    """A half-day after a breakdown may be impossible: its plan names what is late, and a warning stops nothing."""
    real = pyvrp.solve

    def doubtful(*args, **how):
        warnings.warn("struggles", PenaltyBoundWarning, stacklevel=1)
        return real(*args, **how)

    monkeypatch.setattr(pyvrp, "solve", doubtful)

    assert not solve(problem([call(1, (60, 120))], [vehicle()], [20]), seed=1).late


def test_newcomers_are_not_the_ones_set_in_last():
    calls = [call(1, (60, 62)), call(2, (60, 62), new=True)]

    plan = solve(problem(calls, [vehicle()], [20, 40]), seed=1)

    assert [stop.call for stop in plan.late] == [1]


def test_the_same_problem_and_seed_make_the_same_plan():
    calls = [call(n, (60 * (n % 5), 60 * (n % 5) + 60)) for n in range(1, 31)]
    pb = problem(calls, [vehicle(1), vehicle(2), vehicle(3)], [5 + n % 17 for n in range(30)])

    assert solve(pb, seed=3) == solve(pb, seed=3)


@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(1, 60), st.integers(1, 50), st.integers(1, 8)),
        max_size=12,
    ),
    st.integers(0, 3),
)
def test_every_call_is_in_one_round_or_left_out_and_no_van_is_overloaded(drawn, vans):
    calls = [
        call(n, (at, at + 60), load=Load(crates, 0, 9_000)) for n, (at, _w, _m, crates) in enumerate(drawn)
    ]
    vehicles = [vehicle(n, holds=Load(12, 2, 90_000)) for n in range(vans)]
    pb = problem(calls, vehicles, [minutes for _at, _w, minutes, _c in drawn])

    plan = completed(pb, [[] for _van in vehicles])

    served = [stop.call for route in plan.routes for stop in route.stops]
    assert sorted([*served, *plan.left_out]) == [one.key for one in calls]
    crates = {one.key: one.load.crates for one in calls}
    assert all(sum(crates[stop.call] for stop in route.stops) <= 12 for route in plan.routes)
    late = {stop.call for stop in plan.late}
    latest = {one.key: one.latest for one in calls}
    assert late == {
        stop.call for route in plan.routes for stop in route.stops if stop.arrives > latest[stop.call]
    }


def test_a_crow_flies_as_far_as_a_map_says():
    assert NOTRE_DAME.metres_to(GARE_DE_LYON) == pytest.approx(2036, abs=15)


def test_legs_are_slower_in_the_evening_and_never_shorter_than_parking_takes():
    far = Point(48.95, 2.30)

    legs = CrowFlies().legs([NOTRE_DAME, far, far, NOTRE_DAME], [9, 12, 18, 18])

    assert legs.metres[0][1] == round(NOTRE_DAME.metres_to(far) * ROAD_FACTOR)
    assert legs.seconds[0][1] < legs.seconds[0][2]
    # Home again at the pace of the stop one comes from.
    assert legs.seconds[1][0] < legs.seconds[2][0]
    assert legs.seconds[0][3] == SHORTEST_SECONDS
    assert legs.seconds[1][1] == 0


def test_a_van_that_leaves_the_evening_before_is_planned_like_any_other():
    calls = [call(1, (10, 70)), call(2, (30, 90))]
    evening = problem(calls, [vehicle(hours=(-120, 240))], [20, 30])

    plan = solve(evening, seed=1)

    assert not plan.left_out and not plan.late
    assert {stop.call for stop in plan.routes[0].stops} == {1, 2}
