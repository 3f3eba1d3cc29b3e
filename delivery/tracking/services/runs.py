"""A courier takes a round, and its doors are estimated anew. Lock order: the half-day, then the run, then its visits."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from config.facts import publish
from delivery.rounds import services as rounds
from delivery.rounds.models import Drop, Round
from delivery.tracking.errors import AlreadyOut, NotYourRound
from delivery.tracking.estimates import WARN_FROM, Leg, Reached, estimate_onward
from delivery.tracking.events import DelayForeseen
from delivery.tracking.models import LateNotice, Run, Visit
from delivery.tracking.queries import left_out_soon, planned_late, round_of_courier

State = Visit.State


@transaction.atomic
def open_run(*, courier_id: int, round_id: int, now: datetime) -> Run:
    """A courier begins to load: the round is locked, and its stops become visits. Twice is once.

    Raises NotYourRound, AlreadyOut, rounds.RoundMoveRefused. Locks the half-day; fifteen queries, however many stops.
    """
    round_ = round_of_courier(round_id, courier_id)
    if round_ is None:
        raise NotYourRound(round_id)
    # Two taps wait for each other here, before either looks.
    rounds.lock_courier(courier_id=courier_id)
    if known := Run.objects.filter(round=round_).first():
        return known
    if Run.objects.filter(courier=courier_id, ended_at=None).exists():
        raise AlreadyOut(courier_id)
    try:
        round_ = rounds.lock_round(round_id=round_id)
    except Round.DoesNotExist as replanned:
        raise NotYourRound(round_id) from replanned
    run = Run.objects.create(round=round_, courier_id=courier_id, opened_at=now)
    stops = list(round_.stops.select_related("drop").order_by("number"))
    # Loaded for another slot, in a van that has said nothing since.
    elsewhere = Visit.objects.to_come().filter(drop__in=[stop.drop_id for stop in stops])
    withdraw(list(elsewhere.select_related("drop")))
    visits = Visit.objects.bulk_create(
        Visit(
            run=run,
            drop=stop.drop,
            number=stop.number,
            state=State.CANCELLED if stop.drop.cancelled_at else State.TO_COME,
            slot_starts_at=stop.drop.slot_starts_at,
            slot_ends_at=stop.drop.slot_ends_at,
            planned_at=stop.arrives_at,
            drive_seconds=stop.drive_seconds,
            service_seconds=stop.service_seconds,
            expected_at=stop.arrives_at,
            earliest_at=stop.drop.slot_starts_at,
            latest_at=stop.drop.slot_ends_at,
        )
        for stop in stops
    )
    reestimate(run, visits, now=now)
    return run


def withdraw(visits: Sequence[Visit]) -> None:
    """Whoever called an order off or moved it meanwhile is not driven to, nor told that it will be late. The caller holds
    the run's lock, or the half-day's: what that van's phone said of the door meanwhile stays. One query for each state that
    a door becomes, none else.
    """
    became: dict[State, list[Visit]] = {}
    for visit in visits:
        if state := visit.withdrawn_as:
            became.setdefault(state, []).append(visit)
    for state, off in became.items():
        Visit.objects.to_come().filter(pk__in=[visit.pk for visit in off]).update(state=state)
        for visit in off:
            visit.state = state


def reestimate(run: Run, visits: Sequence[Visit], *, now: datetime) -> None:
    """Estimate what is to come of a run from what is over, and tell whoever will be late. The caller holds the run's lock.

    At most four queries, and as many as `publish` takes for each customer told; what they read is kept on ``visits``.
    """
    to_come = [visit for visit in visits if visit.state == State.TO_COME]
    if not to_come or run.ended_at:
        return
    estimates = estimate_onward(
        [_leg(visit) for visit in to_come],
        _reached(visits),
        left_at=run.left_at or max(run.round.starts_at, now),
        now=now,
    )
    for visit, told in zip(to_come, estimates, strict=True):
        visit.expected_at, visit.late_chance = told.expected_at, told.late_chance
        visit.earliest_at, visit.latest_at = told.earliest_at, told.latest_at
    Visit.objects.bulk_update(to_come, ["expected_at", "late_chance", "earliest_at", "latest_at"])
    warn({visit.drop: visit.expected_at for visit in to_come if _is_late(visit)}, now=now)


def _is_late(visit: Visit) -> bool:
    return visit.late_chance >= WARN_FROM


def warn(late: Mapping[Drop, datetime | None], *, now: datetime) -> None:
    """Tell those who were not told yet that it will be late: drop → when it is expected.

    Once for a drop and its slot, whoever asks and however often. One query, none where nobody is late; for each who was
    not told another, and what `publish` takes.
    """
    if not late:
        return
    known = set(LateNotice.objects.filter(drop__in=late).values_list("drop_id", "slot_starts_at"))
    for drop in sorted(late, key=lambda one: one.pk):
        if (drop.pk, drop.slot_starts_at) in known:
            continue
        expected_at = late[drop]
        _notice, is_new = LateNotice.objects.get_or_create(
            drop=drop,
            slot_starts_at=drop.slot_starts_at,
            defaults={"told_at": now, "expected_at": expected_at},
        )
        if is_new:
            publish(
                DelayForeseen(
                    order_reference=drop.order_reference,
                    expected_epoch=int(expected_at.timestamp()) if expected_at else 0,
                )
            )


@transaction.atomic
def warn_unplanned(*, now: datetime) -> None:
    """Tell those whose drop no van has yet and that a plan can only deliver late, or not at all. Three queries, and what
    `publish` takes for each customer told.
    """
    late = {stop.drop: stop.arrives_at for stop in planned_late(now)}
    warn(late | {one.drop: None for one in left_out_soon(now)}, now=now)


def _leg(visit: Visit) -> Leg:
    return Leg(visit.drive_seconds, visit.service_seconds, visit.slot_starts_at, visit.slot_ends_at)


def _reached(visits: Sequence[Visit]) -> list[Reached]:
    """In the order in which they were."""
    told = [(visit.arrived_at, visit.number, visit) for visit in visits if visit.arrived_at]
    return [
        Reached(_leg(visit), at, visit.done_at)
        for at, _number, visit in sorted(told, key=lambda one: one[:2])
    ]


@transaction.atomic
def tick(*, run_id: int, now: datetime) -> None:
    """Time passes and a phone says nothing: what should have happened by now has not. Locks the run; nine queries and
    what `publish` takes.
    """
    run = Run.objects.select_for_update(of=("self",)).select_related("round").get(pk=run_id)
    if run.ended_at is None:
        visits = list(run.visits.select_related("drop").order_by("number"))
        withdraw(visits)
        reestimate(run, visits, now=now)
