"""Counting. Nothing here takes or keeps anything about who."""

from django.conf import settings
from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from crm.insights.buffer import Key
from crm.insights.flusher import Flusher
from crm.insights.models import Metric, Step
from crm.insights.rules import bucket_of

_FUNNEL = """
INSERT INTO insights_funnelcount (day, step, count)
SELECT * FROM unnest(%s::date[], %s::text[], %s::bigint[])
ON CONFLICT (day, step) DO UPDATE SET count = insights_funnelcount.count + excluded.count
"""
_VITALS = """
INSERT INTO insights_vitalcount (day, page, metric, bucket, count)
SELECT * FROM unnest(%s::date[], %s::text[], %s::text[], %s::int[], %s::bigint[])
ON CONFLICT (day, page, metric, bucket) DO UPDATE SET count = insights_vitalcount.count + excluded.count
"""


def count_step(step: Step) -> None:
    """Count a step of the funnel today, in memory. No query."""
    flusher.add(Key(day=timezone.localdate().isoformat(), step=step.value))


def count_vital(*, page: str, metric: Metric, milliseconds: int) -> None:
    """Count a page view's measure today, in memory. No query."""
    day = timezone.localdate().isoformat()
    flusher.add(Key(day=day, page=page, metric=metric.value, bucket=bucket_of(milliseconds)))


@transaction.atomic
def record_counts(counts: dict[Key, int]) -> None:
    """Add counts to the tables. One statement a table; rows are locked in one order, so writers only queue."""
    steps = sorted((key, count) for key, count in counts.items() if key.step)
    vitals = sorted((key, count) for key, count in counts.items() if not key.step)
    with connection.cursor() as cursor:
        if steps:
            cursor.execute(
                _FUNNEL, [[k.day for k, _ in steps], [k.step for k, _ in steps], [n for _, n in steps]]
            )
        if vitals:
            columns = [[getattr(k, name) for k, _ in vitals] for name in ("day", "page", "metric", "bucket")]
            cursor.execute(_VITALS, [*columns, [n for _, n in vitals]])


def _write(counts: dict[Key, int]) -> None:
    # No request opens this work, so nobody else has checked that the connection still stands.
    if not connection.in_atomic_block:
        close_old_connections()
    record_counts(counts)


def _rest() -> None:
    # Seconds pass between two writes: the thread's own connection would be held for nothing.
    connection.close()


flusher = Flusher(_write, seconds=settings.INSIGHTS_FLUSH_SECONDS, rest=_rest)
