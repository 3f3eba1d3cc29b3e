"""What was looked for in vain, and what people ask for: counted by week, never by whom.

A read writes nothing: searches wait in the cache, and a task takes them to the table (`collect`). What a cache
loses is a few counts.
"""

import re
import time
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from config.robots import is_robot
from shop.search import rules
from shop.search.models import TEXT_MAX_LENGTH, MissedSearch

KEPT_SECONDS = 24 * 3600
PER_MINUTE = 300
# Thirteen months.
KEPT_DAYS = 396
_LONG_NUMBER = re.compile(r"[0-9]{6,}")


def note(request: HttpRequest, query: str) -> None:
    """Remember that a search found nothing whole. No query; nothing for a robot, a next page or what may name somebody."""
    words = counted_words(query)
    if words and not is_robot(request) and "page" not in request.GET and "HX-Request" not in request.headers:
        _keep(words, int(time.time() // 60))


def counted_words(query: str) -> str:
    """What is counted: plain words, in their order. "" for an address, or a number that could be a telephone's."""
    if "@" in query:
        return ""
    words = rules.search_words(query)
    if rules.barcode(query) is None and _LONG_NUMBER.search("".join(re.findall("[0-9]+", query))):
        return ""
    return " ".join(words)[:TEXT_MAX_LENGTH]


def _keep(words: str, minute: int) -> None:
    counter = f"missed:{minute}"
    cache.add(counter, 0, KEPT_SECONDS)
    place = cache.incr(counter)
    if 0 < place <= PER_MINUTE:
        cache.set(f"{counter}:{place}", words, KEPT_SECONDS)


def collect() -> int:
    """Take what waits of past minutes to the table; how many searches. One query, none when nothing waits.

    Whoever deletes a minute's counter has its searches: two workers never count one twice.
    """
    now = int(time.time() // 60)
    waiting = cache.get_many([f"missed:{minute}" for minute in range(now - KEPT_SECONDS // 60, now)])
    counts: Counter[str] = Counter()
    for counter, places in waiting.items():
        if cache.delete(counter):
            kept = cache.get_many([f"{counter}:{place}" for place in range(1, min(places, PER_MINUTE) + 1)])
            counts.update(kept.values())
    if counts:
        _add(MissedSearch.Kind.SEARCH, counts)
    return counts.total()


def record_request(*, words: str) -> None:
    """Count a product that somebody asks for. One query, none when it holds no word."""
    plain = counted_words(words)
    if plain:
        _add(MissedSearch.Kind.REQUEST, {plain: 1})


def _add(kind: str, counts: Mapping[str, int]) -> None:
    words = sorted(counts)
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [week_of(timezone.localdate()), kind, words, [counts[one] for one in words]])


_ADD = """
INSERT INTO search_missedsearch AS known (week, kind, words, count)
SELECT %s, %s, words, number FROM unnest(%s::text[], %s::int[]) AS told (words, number)
ON CONFLICT (week, kind, words) DO UPDATE SET count = known.count + excluded.count
"""


def week_of(day: date) -> date:
    """Its Monday."""
    return day - timedelta(days=day.weekday())


def forget_old() -> int:
    """Drop what is older than thirteen months; how many rows. One query."""
    limit = week_of(timezone.localdate() - timedelta(days=KEPT_DAYS))
    return MissedSearch.objects.filter(week__lt=limit).delete()[0]
