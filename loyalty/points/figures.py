"""The programme in figures: what is owed and will be spent of it, what each month brought, a quarter under other rules."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import Sum
from django.db.models.functions import TruncDate, TruncMonth

from loyalty.points import rules
from loyalty.points.models import PointAccount, PointEntry
from loyalty.points.ports import first_reward
from loyalty.points.rules import Cohort, History, Replayed

Kind = PointEntry.Kind
# Lots that ended so lately show what becomes of points: a whole year, with its feasts and its holidays.
LOOKED_BACK = timedelta(days=365)
# Where points never end, those of that age are seen as ended.
ENDLESS_MONTHS = 24
REPLAYED = timedelta(days=90)
# What millions of rows say changes little within the hour.
KNOWN_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Liability:
    """What is owed in points, at most and as history says; ``ended`` is how many points that ended it stands on, ``whole``
    how many of those owed are counted whole, for want of it.
    """

    points: int
    most: Decimal
    expected_points: int
    expected: Decimal
    ended: int
    whole: int
    history: tuple[Cohort, ...]

    @property
    def is_known(self) -> bool:
        """Whether history says anything of what is owed."""
        return self.whole < self.points


_AGE = "greatest(0, extract(day FROM {} - l.usable_at)::int / 30)"
_ENDED = """
(l.expires_at <= %(now)s AND l.expires_at > %(since)s)
 OR (l.expires_at IS NULL AND l.usable_at <= %(now)s::timestamptz - make_interval(months => %(months)s)
     AND l.usable_at > %(since)s::timestamptz - make_interval(months => %(months)s))
"""
# Points that were moved to another lot, or paid a debt as they came, never were to spend: they are no part of it.
_USED = f"""
SELECT age, coalesce(sum(points) FILTER (WHERE is_spent), 0), coalesce(sum(points) FILTER (WHERE is_lost), 0),
       coalesce(sum(points) FILTER (WHERE is_spent IS NOT TRUE AND is_lost IS NOT TRUE), 0)
  FROM (SELECT coalesce({_AGE.format("e.at")}, 0) AS age, u.points,
               e.kind = 'spent' OR (e.kind = 'given_back' AND u.points < 0) AS is_spent,
               e.kind IN ('taken_back', 'expired') AS is_lost
          FROM points_pointlot l JOIN points_pointuse u ON u.lot_id = l.id
          LEFT JOIN points_pointentry e
            ON e.id = u.entry_id AND e.kind IN ('spent', 'given_back', 'taken_back', 'expired')
         WHERE {_ENDED}) used
 GROUP BY age
