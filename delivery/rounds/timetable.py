"""When a van is where, if it makes these calls in this order; and where one more call fits best. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from delivery.rounds.problem import (
    Call,
    Legs,
    Load,
    Plan,
    Planned,
    Problem,
    Route,
    Vehicle,
    Violation,
    load_of_all,
)
from delivery.rounds.rules import too_much

DEPOT = 0
# A promise broken by more is not made worse by planning it: staff are asked what to do.
LATEST_SECONDS = 90 * 60
OVERTIME_SECONDS = 45 * 60
NEWCOMERS_COUNT = 3


def timetable(vehicle: Vehicle, order: Sequence[int], calls: Sequence[Call], legs: Legs) -> Route:
    """A route through calls given by their places in ``calls``. The van leaves as late as its first stop lets it, and
    waits where it would come too early.
    """
    starts = _leaves_at(vehicle, order, calls, legs)
    at, clock, metres = DEPOT, starts, 0
    stops: list[Planned] = []
    for place in order:
        call = calls[place]
        metres += legs.metres[at][place + 1]
        arrives = max(clock + legs.seconds[at][place + 1], call.earliest)
        clock, at = arrives + call.service, place + 1
        stops.append(Planned(call.key, arrives, clock, Violation.LATE if arrives > call.latest else None))
    metres += legs.metres[at][DEPOT]
    returns = clock + legs.seconds[at][DEPOT]
    late_home = Violation.OVERTIME if returns > vehicle.ends else None
    return Route(vehicle.key, tuple(stops), starts, returns, metres, late_home)


def load_of_order(calls: Sequence[Call], order: Sequence[int]) -> Load:
    """What calls, given by their places, take of a van together."""
    return load_of_all(calls[place].load for place in order)


def _leaves_at(vehicle: Vehicle, order: Sequence[int], calls: Sequence[Call], legs: Legs) -> int:
    if not order:
        return vehicle.starts
    return max(vehicle.starts, calls[order[0]].earliest - legs.seconds[DEPOT][order[0] + 1])


@dataclass(frozen=True, slots=True)
class _Fit:
    """One place for a call: how late it makes things, then how far."""

    seconds_late: int
    metres: int
    route: int
    position: int


def completed(problem: Problem, orders: Sequence[Sequence[int]]) -> Plan:
    """A plan from the order of calls in each vehicle, in which what no vehicle takes yet is put where it makes things
    least late. What fits no van, or would come far too late, is left out, and why is said.
    """
    taken = [list(order) for order in orders]
    known = {place for order in taken for place in order}
    missing = [place for place in range(len(problem.calls)) if place not in known]
    missing.sort(key=lambda place: (not problem.calls[place].is_newcomer, problem.calls[place].latest, place))
    left_out: dict[int, Violation] = {}
    for place in missing:
        why = _insert(problem, taken, place)
        if why:
            left_out[problem.calls[place].key] = why
    routes = tuple(
        timetable(vehicle, order, problem.calls, problem.legs)
        for vehicle, order in zip(problem.vehicles, taken, strict=True)
        if order
    )
    return Plan(routes, left_out)


def _insert(problem: Problem, taken: list[list[int]], place: int) -> Violation | None:
    if not problem.vehicles:
        return Violation.NO_VAN
    full: Violation | None = None
    is_full_everywhere = True
    fits: list[_Fit] = []
    for number, vehicle in enumerate(problem.vehicles):
        load = load_of_order(problem.calls, [*taken[number], place])
        if limit := too_much(load, vehicle.holds):
            full = full or limit
            continue
        is_full_everywhere = False
        fits += _fits(problem, taken[number], place, number)
    best = min(fits, key=lambda fit: (fit.seconds_late, fit.metres), default=None)
    if best is None:
        return full if is_full_everywhere and full else Violation.OUT_OF_REACH
    taken[best.route].insert(best.position, place)
    return None


def _fits(problem: Problem, order: Sequence[int], place: int, number: int) -> list[_Fit]:
    vehicle = problem.vehicles[number]
    found = []
    for position in range(len(order) + 1):
        tried = [*order[:position], place, *order[position:]]
        route = timetable(vehicle, tried, problem.calls, problem.legs)
        late = [
            max(0, stop.arrives - problem.calls[at].latest)
            for at, stop in zip(tried, route.stops, strict=True)
        ]
        over = max(0, route.returns - vehicle.ends)
        if max(late) <= LATEST_SECONDS and over <= OVERTIME_SECONDS:
            found.append(_Fit(_weight(problem, tried, late) + over, route.metres, number, position))
    return found


def _weight(problem: Problem, order: Sequence[int], late: Sequence[int]) -> int:
    """Seconds late, those of a customer's first orders counted thrice."""
    return sum(
        seconds * (NEWCOMERS_COUNT if problem.calls[place].is_newcomer else 1)
        for place, seconds in zip(order, late, strict=True)
    )
