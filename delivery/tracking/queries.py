"""What couriers, customers and staff read of the road."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet

from delivery.rounds.models import Courier, Drop, LeftOut, Round, Shift, Stop
from delivery.rounds.problem import Violation
from delivery.tracking.models import Card, CourierEvent, LateNotice, Question, Run, Visit


def courier_of(user_id: int) -> Courier | None:
    """Whoever drives under this login, in activity and trained. One query."""
    return Courier.objects.filter(user=user_id, is_active=True, trained_on__isnull=False).first()


def next_shift(courier_id: int, now: datetime) -> Shift | None:
    """When a courier drives next, or drives now. One query."""
    ahead = Shift.objects.filter(courier=courier_id, ends_at__gt=now)
    return ahead.select_related("van__depot").order_by("starts_at").first()


def round_of_courier(round_id: int, courier_id: int) -> Round | None:
    """A round of this very courier, trained and in activity. One query."""
    own = Round.objects.filter(
        pk=round_id,
        shift__courier=courier_id,
        shift__courier__is_active=True,
        shift__courier__trained_on__isnull=False,
    )
    return own.select_related("shift__van", "planning").first()


def rounds_ahead(courier_id: int, now: datetime) -> list[Round]:
    """What a courier has to drive yet and has not begun, the next one first, with its number of stops. One query."""
    ahead = Round.objects.filter(
        shift__courier=courier_id,
        run=None,
        state__in=[Round.State.PLANNED, Round.State.LOCKED],
        returns_at__gt=now,
    )
    return list(
        ahead.select_related("shift__van", "planning__depot")
        .annotate(stops_number=Count("stops"))
        .order_by("starts_at")
    )


def open_run(courier_id: int) -> Run | None:
    """What a courier is loading or driving. One query."""
    return (
        Run.objects.filter(courier=courier_id, ended_at=None)
        .select_related("round__shift__van", "round__planning__depot")
        .first()
    )


def visits_of(run: Run) -> list[Visit]:
    """In the order of the plan. One query."""
    return list(run.visits.select_related("drop").order_by("number"))


def visit_of(visit_id: int, courier_id: int) -> Visit | None:
    """A visit of this very courier's open round. One query."""
    own = Visit.objects.filter(pk=visit_id, run__courier=courier_id, run__ended_at=None)
    return own.select_related("drop", "run").first()


def refused_of(run: Run) -> list[CourierEvent]:
    """What a round's phone said in vain of stops that are still open, the latest first. One query."""
    said = run.events.exclude(refused_because="").filter(visit__state__in=Visit.OPEN)
    return list(said.select_related("visit").order_by("-pk"))


def said_in_vain(run: Run) -> list[CourierEvent]:
    """All that its phone said and that changed nothing, the latest first. One query."""
    return list(run.events.exclude(refused_because="").select_related("visit").order_by("-pk"))


def with_progress(runs: QuerySet[Run]) -> QuerySet[Run]:
    """Annotated with ``all_number``, ``done_number`` and ``late_number``: doors to come after their slot's end."""
    is_open = Q(visits__state__in=Visit.OPEN)
    late = is_open & Q(ended_at=None, visits__expected_at__gt=F("visits__slot_ends_at"))
    return runs.annotate(
        all_number=Count("visits"),
        done_number=Count("visits", filter=~is_open),
        late_number=Count("visits", filter=late),
    )


def open_questions() -> tuple[int, datetime | None]:
    """How many wait for an answer, and since when. One query."""
    found = Question.objects.filter(closed_at=None).aggregate(number=Count("pk"), oldest=Min("at"))
    return found["number"], found["oldest"]


def drops_concerned(zone_ids: Sequence[int], since: datetime, until: datetime) -> list[Drop]:
    """Drops of these zones promised in a period, that nobody has delivered. One query."""
    over = Visit.objects.filter(drop=OuterRef("pk"), state__in=[Visit.State.DELIVERED, Visit.State.REFUSED])
    found = Drop.objects.to_deliver().between(since, until).filter(zone__in=zone_ids)
    return list(found.filter(~Exists(over)).order_by("slot_starts_at", "pk"))


# So long before its slot a drop without a van is told: until then a dispatcher may still find one.
TOLD_BEFORE_SLOT, TOLD_UNTIL = timedelta(minutes=45), timedelta(hours=6)
_UNTOLD = ~Exists(
    LateNotice.objects.filter(drop=OuterRef("drop"), slot_starts_at=OuterRef("drop__slot_starts_at"))
)


def planned_late(now: datetime) -> list[Stop]:
    """Stops of rounds that have not left, planned after their slot, of drops not told yet. One query."""
    found = Stop.objects.filter(
        _UNTOLD, violation=Violation.LATE, round__state__in=[Round.State.PLANNED, Round.State.LOCKED],
        drop__slot_ends_at__gt=now - TOLD_UNTIL, drop__slot_starts_at__lt=now + TOLD_BEFORE_SLOT, drop__cancelled_at=None,
    )  # fmt: skip
    return list(found.exclude(drop__visits__state__in=Visit.OPEN).select_related("drop"))


def left_out_soon(now: datetime) -> list[LeftOut]:
    """Drops that no plan found a van for, whose slot is near, not told yet. One query."""
    found = LeftOut.objects.filter(
        _UNTOLD, drop__cancelled_at=None, drop__slot_ends_at__gt=now - TOLD_UNTIL,
        drop__slot_starts_at__lt=now + TOLD_BEFORE_SLOT,
    )  # fmt: skip
    return list(found.select_related("drop"))


def cards() -> list[Card]:
    """What couriers are trained to answer. One query."""
    return list(Card.objects.filter(is_published=True))


def runs_out() -> list[int]:
    """Runs that go on. One query."""
    return list(Run.objects.filter(ended_at=None).order_by("pk").values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class Live:
    """Where a delivery is. ``stops_before`` counts doors before this one, None before the van has left.

    The interval holds from the van's departure on; before, the slot is all that is promised.
    """

    state: str
    courier: str
    is_out: bool
    stops_before: int | None
    earliest_at: datetime | None
    latest_at: datetime | None
    is_late: bool


_EARLIER = Q(run__visits__state__in=Visit.OPEN, run__visits__number__lt=F("number"))


def live(order_reference: str) -> Live | None:
    """What may be said of an order on its way; None while no van is loaded with it. One query."""
    found = Visit.objects.filter(drop__order_reference=order_reference).exclude(state=Visit.State.HANDED_ON)
    visit = (
        found.select_related("run__courier")
        .annotate(before=Count("run__visits", filter=_EARLIER))
        .order_by("-pk")
        .first()
    )
    if visit is None:
        return None
    is_out = visit.run.left_at is not None
    is_open = visit.is_open and is_out
    return Live(
        state=visit.state,
        courier=visit.run.courier.first_name,
        is_out=is_out,
        stops_before=visit.before if is_open else None,  # type: ignore[attr-defined]
        earliest_at=visit.earliest_at if is_open else None,
        latest_at=visit.latest_at if is_open else None,
        is_late=is_open and visit.expected_at > visit.slot_ends_at,
    )