"""  # noqa: S608 - our own words
_CREDITED = f"SELECT coalesce(sum(l.points), 0) FROM points_pointlot l WHERE {_ENDED}"  # noqa: S608 - our own words
_OWED = f"""
SELECT coalesce({_AGE.format("%(now)s")}, 0) AS age, sum(remaining) FROM points_pointlot l WHERE remaining > 0 GROUP BY 1
"""  # noqa: S608 - our own words


def liability_of(terms: rules.Terms, now: datetime) -> Liability:
    """Reads every lot that holds something, and those of the last year that ended. Three queries."""
    told = {"now": now, "since": now - LOOKED_BACK, "months": terms.lasts_months or ENDLESS_MONTHS}
    used = [tuple(map(int, row)) for row in _rows(_USED, told)]
    [(credited,)] = _rows(_CREDITED, told)
    owed = [(age, int(points)) for age, points in _rows(_OWED, told)]
    ended = int(credited) - sum(apart for *_used, apart in used)
    history = rules.cohorts(ended, [(age, spent, lost) for age, spent, lost, _apart in used])
    points = sum(some for _age, some in owed)
    expected, whole = rules.expected_use(owed, history)
    return Liability(
        points,
        rules.worth(points, terms),
        expected,
        rules.worth(expected, terms),
        ended,
        whole,
        tuple(history),
    )


def _rows(asked: str, told: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(asked, told)
        return list(cursor.fetchall())


def known_liability(terms: rules.Terms, now: datetime) -> Liability:
    """As `liability_of`, at most an hour old. No query where it is known."""
    key = f"points.liability.{terms.hundred_worth}.{terms.lasts_months}"
    known = cache.get(key)
    if not isinstance(known, Liability):
        known = liability_of(terms, now)
        cache.set(key, known, KNOWN_SECONDS)
    return known


@dataclass(frozen=True, slots=True)
class Month:
    """Points of one month, all positive. ``spent`` is less what was given back, ``credited`` what was earned and given less
    what was taken back, ``owed`` all balances at its end.
    """

    starts_on: date
    earned: int
    gifts: int
    taken_back: int
    spent: int
    expired: int
    owed: int

    @property
    def credited(self) -> int:
        return self.earned + self.gifts - self.taken_back


def months_since(since: datetime) -> list[Month]:
    """From the month of ``since`` on, those without an entry left out; the first first. Two queries."""
    found = PointEntry.objects.filter(at__gte=since).annotate(month=TruncMonth("at")).order_by()
    by_month: dict[date, dict[str, int]] = {}
    for month, kind, points in found.values_list("month", "kind").annotate(some=Sum("points")):
        by_month.setdefault(month.date(), {})[kind] = points
    owed = PointAccount.objects.aggregate(points=Sum("balance", default=0))["points"]
    months = []
    for starts_on, kinds in sorted(by_month.items(), reverse=True):
        months.append(_month(starts_on, kinds, owed))
        owed -= sum(kinds.values())
    return months[::-1]


def _month(starts_on: date, kinds: dict[str, int], owed: int) -> Month:
    return Month(
        starts_on=starts_on,
        earned=kinds.get(Kind.EARNED, 0),
        gifts=kinds.get(Kind.GIFT, 0),
        taken_back=-kinds.get(Kind.TAKEN_BACK, 0),
        spent=-kinds.get(Kind.SPENT, 0) - kinds.get(Kind.GIVEN_BACK, 0),
        expired=-kinds.get(Kind.EXPIRED, 0),
        owed=owed,
    )


def spent_otherwise(since: datetime, until: datetime) -> dict[date, int]:
    """Day → points spent on something else than a voucher, less those given back. One query."""
    found = PointEntry.objects.filter(at__gte=since, at__lt=until, kind__in=[Kind.SPENT, Kind.GIVEN_BACK])
    days = found.exclude(source__startswith=rules.EXCHANGED).annotate(day=TruncDate("at")).order_by()
    return {day: -points for day, points in days.values_list("day").annotate(some=Sum("points"))}


_USABLE = """
SELECT reference, greatest(usable, 0) FROM (
    SELECT reference, sum(delta) OVER (PARTITION BY account_id ORDER BY at, reference) AS usable FROM (
        SELECT account_id, usable_at AS at, points AS delta, '' AS reference FROM points_pointlot
         WHERE usable_at IS NOT NULL AND account_id %% %(one_in)s = 0
        UNION ALL
        SELECT e.account_id, e.at, -u.points, '' FROM points_pointuse u
          JOIN points_pointentry e ON e.id = u.entry_id JOIN points_pointlot l ON l.id = u.lot_id
         WHERE l.usable_at IS NOT NULL AND e.account_id %% %(one_in)s = 0
        UNION ALL
        SELECT account_id, at, 0, order_reference FROM points_pointentry
         WHERE kind = 'earned' AND at >= %(since)s AND account_id %% %(one_in)s = 0
           AND source = order_reference || ':1') moves) running
 WHERE reference <> ''
"""


def usable_when_counted(since: datetime, *, one_in: int) -> dict[str, int]:
    """Order → the points its customer might have spent as it first counted; of one account in so many. One query."""
    return dict(_rows(_USABLE, {"since": since, "one_in": one_in}))


def accounts_number() -> int:
    """One query."""
    return PointAccount.objects.count()


_HISTORIES = """
SELECT sum(e.points)::bigint, sum(e.cents + e.bonus_cents)::bigint, sum(e.points::bigint * (t.step * 100)::bigint / t.points)::bigint,
       a.carried_cents, max(t.step * 100)::bigint
  FROM points_pointentry e
  JOIN points_pointorder o ON o.order_reference = e.order_reference
  JOIN points_pointterms t ON t.id = o.terms_id
  JOIN points_pointaccount a ON a.customer_id = e.account_id
 WHERE e.kind IN ('earned', 'taken_back') AND e.at >= %s
 GROUP BY a.customer_id
"""


def histories_since(since: datetime) -> Iterator[History]:
    """What orders brought each account since then, as its entries say. One query, read little by little."""
    with closing(connection.chunked_cursor()) as cursor:
        cursor.execute(_HISTORIES, [since])
        while rows := cursor.fetchmany(2000):
            yield from (History(*row) for row in rows)


def replay_quarter(terms: rules.Terms, in_force: rules.Terms, now: datetime) -> Replayed:
    """The last ninety days under other rules. Writes nothing; two queries, memory flat."""
    return rules.replay(histories_since(now - REPLAYED), terms, in_force, reward=first_reward(now))
