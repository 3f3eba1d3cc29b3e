"""Rounds by PyVRP: short ones that keep every window, where there are such. The same problem and seed, the same plan.

Stops on iterations, not on seconds: a plan must not hang on how busy the machine was.
"""

import warnings
from typing import Any

from delivery.rounds.problem import Call, Plan, Problem
from delivery.rounds.rules import MARGIN
from delivery.rounds.timetable import DEPOT, completed

ITERATIONS = 1_500
# Beyond any length a round may have: nobody is left out for the sake of distance, a newcomer last of all.
PRIZE, NEWCOMER_PRIZE = 10_000_000, 20_000_000
_MARGIN = round(MARGIN.total_seconds())


def solve(problem: Problem, *, seed: int, iterations: int = ITERATIONS) -> Plan:
    """A plan of all calls. Some five seconds for two hundred of them: never inside a transaction."""
    if not problem.calls or not problem.vehicles:
        return completed(problem, [[] for _vehicle in problem.vehicles])
    return completed(problem, _orders(problem, seed=seed, iterations=iterations))


def _orders(problem: Problem, *, seed: int, iterations: int) -> list[list[int]]:
    # It brings numpy and matplotlib, a second and 60 MB: only whoever plans pays for them.
    import numpy
    import pyvrp
    from pyvrp.exceptions import PenaltyBoundWarning
    from pyvrp.stop import MaxIterations

    matrices: list[Any] = [
        numpy.array(rows, dtype=numpy.int64) for rows in (problem.legs.metres, problem.legs.seconds)
    ]
    # PyVRP knows no time before zero: of a van that leaves the evening before, all is counted from there.
    later = -min(
        0, *(vehicle.starts for vehicle in problem.vehicles), *(call.earliest for call in problem.calls)
    )
    data = pyvrp.ProblemData(
        # Where they lie only spreads PyVRP's neighbourhoods; how far it is stands in the matrices.
        [
            pyvrp.Location(0, 0),
            *(pyvrp.Location(call.point.longitude, call.point.latitude) for call in problem.calls),
        ],
        [_client(pyvrp, place, call, later) for place, call in enumerate(problem.calls, 1)],
        [pyvrp.Depot(DEPOT)],
        [_vehicle(pyvrp, vehicle, later) for vehicle in problem.vehicles],
        matrices[:1],
        matrices[1:],
    )
    with warnings.catch_warnings():
        # Nothing may keep it all: what is not kept is named by the plan, not in a log.
        warnings.simplefilter("ignore", PenaltyBoundWarning)
        found = pyvrp.solve(
            data, stop=MaxIterations(iterations), seed=seed, display=False, collect_stats=False
        )
    orders: list[list[int]] = [[] for _vehicle in problem.vehicles]
    if found.best.is_feasible():
        for route in found.best.routes():
            orders[route.vehicle_type()] = [step.idx for step in route if step.is_client()]
    return orders


def _client(pyvrp: Any, place: int, call: Call, later: int) -> Any:
    """Optional, at a prize: where a window cannot be kept, it alone is left out, and set in afterwards."""
    return pyvrp.Client(
        place,
        delivery=[call.load.crates, call.load.frozen, call.load.grams],
        service_duration=call.service,
        tw_early=call.earliest + later,
        tw_late=max(call.earliest, call.latest - _MARGIN) + later,
        prize=NEWCOMER_PRIZE if call.is_newcomer else PRIZE,
        required=False,
    )


def _vehicle(pyvrp: Any, vehicle: Any, later: int) -> Any:
    return pyvrp.VehicleType(
        1,
        capacity=[vehicle.holds.crates, vehicle.holds.frozen, vehicle.holds.grams],
        tw_early=vehicle.starts + later,
        tw_late=vehicle.ends + later,
        unit_distance_cost=1,
        unit_duration_cost=1,
    )
