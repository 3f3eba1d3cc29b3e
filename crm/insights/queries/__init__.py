"""What the counts say."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.core.cache import cache
from django.db.models import Count
from django.utils import timezone

from crm.insights.models import FunnelCount, Metric, Step, VitalCount
from crm.insights.ports import AnswerTimes, answer_times
from crm.insights.queries.episodes import recovery_episodes
from crm.insights.record import Record, service_record
from crm.insights.recovery.costs import Costs, costs
from crm.insights.recovery.estimate import Recovery, recover
from crm.insights.rules import TARGET_MS, percentile, rate
from delivery.slots.rules import local_midnight
from shop.orders.models import Order

FIGURES_SECONDS = 300
_RECORD_KEY, _ANSWERS_KEY = "insights.record", "insights.answers"
RECOVERY_DAYS = 365
RECOVERY_SECONDS = 3600
_RECOVERY_KEY = "insights.recovery"


@dataclass(frozen=True, slots=True)
class FunnelRow:
    """One day, or the whole period: how often each step was taken and what share of the visits that is."""

    day: date | None
    counts: dict[str, int]

    def cells(self) -> list[tuple[int, float | None]]:
        """Per step: the count, and its rate per hundred visits (None for visits, and without any)."""
        visits = self.counts.get(Step.VISIT, 0)
        return [
            (self.counts.get(step, 0), None if step == Step.VISIT else rate(self.counts.get(step, 0), visits))
            for step in Step
        ]

    @property
    def conversion(self) -> float | None:
        """Orders per hundred visits."""
        return rate(self.counts.get(Step.ORDER, 0), self.counts.get(Step.VISIT, 0))


@dataclass(frozen=True, slots=True)
class VitalRow:
    """One page and measure: its 75th percentile over the period and per day, in ms."""

    page: str
    metric: str
    views: int
    p75_ms: int | None
    days: list[int | None] = field(default_factory=list)

    @property
    def is_slow(self) -> bool:
        return self.p75_ms is not None and self.p75_ms > TARGET_MS[self.metric]


def last_days(number: int) -> list[date]:
    """The last days in Paris, today first."""
    today = timezone.localdate()
    return [today - timedelta(days=back) for back in range(number)]


def funnel(days: list[date]) -> tuple[list[FunnelRow], FunnelRow]:
    """A row a day and the sum of them. Two queries: orders are counted where they lie, never twice kept."""
    per_day: dict[date, dict[str, int]] = {day: {} for day in days}
    for row in FunnelCount.objects.filter(day__in=days):
        per_day[row.day][row.step] = row.count
    for day, count in _orders_per_day(since=min(days)):
        if day in per_day:
            per_day[day][Step.ORDER] = count
    total = {step.value: sum(counts.get(step, 0) for counts in per_day.values()) for step in Step}
    return [FunnelRow(day, counts) for day, counts in per_day.items()], FunnelRow(None, total)


def _orders_per_day(*, since: date) -> Iterable[tuple[date, int]]:
    return (
        Order.objects.filter(placed_at__date__gte=since)
        .values_list("placed_at__date")
        .annotate(count=Count("id"))
        .order_by()
    )


def vitals(days: list[date]) -> list[VitalRow]:
    """The 75th percentiles of each page, over the period and each day, slowest first. One query."""
    histograms: dict[tuple[str, str], dict[date, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    for row in VitalCount.objects.filter(day__in=days):
        histograms[row.page, row.metric][row.day][row.bucket] = row.count
    rows = [
        VitalRow(
            page=page,
            metric=metric,
            views=sum(sum(histogram.values()) for histogram in by_day.values()),
            p75_ms=percentile(_sum(by_day.values())),
            days=[percentile(by_day.get(day, {})) for day in days],
        )
        for (page, metric), by_day in histograms.items()
    ]
    return sorted(rows, key=lambda row: (Metric.values.index(row.metric), -(row.p75_ms or 0), row.page))


def _sum(histograms: Iterable[dict[int, int]]) -> dict[int, int]:
    total: dict[int, int] = defaultdict(int)
    for histogram in histograms:
        for bucket, count in histogram.items():
            total[bucket] += count
    return total


def public_record() -> Record:
    """The public record of service, at most FIGURES_SECONDS old. Two queries when the cache has none.

    Anybody may reload that page as often as they like.
    """
    known = cache.get(_RECORD_KEY)
    if not isinstance(known, Record):
        known = service_record(timezone.now())
        cache.set(_RECORD_KEY, known, FIGURES_SECONDS)
    return known


def public_answer_times(record: Record) -> AnswerTimes:
    """Of the weeks of the headline, at most FIGURES_SECONDS old. As many queries as the bound answer takes."""
    known = cache.get(_ANSWERS_KEY)
    if known is None:
        known = answer_times(local_midnight(record.headline_since), timezone.now())
        cache.set(_ANSWERS_KEY, known, FIGURES_SECONDS)
    return known  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class RecoveryReport:
    """Whether the disappointed came back, and what it cost, over a year of arrivals."""

    since: date
    recovery: Recovery
    costs: Costs


def recovery_report(horizon_days: int) -> RecoveryReport | None:
    """At most RECOVERY_SECONDS old; None while nothing arrived. Six queries when the cache has none.

    A year of orders takes seconds to compare: who looks at the page again does not wait again.
    """
    until = timezone.localdate()
    key = f"{_RECOVERY_KEY}.{until}.{horizon_days}"
    known = cache.get(key)
    if isinstance(known, RecoveryReport):
        return known
    since = until - timedelta(days=RECOVERY_DAYS)
    episodes = recovery_episodes(since, until)
    if not episodes:
        return None
    recovery = recover(episodes, horizon_days=horizon_days)
    report = RecoveryReport(since, recovery, costs(episodes, recovery))
    cache.set(key, report, RECOVERY_SECONDS)
    return report
