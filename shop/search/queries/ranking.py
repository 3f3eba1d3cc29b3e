"""What was looked for in vain, for the catalogue team."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Max, Min, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from shop.search.missed import week_of
from shop.search.models import MissedSearch

SHOWN = 100


@dataclass(frozen=True, slots=True)
class Missed:
    """One wording: how often it was asked for in the weeks looked at, this week, and since when."""

    words: str
    origin: str
    count: int
    this_week: int
    since: date


def missed_ranking(weeks: int, kind: str = "") -> list[Missed]:
    """The hundred most frequent of the last weeks, this one included. One query."""
    this_week = week_of(timezone.localdate())
    first = this_week - timedelta(weeks=weeks - 1)
    recent = Q(week__gte=first)
    rows = MissedSearch.objects.filter(kind=kind) if kind else MissedSearch.objects.all()
    ranked = (
        rows.values("words", "kind")
        .annotate(
            total=Sum("count", filter=recent),
            now=Coalesce(Sum("count", filter=Q(week=this_week)), 0),
            since=Min("week"),
            last=Max("week"),
        )
        .filter(last__gte=first)
        .order_by("-total", "words", "kind")
    )
    labels = dict(MissedSearch.Kind.choices)
    return [
        Missed(row["words"], str(labels[row["kind"]]), row["total"], row["now"], row["since"])
        for row in ranked[:SHOWN]
    ]
