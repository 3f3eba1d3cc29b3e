"""What a courier's phone says, once for its key, in the order in which it was said.

Whatever it is it is kept; what cannot be true is kept as refused, so that the phone stops sending it and staff see it.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import transaction

from config.facts import publish
from delivery.promise import services as promises
from delivery.rounds import services as rounds
from delivery.rounds.problem import Point
from delivery.rounds.rules import is_on_earth
from delivery.tracking import rules
from delivery.tracking.errors import EventUnreadable, NotYourRound
from delivery.tracking.events import DeliveryArrived, DeliveryFailed, DeliveryMade, RoundLeft
from delivery.tracking.models import CourierEvent, Position, Run, Visit
from delivery.tracking.rules import Refusal
from delivery.tracking.services.runs import reestimate, withdraw

logger = logging.getLogger(__name__)
Kind = CourierEvent.Kind
State = Visit.State
_AT_A_STOP = (Kind.LOADED, Kind.ARRIVED, Kind.DELIVERED, Kind.ABSENT, Kind.REFUSED)
# Figures and codes that are kept of an event; names and pictures stand on the visit, and leave with the drop.
_KEPT = ("crates_missing", "was_age_checked", "refused", "deposits_back", "absent_because")


@dataclass(frozen=True, slots=True)
class Said:
    """``key`` makes it the same event however often it is sent. ``data``: see `apply`."""

    key: UUID
    kind: str
    run_id: int
    at: datetime
    visit_id: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    photo: "ContentFile[bytes] | None" = None


@transaction.atomic
def report(*, courier_id: int, said: Said, now: datetime) -> CourierEvent:
    """Take what a phone says of its round, and estimate what is to come anew. Sent again it is the same event.

    Raises NotYourRound, EventUnreadable. Locks the run, before it the half-day where a round changes its state. At most
    twenty-one queries however many stops, and what `publish` takes.
    """
    if said.kind not in Kind.values or (said.kind in _AT_A_STOP and said.visit_id is None):
        raise EventUnreadable(said.kind)
    run = _locked(courier_id, said)
    if known := CourierEvent.objects.filter(key=said.key).first():
        return known
    visits = list(run.visits.select_related("drop").order_by("number"))
    if run.ended_at is None:
        withdraw(visits)
    visit = next((one for one in visits if one.pk == said.visit_id), None)
    why = _refusal(run, visits, visit, said, now)
    if not why:
        _apply(run, visits, visit, said)
        reestimate(run, visits, now=now)
    return CourierEvent.objects.create(
        key=said.key,
        run=run,
        visit=visit,
        kind=said.kind,
        at=said.at,
        received_at=now,
        data={name: said.data[name] for name in _KEPT if name in said.data},
        refused_because=why or "",
    )


def _locked(courier_id: int, said: Said) -> Run:
    """The run, its row locked; first its half-day's, where what is said changes the round. Three to five queries."""
    own = Run.objects.filter(pk=said.run_id, courier=courier_id)
    seen = own.first()
    if seen is None:
        raise NotYourRound(said.run_id)
    leaves_unsaid = seen.left_at is None and said.kind in _STATE_OF
    if leaves_unsaid or said.kind in {Kind.LEFT, Kind.BACK, Kind.BROKEN}:
        rounds.lock_half_day(round_id=seen.round_id)
    return own.select_for_update(of=("self",)).select_related("round", "courier__carrier").get()


def _refusal(run: Run, visits: list[Visit], visit: Visit | None, said: Said, now: datetime) -> Refusal | None:
    if run.ended_at:
        return Refusal.ROUND_OVER
    arrived_at = visit.arrived_at if visit else None
    times = rules.Times(run.opened_at, run.left_at, arrived_at)
    if why := rules.refusal_of_time(said.at, now=now, times=times):
        return why
    if said.kind == Kind.POSITION:
        return None if _point(said) else Refusal.OFF_THE_PLANET
    if said.kind in _AT_A_STOP:
        return _refusal_at_stop(visit, said)
    if said.kind == Kind.BACK and any(one.is_open for one in visits):
        return Refusal.STOPS_LEFT
    if said.kind == Kind.LEFT and run.left_at:
        return Refusal.NOT_OPEN
    return None


def _refusal_at_stop(visit: Visit | None, said: Said) -> Refusal | None:
    if visit is None:
        return Refusal.NO_SUCH_STOP
    if said.kind == Kind.LOADED:
        return None if visit.state == State.TO_COME else Refusal.NOT_OPEN
    if _STATE_OF[Kind(said.kind)] not in Visit.MOVES[visit.state]:
        return Refusal.NOT_OPEN
    if said.kind == Kind.DELIVERED:
        if visit.drop.requires_age_check and not said.data.get("was_age_checked"):
            return Refusal.AGE_NOT_CHECKED
        there = [article["ref"] for article in visit.drop.articles]
        if rules.unknown_articles(said.data.get("refused", ()), there):
            return Refusal.REFUSED_UNKNOWN
    return None


