"""``manage.py bench road``: rounds beside the nearest door, warnings beside the last stop's delay."""

import pytest
from django.core.management import call_command

from config.bench import road
from config.demonstration.day.town import half_day, households
from config.demonstration.day.traffic import Door, Jam, Passed, Traffic, driven
from delivery.rounds.problem import Planned, Route
from delivery.rounds.solver import solve
from delivery.rounds.travel import CrowFlies


def test_the_table_names_figure_and_baseline(monkeypatch, capsys, db):
    monkeypatch.setattr(road, "DAYS", 1)
    monkeypatch.setattr(road, "ORDERS", 60)
    monkeypatch.setattr(road, "VANS_OF_DAY", 3)
    monkeypatch.setattr(road, "TOWN", 60)
    monkeypatch.setattr(road, "STOPS", 30)

    call_command("bench", "road")

    told = capsys.readouterr().out
    assert "slots not kept" in told and "nearest door" in told and "last stop’s delay" in told


def test_a_plan_keeps_slots_that_the_nearest_door_breaks():
    problem = half_day(households(180, seed=2), vans=5, is_morning=False, travel=CrowFlies())

    plan, nearest = solve(problem, seed=1, iterations=400), road.nearest_door(problem)

    assert len(plan.late) + len(plan.left_out) < len(nearest.late) + len(nearest.left_out)
    assert plan.metres < nearest.metres


def test_warnings_come_in_time_and_beat_the_last_stops_delay():
    judged(road.simulated(range(1, 5)))


@pytest.mark.heavy
def test_warnings_on_twenty_days():
    days = road.simulated(range(1, 21))

    judged(days)
    ours, other = days.ours, days.last_delay
    print(
        f"recall {ours.recall:.0%} ({other.recall:.0%}), precision {ours.precision:.0%} ({other.precision:.0%})"
    )


def judged(days):
    ours, other = days.ours, days.last_delay
    assert ours.right + ours.missed > 20, "nothing was late: nothing is shown"
    assert ours.recall >= 0.80
    assert ours.precision >= 0.60
    assert ours.lead >= 30
    assert balance(ours) > balance(other)
    assert 0.75 <= days.within / days.told <= 0.92


def balance(score):
    return 2 * score.recall * score.precision / (score.recall + score.precision)


def test_the_last_stops_delay_is_added_to_every_plan():
    planned = {1: 600, 2: 1200, 3: 1800}
    route = Route(1, tuple(Planned(key, at, at + 60) for key, at in planned.items()), 0, 2400, 0)
    doors = [Door(key, 600, 60, 0, closes) for key, closes in ((1, 600), (2, 1619), (3, 2220))]

    assert road.late_by_last_stop(route, doors, []) == []
    assert road.late_by_last_stop(route, doors, [Passed(1, 1020, 1080)]) == [doors[1]]


@pytest.mark.heavy
def test_two_hundred_stops_over_ten_vans_are_planned_in_twenty_seconds():
    afternoon = [one for one in households(road.TOWN, seed=1) if one.hour >= 14][: road.STOPS]
    problem = half_day(afternoon, vans=road.VANS, is_morning=False, travel=CrowFlies())

    plan = solve(problem, seed=1)

    assert len(problem.calls) == 200
    assert not plan.left_out
    assert all(stop.violation for stop in plan.late)
    print(f"{len(plan.late)} of 200 slots not kept, {plan.metres / 1000:.0f} km")


def test_a_jam_makes_what_is_driven_in_it_slower_and_the_same_seed_the_same_day():
    doors = [Door(n, 600, 300, 0, 10**6) for n in range(20)]
    quiet = Traffic(seed=1)
    jammed = Traffic(seed=1, jams=[Jam(0, 10**6, 2.0)])

    plain = driven(doors, leaves=0, traffic=quiet, name="a")

    assert driven(doors, leaves=0, traffic=quiet, name="a") == plain
    assert driven(doors, leaves=0, traffic=jammed, name="a")[-1].arrived > 1.4 * plain[-1].arrived
    assert driven(doors, leaves=0, traffic=quiet, name="b") != plain
