"""Rounds against driving to the nearest door, and warnings of delay against telling the delay of the last stop.

Simulated: the same households, roads and seeds each time. Nothing is read from the database or written to it.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median

from config.demonstration.day.town import half_day, households
from config.demonstration.day.traffic import Door, Passed, Traffic, driven
from delivery.rounds.problem import Plan, Problem, Route
from delivery.rounds.rules import too_much
from delivery.rounds.solver import solve
from delivery.rounds.timetable import DEPOT, completed, load_of_order, timetable
from delivery.rounds.travel import CrowFlies
from delivery.tracking.estimates import WARN_FROM, Estimate, Leg, Reached, estimate_onward

HEADING = ("road", "figure", "beside, in the same run")
STOPS, VANS = 200, 10
DAYS, ORDERS, VANS_OF_DAY = 20, 300, 11
# So many households that two hundred of them are delivered in the afternoon.
TOWN = 385
# The shop looks at each round that often, whether or not its phone speaks.
TICK = 120
# Of a simulated day's plans: twenty days are forty plans.
ITERATIONS = 300
_MIDNIGHT = datetime(2026, 11, 26, tzinfo=UTC)


def rows() -> Iterator[tuple[str, str, str]]:
    """(figure, ours, baseline of the same run)."""
    yield from _planned()
    yield from _warned()


def _planned() -> Iterator[tuple[str, str, str]]:
    afternoon = [one for one in households(TOWN, seed=1) if one.hour >= 14][:STOPS]
    problem = half_day(afternoon, vans=VANS, is_morning=False, travel=CrowFlies())
    started = time.perf_counter()
    plan = solve(problem, seed=1)
    took = time.perf_counter() - started
    nearest = nearest_door(problem)
    yield f"seconds to plan {len(problem.calls)} stops over {VANS} vans", f"{took:.1f}", ""
    yield "slots not kept", _broken(plan), f"{_broken(nearest)} (nearest door)"
    yield "km", f"{plan.metres / 1000:.0f}", f"{nearest.metres / 1000:.0f}"
    yield "hours on the road", f"{plan.seconds / 3600:.0f}", f"{nearest.seconds / 3600:.0f}"


def _broken(plan: Plan) -> str:
    return str(len(plan.late) + len(plan.left_out))


def nearest_door(problem: Problem) -> Plan:
    """Each van drives to the nearest door whose slot it can keep and whose crates it can take, until there is none; what
    is left over is set in where it does least harm.
    """
    left = set(range(len(problem.calls)))
    orders: list[list[int]] = []
    for number in range(len(problem.vehicles)):
        order: list[int] = []
        while (place := _nearest(problem, number, order, left)) is not None:
            order.append(place)
            left.discard(place)
        orders.append(order)
    return completed(problem, orders)


def _nearest(problem: Problem, number: int, order: Sequence[int], left: Iterable[int]) -> int | None:
    vehicle, legs = problem.vehicles[number], problem.legs
    at = order[-1] + 1 if order else DEPOT
    for place in sorted(left, key=lambda one: (legs.seconds[at][one + 1], one)):
        route = timetable(vehicle, [*order, place], problem.calls, legs)
        load = load_of_order(problem.calls, [*order, place])
        if not (route.violation or route.stops[-1].violation or too_much(load, vehicle.holds)):
            return place
    return None


@dataclass(slots=True)
class Score:
    """How warnings did. ``leads`` are the minutes before the slot's end at which a late door was told."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    leads: list[float] = field(default_factory=list)

    def count(self, door: Door, truth: Passed, told: int | None) -> None:
        """A door that is late and told before its slot ends is right; told and in time, wrong; else missed."""
        is_late, in_time = truth.arrived > door.closes, told is not None and told < door.closes
        self.right += is_late and in_time
        self.missed += is_late and not in_time
        self.wrong += not is_late and told is not None
        if is_late and in_time and told is not None:
            self.leads.append((door.closes - told) / 60)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def lead(self) -> float:
        return median(self.leads) if self.leads else 0.0


@dataclass(slots=True)
class Days:
    """What a number of simulated days came to: ours, the baseline, and how often an arrival lay within its interval."""

    ours: Score = field(default_factory=Score)
    last_delay: Score = field(default_factory=Score)
    within: int = 0
    told: int = 0
    doors: int = 0


