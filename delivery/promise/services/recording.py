"""The public record, counted from what happened."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, CharField, Count, F, Q, Sum, Value, When
from django.db.models.functions import TruncWeek

from delivery.promise.models import Compensation, Outcome, WeekRecord
from delivery.promise.models.outcomes import (
    COMPLETE,
    LACKED,
    ON_TIME,
    TOLD_BEFORE,
    WITHIN_5,
    WITHIN_30,
)
from delivery.promise.rules import FIRST_ORDERS, week_of
from delivery.slots.rules import PARIS, local_midnight

# Arrivals are corrected, and articles reported missing, that long after.
RECENT = timedelta(weeks=5)
Key = tuple[int, date, str]


@transaction.atomic
def count_weeks(*, now: datetime, since: date | None = None) -> int:
    """Count the weeks from ``since`` on anew, or those that may still change; how many rows.

    Of two at once the second waits and counts again. Five statements, however many orders.
    """
    monday = since or week_of(now - RECENT)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('promise.count_weeks', 0))")
    begins = local_midnight(monday)
    given = _given(begins)
    WeekRecord.objects.filter(monday_on__gte=monday).delete()
    return len(
        WeekRecord.objects.bulk_create(
            WeekRecord(
                zone_id=row["zone"],
                monday_on=row["week"].date(),
                carrier=row["by"],
                **{name: row[name] for name in _FIGURES},
                **_of(given, (row["zone"], row["week"].date(), row["by"])),
            )
            for row in _counted(begins, now)
        )
    )


_BY = Case(
    When(is_collect=True, then=Value(WeekRecord.COLLECTED)), default=F("carrier"), output_field=CharField()
)
_FIGURES: Mapping[str, Q] = {
    "orders": Q(),
    "kept": ON_TIME & COMPLETE,
    "on_time": ON_TIME,
    "within_5": WITHIN_5,
    "within_30": WITHIN_30,
    "complete": COMPLETE,
    "lacked": LACKED,
    "told_before": TOLD_BEFORE,
    "first_orders": Q(rank__lte=FIRST_ORDERS),
    "first_kept": ON_TIME & COMPLETE & Q(rank__lte=FIRST_ORDERS),
}


def _counted(begins: datetime, now: datetime) -> Iterable[dict[str, Any]]:
    """One query."""
    found = Outcome.objects.counted(now).filter(slot_starts_at__gte=begins)
    grouped = found.order_by().values("zone", week=TruncWeek("slot_starts_at", tzinfo=PARIS), by=_BY)
    counted: Any = grouped.annotate(**{name: Count("pk", filter=which) for name, which in _FIGURES.items()})
    return counted  # type: ignore[no-any-return]


def _given(begins: datetime) -> dict[Key, tuple[int, int]]:
    """Zone, week and carrier → how many compensations, and their cents. One query."""
    by = Case(
        When(outcome__is_collect=True, then=Value(WeekRecord.COLLECTED)),
        default=F("outcome__carrier"),
        output_field=CharField(),
    )
    found = Compensation.objects.filter(
        state__in=Compensation.GIVEN, outcome__slot_starts_at__gte=begins
    ).order_by()
    grouped = found.values(
        zone=F("outcome__zone"), week=TruncWeek("outcome__slot_starts_at", tzinfo=PARIS), by=by
    ).annotate(number=Count("pk"), cents=Sum("amount_cents"))
    return {(row["zone"], row["week"].date(), row["by"]): (row["number"], row["cents"]) for row in grouped}


def _of(given: Mapping[Key, tuple[int, int]], key: Key) -> dict[str, int]:
    number, cents = given.get(key, (0, 0))
    return {"compensations": number, "compensation_cents": cents}
