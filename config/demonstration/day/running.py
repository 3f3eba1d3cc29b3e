"""A whole day through the shop's own services: planned, driven as the roads truly are, told, made good, published.

The truth is drawn here and kept apart (`truth.py`); the shop hears of it only what phones say.
"""

import heapq
import uuid
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass, field, fields
from datetime import date, datetime, time, timedelta
from random import Random

from django.contrib.auth import get_user_model
from django.db import transaction

from config.demonstration.day.orders import DEPOT, make_orders
from config.demonstration.day.traffic import Door, Passed, Traffic, driven
from config.demonstration.day.truth import Lived, Public
from config.demonstration.marks import EMAIL_DOMAIN
from config.facts import deliver_all
from delivery.promise.models import Compensation, WeekRecord
from delivery.promise.services import count_weeks, decide
from delivery.rounds.models import Carrier, Courier, Planning, Round, Shift, Van
from delivery.rounds.services import plan_half_day
from delivery.slots.rules import PARIS, monday_of
from delivery.tracking import services as tracking
from delivery.tracking.models import LateNotice, Run, Visit
from delivery.zones.models import Depot

CARRIERS = {"cabas": ("Cabas", True), "velo-express": ("Vélo Express", False)}
# Twice half a day, a break between; plans are made once slots sell no more.
SHIFTS = ((time(6, 30), time(13, 45)), (time(13, 50), time(22, 30)))
PLANNED_AT = (time(5, 30), time(12, 30))
LOADING, STILL_OUT = timedelta(minutes=25), timedelta(minutes=5)
# The worker looks each minute; a day of sixteen hours has no need of it.
TICK = timedelta(minutes=10)
# Nobody answers at so many doors of a hundred.
ABSENT = 2
REPAIRED_AFTER, SPARE_LOADED_AFTER = timedelta(minutes=12), timedelta(minutes=35)
Say = Callable[[str], None]