def _warned() -> Iterator[tuple[str, str, str]]:
    days = simulated(range(1, DAYS + 1))
    ours, other = days.ours, days.last_delay
    yield f"doors reached after their slot, of {days.doors} in {DAYS} days", str(ours.right + ours.missed), ""
    yield (
        "told before the slot ends (recall)",
        f"{ours.recall:.0%}",
        f"{other.recall:.0%} (the last stop’s delay)",
    )
    yield "of those told, truly late (precision)", f"{ours.precision:.0%}", f"{other.precision:.0%}"
    yield "minutes before the slot ends, median", f"{ours.lead:.0f}", f"{other.lead:.0f}"
    yield "arrivals within the interval told", f"{days.within / max(1, days.told):.0%}", "80% are meant"


def simulated(seeds: Iterable[int]) -> Days:
    """Days of ORDERS orders as they are planned, driven and estimated."""
    days = Days()
    for seed in seeds:
        town, traffic = households(ORDERS, seed=seed), Traffic.of_day(seed)
        for is_morning in (True, False):
            problem = half_day(town, vans=VANS_OF_DAY, is_morning=is_morning, travel=CrowFlies())
            for route in solve(problem, seed=seed, iterations=ITERATIONS).routes:
                doors = doors_of(route, problem)
                truth = driven(
                    doors, leaves=route.starts, traffic=traffic, name=f"{is_morning}-{route.vehicle}"
                )
                _watch(days, route, doors, truth)
    return days


def doors_of(route: Route, problem: Problem) -> list[Door]:
    """A planned route as the road takes it."""
    places = {call.key: place for place, call in enumerate(problem.calls)}
    order = [places[stop.call] for stop in route.stops]
    drives = [
        problem.legs.seconds[before + 1 if before >= 0 else DEPOT][place + 1]
        for before, place in pairwise([-1, *order])
    ]
    return [
        Door(call.key, drive, call.service, call.earliest, call.latest)
        for call, drive in zip((problem.calls[place] for place in order), drives, strict=True)
    ]


def _watch(days: Days, route: Route, doors: list[Door], truth: list[Passed]) -> None:
    told: dict[int, int] = {}
    told_otherwise: dict[int, int] = {}
    moments = {route.starts, *(one.arrived for one in truth), *(one.done for one in truth)}
    for now in sorted(moments | set(range(route.starts, truth[-1].arrived, TICK))):
        arrived = [one for one in truth if one.arrived <= now]
        to_come = doors[len(arrived) :]
        estimates = _estimates(route, doors, arrived, now)
        for door, one in zip(to_come, estimates, strict=True):
            if one.late_chance >= WARN_FROM:
                told.setdefault(door.key, now)
        if now in moments:
            days.told += len(to_come)
            days.within += sum(
                one.earliest_at <= _at(max(passed.arrived, door.opens)) <= one.latest_at
                for one, passed, door in zip(estimates, truth[len(arrived) :], to_come, strict=True)
            )
        for door in late_by_last_stop(route, doors, arrived):
            told_otherwise.setdefault(door.key, now)
    for door, passed in zip(doors, truth, strict=True):
        days.ours.count(door, passed, told.get(door.key))
        days.last_delay.count(door, passed, told_otherwise.get(door.key))
    days.doors += len(doors)


def _estimates(route: Route, doors: list[Door], arrived: list[Passed], now: int) -> list[Estimate]:
    """From what a phone has said by now."""
    legs = [Leg(door.drive, door.service, _at(door.opens), _at(door.closes)) for door in doors]
    reached = [
        Reached(leg, _at(one.arrived), _at(one.done) if one.done <= now else None)
        for leg, one in zip(legs, arrived, strict=False)
    ]
    return estimate_onward(legs[len(arrived) :], reached, left_at=_at(route.starts), now=_at(now))


def late_by_last_stop(route: Route, doors: list[Door], arrived: list[Passed]) -> list[Door]:
    """Of the doors to come those that most shops would call late: each as planned, plus how late the last stop was."""
    if not arrived:
        return []
    planned = {stop.call: stop.arrives for stop in route.stops}
    delay = arrived[-1].arrived - planned[arrived[-1].key]
    return [door for door in doors[len(arrived) :] if planned[door.key] + delay > door.closes]


def _at(seconds: float) -> datetime:
    return _MIDNIGHT + timedelta(seconds=seconds)
