"""What planners and dispatchers read."""

from datetime import date, datetime, timedelta

from django.db.models import Count, Prefetch, Q, QuerySet

from delivery.rounds.models import Carrier, Drop, LeftOut, Planning, Round, Shift, Stop
from delivery.rounds.problem import Point
from delivery.rounds.rules import Half, bounds, half_of
from delivery.zones.models import Depot

# A shift belongs to the half-day in which its middle lies: it may begin or end in the other one.
LONGEST_SHIFT = timedelta(hours=10)


def place_of(depot: Depot) -> Point | None:
    """Where its rounds begin and end; None where nobody said it yet. No query."""
    if depot.latitude is None or depot.longitude is None:
        return None
    return Point(depot.latitude, depot.longitude)


def carrier_names() -> dict[str, str]:
    """Code → name. One query."""
    return dict(Carrier.objects.values_list("code", "name"))


def drops_to_plan(planning: Planning) -> list[Drop]:
    """What no fixed round has, by slot. One query."""
    since, until = bounds(planning.day, Half(planning.half))
    fixed = Stop.objects.filter(round__state__in=Round.FIXED, round__planning=planning)
    found = Drop.objects.to_deliver().between(since, until).filter(depot=planning.depot_id)
    return list(found.exclude(pk__in=fixed.values("drop")).order_by("slot_starts_at", "pk"))


def shifts_of(planning: Planning, *, now: datetime) -> list[Shift]:
    """Shifts of a half-day that still go on, of vans in service and trained couriers, and that no fixed round has.

    One query.
    """
    found = _shifts_around(planning).filter(
        ends_at__gt=now,
        van__is_active=True,
        courier__is_active=True,
        courier__trained_on__lte=planning.day,
        courier__carrier__is_active=True,
    )
    free = found.filter(Q(round=None) | Q(round__state=Round.State.PLANNED))
    return [shift for shift in free.select_related("van") if _is_of(shift, planning)]


def all_shifts_of(planning: Planning) -> list[Shift]:
    """Every shift of a half-day, with its courier and van. One query."""
    found = _shifts_around(planning).select_related("van", "courier__carrier")
    return [shift for shift in found if _is_of(shift, planning)]


def shifts_of_week(monday: date) -> QuerySet[Shift]:
    """Shifts that begin within seven local days. One query when read."""
    since, _noon = bounds(monday, Half.MORNING)
    until, _noon = bounds(monday + timedelta(days=7), Half.MORNING)
    return Shift.objects.filter(starts_at__gte=since, starts_at__lt=until).order_by("starts_at", "van__name")


def _shifts_around(planning: Planning) -> QuerySet[Shift]:
    since, until = bounds(planning.day, Half(planning.half))
    return Shift.objects.filter(
        van__depot=planning.depot_id,
        ends_at__gt=since,
        starts_at__lt=until,
        starts_at__gte=since - LONGEST_SHIFT,
    ).order_by("starts_at", "pk")


def _is_of(shift: Shift, planning: Planning) -> bool:
    return half_of(shift.starts_at + (shift.ends_at - shift.starts_at) / 2) == (
        planning.day,
        Half(planning.half),
    )


def rounds_of(planning: Planning) -> QuerySet[Round]:
    """Rounds of a half-day with their couriers, vans and stops. Two queries when read."""
    stops = Stop.objects.select_related("drop__zone").order_by("number")
    return (
        Round.objects.filter(planning=planning)
        .select_related("shift__courier__carrier", "shift__van")
        .prefetch_related(Prefetch("stops", queryset=stops))
        .order_by("starts_at", "shift__van__name")
    )


def left_out_of(planning: Planning) -> QuerySet[LeftOut]:
    """What its plan found no round for. One query when read."""
    return (
        LeftOut.objects.filter(planning=planning)
        .select_related("drop__zone")
        .order_by("drop__slot_starts_at")
    )


def with_figures(plannings: QuerySet[Planning]) -> QuerySet[Planning]:
    """Annotated with ``rounds_number``, ``stops_number``, ``late_number`` (stops), ``overtime_number`` (rounds) and
    ``left_out_number``.
    """
    return plannings.annotate(
        rounds_number=Count("rounds", distinct=True),
        stops_number=Count("rounds__stops", distinct=True),
        overtime_number=Count("rounds", filter=~Q(rounds__violation=""), distinct=True),
        late_number=Count("rounds__stops", filter=~Q(rounds__stops__violation=""), distinct=True),
        left_out_number=Count("left_out", distinct=True),
    )