@dataclass(slots=True)
class _Day:
    """The clock, what is still to happen, and the truth."""

    seed: int
    on: date
    traffic: Traffic
    lived: dict[str, Lived]
    dice: Random
    queue: list[tuple[datetime, int, Callable[[datetime], None]]] = field(default_factory=list)
    order: int = 0
    # Which van of the afternoon breaks down, as the how-manieth to leave; and the shift that stands by.
    breaks: int = 0
    spare: Shift | None = None

    def at(self, when: datetime, what: Callable[[datetime], None]) -> None:
        self.order += 1
        heapq.heappush(self.queue, (when, self.order, what))

    def seconds(self, at: datetime) -> int:
        return round((at - datetime.combine(self.on, time(), PARIS)).total_seconds())

    def instant(self, seconds: int) -> datetime:
        return datetime.fromtimestamp(
            datetime.combine(self.on, time(), PARIS).timestamp() + seconds, tz=PARIS
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What truly became of each order, and by how much the day changed what the shop publishes."""

    lived: list[Lived]
    published: dict[tuple[str, str], Public]
    granted: dict[str, tuple[str, int]]


def run_day(
    *, seed: int, on: date, orders: int = 300, vans: int = 12, say: Say = lambda _words: None
) -> Outcome:
    """Live a past local day of the first depot.

    Raises NothingToSimulate. Some minutes for three hundred orders; each step commits by itself.
    """
    monday = monday_of(on)
    before = _published(monday)
    say(f"{orders} commandes…")
    with transaction.atomic():
        lived = make_orders(orders, seed=seed, day=on)
    deliver_all()
    day = _Day(seed, on, Traffic.of_day(seed), {one.reference: one for one in lived}, Random(f"{seed}-day"))
    day.spare, day.breaks = _fleet(vans, on), day.dice.randrange(3)
    for half, at in enumerate(PLANNED_AT):
        day.at(datetime.combine(on, at, PARIS), lambda now, half=half: _plan(day, half, now, say))  # type: ignore[misc]
    _live(day)
    _judge_the_rest(lived)
    _read_warnings(lived)
    return Outcome(lived, _gained(before, _published(monday)), _granted(lived))


def _published(monday: date) -> dict[tuple[str, str], Public]:
    """(zone, carrier) → what the public record says of a week, counted now."""
    count_weeks(now=datetime.now(PARIS), since=monday)
    names = [one.name for one in fields(Public)]
    rows = WeekRecord.objects.filter(monday_on=monday).select_related("zone")
    return {(row.zone.name, row.carrier): Public(*(getattr(row, name) for name in names)) for row in rows}


def _gained(
    before: dict[tuple[str, str], Public], after: dict[tuple[str, str], Public]
) -> dict[tuple[str, str], Public]:
    gained = {
        key: Public(
            *(
                now - then
                for now, then in zip(astuple(figures), astuple(before.get(key, Public())), strict=True)
            )
        )
        for key, figures in after.items()
    }
    return {key: figures for key, figures in gained.items() if figures.orders}


def _granted(lived: Iterable[Lived]) -> dict[str, tuple[str, int]]:
    found = Compensation.objects.filter(
        order_reference__in=[one.reference for one in lived], state__in=Compensation.GIVEN
    )
    return {row.order_reference: (row.remedy, row.amount_cents) for row in found}


def _judge_the_rest(lived: Iterable[Lived]) -> None:
    """What never came is judged half a day later, as the worker would."""
    deliver_all()
    for one in lived:
        if one.arrived_at is None:
            decide(order_reference=one.reference)
    deliver_all()


def _fleet(vans: int, on: date) -> Shift:
    """Vans with their couriers for two shifts each; the last one stands by, and its second shift is answered unsaved."""
    depot = Depot.objects.get(code=DEPOT)
    carriers = {
        code: Carrier.objects.get_or_create(code=code, defaults={"name": name, "is_own": is_own})[0]
        for code, (name, is_own) in CARRIERS.items()
    }
    spare: Shift | None = None
    for number in range(vans):
        code = "cabas" if number % 3 else "velo-express"
        user, _new = get_user_model().objects.get_or_create(email=f"tournee-{number}@{EMAIL_DOMAIN}")
        courier, _new = Courier.objects.get_or_create(
            user=user,
            defaults={
                "first_name": f"Livreur {number + 1}",
                "carrier": carriers[code],
                "trained_on": date(2026, 1, 5),
            },
        )
        van, _new = Van.objects.get_or_create(
            plate=f"JR-{number:03d}-XX",
            defaults={
                "depot": depot,
                "name": f"Camionnette {number + 2}",
                "crates": 110,
                "frozen_crates": 20,
                "load_kg": 1500,
            },
        )
        for begins, ends in SHIFTS:
            shift = Shift(
                courier=courier,
                van=van,
                starts_at=datetime.combine(on, begins, PARIS),
                ends_at=datetime.combine(on, ends, PARIS),
            )
            if number < vans - 1:
                shift.save()
            else:
                spare = shift
    assert spare is not None  # noqa: S101 - a day without a van is refused by the command
    return spare


def _plan(day: _Day, half: int, now: datetime, say: Say) -> None:
    for planning in Planning.objects.filter(
        depot__code=DEPOT, day=day.on, half=("morning", "afternoon")[half]
    ):
        plan_half_day(planning_id=planning.pk, seed=day.seed, now=now)
        rounds = list(
            Round.objects.filter(planning=planning, state=Round.State.PLANNED).order_by("starts_at", "pk")
        )
        say(f"{now:%H:%M} {len(rounds)} tournées, {sum(one.stops.count() for one in rounds)} arrêts")
        for place, round_ in enumerate(rounds):
            _schedule(day, round_, is_broken=half == 1 and place == day.breaks % len(rounds))


def _schedule(day: _Day, round_: Round, *, is_broken: bool, not_before: datetime | None = None) -> None:
    leaves = max(round_.starts_at, not_before or round_.starts_at)
    day.at(leaves - LOADING, lambda now: _load(day, round_, now, is_broken=is_broken))


def _load(day: _Day, round_: Round, now: datetime, *, is_broken: bool) -> None:
    """A courier who is not back from the morning loads once they are; what a rescue planned anew, it scheduled."""
    try:
        tracking.open_run(courier_id=round_.shift.courier_id, round_id=round_.pk, now=now)
    except tracking.AlreadyOut:
        day.at(now + STILL_OUT, lambda at: _load(day, round_, at, is_broken=is_broken))
        return
    except tracking.NotYourRound:
        return
    day.at(now + LOADING, lambda at: _leave(day, round_, at, is_broken=is_broken))


def _leave(day: _Day, round_: Round, now: datetime, *, is_broken: bool) -> None:
    run = Run.objects.select_related("courier__carrier").get(round=round_)
    _say(run, "left", now)
    visits = list(run.visits.to_come().select_related("drop").order_by("number"))
    doors = [
        Door(
            one.pk,
            one.drive_seconds,
            one.service_seconds,
            day.seconds(one.slot_starts_at),
            day.seconds(one.slot_ends_at),
        )
        for one in visits
    ]
    passed = driven(
        doors, leaves=day.seconds(now), traffic=day.traffic, name=f"{round_.shift.van_id}-{now:%H}"
    )
    stops_at = len(passed) // 2 if is_broken and len(passed) > 2 else len(passed)
    for visit, one in zip(visits[:stops_at], passed, strict=False):
        _deliver(day, run, visit, one)
    last = day.instant(passed[stops_at - 1].done) if stops_at else now
    if stops_at < len(passed):
        day.at(last + timedelta(minutes=4), lambda at: _break_down(day, run, at))
    else:
        day.at(last + timedelta(minutes=20), lambda at: _back(run, at))


def _deliver(day: _Day, run: Run, visit: Visit, passed: Passed) -> None:
    arrives, done = day.instant(passed.arrived), day.instant(passed.done)
    is_absent = day.dice.randrange(100) < ABSENT

    def arrived(now: datetime) -> None:
        lived = day.lived[visit.drop.order_reference]
        lived.arrived_at, lived.carrier = now, run.courier.carrier.code
        _say(run, "arrived", now, visit.pk)

    def ended(now: datetime) -> None:
        _say(run, "absent" if is_absent else "delivered", now, visit.pk, was_age_checked=True)

    day.at(arrives, arrived)
    day.at(done, ended)


def _say(run: Run, kind: str, now: datetime, visit_id: int | None = None, **data: object) -> None:
    said = tracking.Said(key=uuid.uuid4(), kind=kind, run_id=run.pk, at=now, visit_id=visit_id, data=data)
    event = tracking.report(courier_id=run.courier_id, said=said, now=now)
    if event.refused_because:
        raise RuntimeError(f"{kind} refused: {event.refused_because}")


def _back(run: Run, now: datetime) -> None:
    if not run.visits.to_come().exists():
        _say(run, "back", now)


def _break_down(day: _Day, run: Run, now: datetime) -> None:
    """The dispatcher puts the spare van on, and plans anew what the broken one had."""
    _say(run, "broken", now)
    day.at(now + REPAIRED_AFTER, lambda at: _rescue(day, run, at))


def _rescue(day: _Day, run: Run, now: datetime) -> None:
    planning = run.round.planning
    if day.spare:
        day.spare.starts_at = now
        day.spare.save()
    plan_half_day(planning_id=planning.pk, seed=day.seed, now=now)
    for round_ in Round.objects.filter(planning=planning, state=Round.State.PLANNED):
        _schedule(day, round_, is_broken=False, not_before=now + SPARE_LOADED_AFTER)


def _live(day: _Day) -> None:
    """Everything in its turn; facts follow what made them, and each run is looked at every few minutes."""
    next_tick = datetime.combine(day.on, PLANNED_AT[0], PARIS)
    while day.queue:
        at, _order, what = heapq.heappop(day.queue)
        while next_tick < at:
            _tick(next_tick)
            next_tick += TICK
        what(at)
    _tick(next_tick)


def _tick(now: datetime) -> None:
    for run_id in Run.objects.filter(ended_at=None, left_at__isnull=False).values_list("pk", flat=True):
        tracking.tick(run_id=run_id, now=now)
    tracking.warn_unplanned(now=now)
    deliver_all()


def _read_warnings(lived: Iterable[Lived]) -> None:
    told = {
        row.drop.order_reference: row.told_at
        for row in LateNotice.objects.filter(
            drop__order_reference__in=[one.reference for one in lived]
        ).select_related("drop")
    }
    for one in lived:
        one.warned_at = told.get(one.reference)