_STATE_OF = {
    Kind.ARRIVED: State.ARRIVED,
    Kind.DELIVERED: State.DELIVERED,
    Kind.ABSENT: State.ABSENT,
    Kind.REFUSED: State.REFUSED,
}


def _apply(run: Run, visits: list[Visit], visit: Visit | None, said: Said) -> None:
    match said.kind:
        case Kind.LEFT:
            _leave(run, visits, said.at)
        case Kind.BACK:
            run.ended_at = said.at
            run.save(update_fields=["ended_at"])
            rounds.end_round(round_id=run.round_id, at=said.at)
        case Kind.BROKEN:
            _break_down(run, visits, said.at)
        case Kind.POSITION:
            _place(run, said)
        case Kind.LOADED if visit:
            visit.loaded_at, visit.crates_missing = said.at, said.data.get("crates_missing", 0)
            visit.save(update_fields=["loaded_at", "crates_missing"])
        case _ if visit:
            _at_door(run, visits, visit, said)


def _leave(run: Run, visits: list[Visit], at: datetime) -> None:
    run.left_at = at
    run.save(update_fields=["left_at"])
    rounds.send_out(round_id=run.round_id, at=at)
    publish(RoundLeft(tuple(visit.drop.order_reference for visit in visits if visit.is_open)))


def _break_down(run: Run, visits: list[Visit], at: datetime) -> None:
    """The van goes no further: what it still has goes with others."""
    run.ended_at = at
    if run.left_at is None:
        run.left_at = at
        rounds.send_out(round_id=run.round_id, at=at)
    run.save(update_fields=["ended_at", "left_at"])
    handed_on = [visit for visit in visits if visit.is_open]
    for visit in handed_on:
        visit.state = State.HANDED_ON
    Visit.objects.bulk_update(handed_on, ["state"])
    rounds.stop_round(round_id=run.round_id, at=at, undelivered=[visit.drop_id for visit in handed_on])


def _point(said: Said) -> Point | None:
    try:
        point = Point(float(said.data["latitude"]), float(said.data["longitude"]))
    except (KeyError, TypeError, ValueError) as unreadable:
        raise EventUnreadable(said.kind) from unreadable
    return point if is_on_earth(point) else None


def _place(run: Run, said: Said) -> None:
    point = _point(said)
    if point is None:
        return
    Position.objects.create(run=run, at=said.at, latitude=point.latitude, longitude=point.longitude)
    if run.placed_at is None or said.at > run.placed_at:
        run.latitude, run.longitude, run.placed_at = point.latitude, point.longitude, said.at
        run.save(update_fields=["latitude", "longitude", "placed_at"])


def _at_door(run: Run, visits: list[Visit], visit: Visit, said: Said) -> None:
    """Whoever hands over has arrived, and whoever has arrived has left the depot, even where that was not tapped."""
    if run.left_at is None:
        _leave(run, visits, max(run.opened_at, said.at - timedelta(seconds=visit.drive_seconds)))
    if visit.arrived_at is None:
        visit.arrived_at = said.at
        _keep_promise(run, visit, said.at)
        publish(
            DeliveryArrived(
                order_reference=visit.drop.order_reference,
                minutes_late=rules.minutes_late(said.at, visit.slot_ends_at),
            )
        )
    visit.state = _STATE_OF[Kind(said.kind)]
    if said.kind != Kind.ARRIVED:
        visit.done_at = max(said.at, visit.arrived_at)
        _note_end(visit, said)
    visit.save()


def _keep_promise(run: Run, visit: Visit, at: datetime) -> None:
    """An order brought back after nobody answered has kept its hour the first time; what else is refused staff see as
    an arrival that nobody told.
    """
    reference = visit.drop.order_reference
    try:
        promises.record_arrival(order_reference=reference, at=at, carrier=run.courier.carrier.code)
    except promises.AlreadyArrived:
        return
    except promises.PromiseRefused as refused:
        logger.error("arrival of order %s was not taken: %s", reference, type(refused).__name__)


def _note_end(visit: Visit, said: Said) -> None:
    reference = visit.drop.order_reference
    if said.kind == Kind.DELIVERED:
        visit.received_by = str(said.data.get("received_by", ""))[:80]
        visit.was_age_checked = bool(said.data.get("was_age_checked"))
        visit.refused = list(said.data.get("refused", ()))
        visit.deposits_back = int(said.data.get("deposits_back", 0))
        if said.photo:
            visit.photo.save(said.photo.name or "photo", said.photo, save=False)
        publish(
            DeliveryMade(
                order_reference=reference,
                done_epoch=int((visit.done_at or said.at).timestamp()),
                refused=tuple(visit.refused),
                deposits_back=visit.deposits_back,
            )
        )
        return
    if said.kind == Kind.ABSENT:
        visit.absent_because = rules.Absent(said.data.get("absent_because", rules.Absent.NOBODY))
    publish(DeliveryFailed(order_reference=reference, why=said.kind))
