"""Plans of half-days: read, computed outside any transaction, and written if nothing has changed meanwhile."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from delivery.rounds.errors import DepotNowhere, PlanStale
from delivery.rounds.models import Drop, LeftOut, Planning, Round, Stop
from delivery.rounds.problem import Call, Plan, Point, Problem, Route, Vehicle
from delivery.rounds.queries import drops_to_plan, place_of, shifts_of
from delivery.rounds.rules import AFTERNOON_BEGINS, service_seconds
from delivery.rounds.solver import solve
from delivery.rounds.travel import provider
from delivery.slots.rules import PARIS, local_date, local_midnight

# Of a courier who is at the depot already: the time to load.
LOADING = timedelta(minutes=20)
TRIES = 3
# Orders come in all day long: a half-day is not planned anew for each of them.
PLANNED_EVERY = timedelta(minutes=10)
AHEAD = timedelta(hours=36)


@dataclass(frozen=True, slots=True)
class Draft:
    """A problem with what it was read from: ``origin`` is its second 0."""

    planning_id: int
    changes: int
    origin: datetime
    problem: Problem
    drops: Mapping[int, Drop]


def plan_half_day(*, planning_id: int, seed: int = 0, now: datetime | None = None) -> Plan:
    """Plan the rounds of a half-day that nobody has locked, and write them.

    Computed outside any transaction, some seconds; where something changed meanwhile it is computed anew, three times
    at most. Raises DepotNowhere, PlanStale. Not inside a transaction. Ten queries for each try.
    """
    for _try in range(TRIES):
        draft = read(planning_id=planning_id, now=now or timezone.now())
        plan = solve(draft.problem, seed=seed)
        try:
            write(draft, plan)
        except PlanStale:
            continue
        return plan
    raise PlanStale(planning_id)


def read(*, planning_id: int, now: datetime) -> Draft:
    """What is to be planned: drops that no fixed round has, shifts that have none. Four queries.

    What comes after ``now`` only: a van that has yet to leave does so once it is loaded. Raises DepotNowhere.
    """
    planning = Planning.objects.select_related("depot").get(pk=planning_id)
    home = place_of(planning.depot)
    if home is None:
        raise DepotNowhere(planning.depot_id)
    origin = local_midnight(planning.day)
    drops = drops_to_plan(planning)
    shifts = shifts_of(planning, now=now)
    ready_from = now + LOADING
    points = [home, *(drop.point or home for drop in drops)]
    starts = [drop.slot_starts_at for drop in drops]
    hours = [starts[0].astimezone(PARIS).hour if starts else AFTERNOON_BEGINS.hour]
    hours += [at.astimezone(PARIS).hour for at in starts]
    problem = Problem(
        calls=[_call(drop, origin, home) for drop in drops],
        vehicles=[
            Vehicle(
                key=shift.pk,
                holds=shift.van.holds,
                starts=_seconds(max(shift.starts_at, ready_from), origin),
                ends=_seconds(shift.ends_at, origin),
            )
            for shift in shifts
        ],
        legs=provider().legs(points, hours),
    )
    return Draft(planning.pk, planning.changes, origin, problem, {drop.pk: drop for drop in drops})


def _call(drop: Drop, origin: datetime, home: Point) -> Call:
    load = drop.load
    return Call(
        key=drop.pk,
        point=drop.point or home,
        earliest=_seconds(drop.slot_starts_at, origin),
        latest=_seconds(drop.slot_ends_at, origin),
        service=service_seconds(
            crates=load.crates, age_check=drop.requires_age_check, is_newcomer=drop.is_newcomer
        ),
        load=load,
        is_newcomer=drop.is_newcomer,
    )


def _seconds(at: datetime, origin: datetime) -> int:
    """Elapsed, not by the clock: on the days it changes a day has 23 or 25 hours."""
    return round(at.timestamp() - origin.timestamp())


@transaction.atomic
def write(draft: Draft, plan: Plan) -> None:
    """Put a plan in the place of the one before, fixed rounds left alone. Raises PlanStale: nothing is written then.

    Locks the half-day; at most twelve queries, however many stops.
    """
    planning = _still_so(draft)
    Round.objects.filter(planning=planning, state=Round.State.PLANNED).delete()
    # One that moved here may still be left out by the plan of the half-day it came from.
    LeftOut.objects.filter(Q(planning=planning) | Q(drop__in=plan.left_out)).delete()
    rounds = Round.objects.bulk_create(_round(planning, draft, route) for route in plan.routes)
    Stop.objects.bulk_create(
        stop
        for round_, route in zip(rounds, plan.routes, strict=True)
        for stop in _stops(round_, draft, route)
    )
    LeftOut.objects.bulk_create(
        LeftOut(planning=planning, drop_id=drop_id, why=why) for drop_id, why in plan.left_out.items()
    )
    planning.planned_changes, planning.planned_at = draft.changes, timezone.now()
    planning.save(update_fields=["planned_changes", "planned_at"])


def _still_so(draft: Draft) -> Planning:
    planning = Planning.objects.select_for_update().get(pk=draft.planning_id)
    if planning.changes != draft.changes:
        raise PlanStale(planning.pk)
    return planning


def _round(planning: Planning, draft: Draft, route: Route) -> Round:
    return Round(
        planning=planning,
        shift_id=route.vehicle,
        starts_at=_at(draft, route.starts),
        returns_at=_at(draft, route.returns),
        metres=route.metres,
        violation=route.violation or "",
    )


def _at(draft: Draft, seconds: int) -> datetime:
    return datetime.fromtimestamp(draft.origin.timestamp() + seconds, tz=draft.origin.tzinfo)


def _stops(round_: Round, draft: Draft, route: Route) -> Iterable[Stop]:
    places = {call.key: place for place, call in enumerate(draft.problem.calls, 1)}
    at = 0
    for number, stop in enumerate(route.stops, 1):
        place = places[stop.call]
        yield Stop(
            round=round_,
            drop_id=stop.call,
            number=number,
            arrives_at=_at(draft, stop.arrives),
            leaves_at=_at(draft, stop.leaves),
            drive_seconds=draft.problem.legs.seconds[at][place],
            service_seconds=stop.leaves - stop.arrives,
            violation=stop.violation or "",
        )
        at = place


def due_for_plan(*, now: datetime) -> list[int]:
    """Half-days to come that changed since they were planned, and not in the last ten minutes. One query."""
    stale = Planning.objects.filter(
        changes__gt=F("planned_changes"), day__gte=local_date(now), day__lte=local_date(now + AHEAD)
    )
    waited = Q(planned_at=None) | Q(planned_at__lt=now - PLANNED_EVERY)
    return list(stale.filter(waited).order_by("day", "-half", "pk").values_list("pk", flat=True))
