"""Points at the size of a grown shop, each figure beside the least that the database would take for the same rows.

Everything is written to a database of its own, which is dropped again.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from statistics import median
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from config.bench.apart import own_database
from config.bench.ledger import fill
from config.facts import publish
from loyalty.points import figures, queries, services
from loyalty.points.events import PointsExpiring
from loyalty.points.models import PointLot, PointTerms

ACCOUNTS, ENTRIES = 200_000, 4_000_000
# What a small run, a test's, must not fall below.
LEAST_ACCOUNTS = 50
_ROOMS = ("customers", "points", "rewards", "django_domain_events")
# Lots that end in one night, at most.
NIGHT = 50_000
ASKED, KILLED_AFTER = 200, 3
Row = tuple[str, str, str, str]


class _Killed(Exception):
    """The process ends in the middle of a batch."""


class BookWrong(Exception):
    """After what was measured the accounts are not what their entries say: the figures are worth nothing."""


def heading(accounts: int, entries: int) -> tuple[str, str, str, str]:
    return (
        f"loyalty: {accounts} accounts, {entries} entries",
        "measured",
        "baseline, in the same run",
        "ratio",
    )


def rows(*, accounts: int, entries: int, told: Callable[[str], object]) -> Iterator[Row]:
    """(figure, measured, baseline, ratio). Raises BookWrong."""
    now = timezone.now()
    with own_database(*_ROOMS):
        fill(accounts=accounts, entries=entries, now=now, told=told)
        yield from _one_account(accounts, now)
        yield from _read_whole(now)
        yield from _announced(now)
        yield from _ended()
        yield _killed_and_resumed()


def _one_account(accounts: int, now: datetime) -> Iterator[Row]:
    asked = range(1, accounts + 1, max(1, accounts // ASKED))
    ours, bare = [], []
    for account in asked:
        ours.append(_seconds(partial(queries.standing, [account], now)))
        bare.append(_seconds(partial(_fetched, _BARE_ROW, [account])))
    with connection.execute_wrapper(counted := _Counted()):
        queries.standing([1], now)
    yield "standing of an account, queries", str(counted.number), "1 (its row)", f"{counted.number:.1f}"
    yield _row("standing of an account, ms", 1000 * median(ours), 1000 * median(bare), "its row")


_BARE_ROW = "SELECT 1 FROM points_pointaccount WHERE customer_id = %s"
_BARE_LOTS = "SELECT sum(remaining) FROM points_pointlot"
_BARE_ENTRIES = "SELECT sum(points) FROM points_pointentry"


def _read_whole(now: datetime) -> Iterator[Row]:
    terms = PointTerms.objects.get().terms
    lots, entries = (_seconds(partial(_fetched, bare)) for bare in (_BARE_LOTS, _BARE_ENTRIES))
    owed = _seconds(lambda: queries.liability(terms))
    yield _row("liability, s", owed, lots, "all lots summed")
    expected = _seconds(lambda: figures.liability_of(terms, now))
    yield _row("liability with its expected use, s", expected, lots, "all lots summed")
    verified = _seconds(_verify)
    yield _row("every account compared with its book, s", verified, entries, "all entries summed")
    months = _seconds(lambda: figures.months_since(now - timedelta(days=365)))
    yield _row("twelve months of points, s", months, entries, "all entries summed")
    halved = replace(terms, step_cents=terms.step_cents // 2)
    replayed = _seconds(lambda: figures.replay_quarter(halved, terms, now))
    yield _row("a quarter under other rules, s", replayed, entries, "all entries summed")
    one_in = max(1, figures.accounts_number() // 10_000)
    at_hand = _seconds(lambda: figures.usable_when_counted(now - timedelta(days=365), one_in=one_in))
    yield _row(f"points at hand of one account in {one_in}, s", at_hand, entries, "all entries summed")


def _announced(now: datetime) -> Iterator[Row]:
    """A day's customers, those of the days before having been told."""
    number, yesterday = 0, now - timedelta(days=1)
    PointLot.objects.filter(remaining__gt=0, expires_at__lte=yesterday + services.TOLD_AHEAD).update(
        told_at=yesterday
    )

    def announce() -> None:
        nonlocal number
        number = services.announce(now=now)

    ours = _seconds(announce)
    bare = _seconds(lambda: _published(number))
    yield _row(f"{number} customers told that points end, s", ours, bare, "their facts alone")


@transaction.atomic
def _published(number: int) -> None:
    for customer_id in range(1, number + 1):
        publish(PointsExpiring(customer_id, 1, 0.0, 0.0))
    transaction.set_rollback(True)


def _ended() -> Iterator[Row]:
    """One night, then one of twice as many lots."""
    number = min(NIGHT, PointLot.objects.filter(remaining__gt=0).count() // 10)
    nights = [_night(_when_so_many_end(number)), _night(_when_so_many_end(2 * number))]
    _verify()
    (few, quick), (many, slow) = nights
    yield _row(f"{many} lots that end in a night, s", slow, quick, f"{few} lots")


def _night(at: datetime) -> tuple[int, float]:
    """How many lots end then, and the seconds it takes."""
    number = PointLot.objects.filter(remaining__gt=0, expires_at__lte=at).count()
    return number, _seconds(lambda: services.expire(now=at))


def _when_so_many_end(number: int) -> datetime:
    ends = PointLot.objects.filter(remaining__gt=0, expires_at__isnull=False).order_by("expires_at")
    at = ends.values_list("expires_at", flat=True)[number - 1]
    assert at is not None  # noqa: S101 - as was asked for
    return at


def _killed_and_resumed() -> Row:
    """A night that is killed in the middle of a batch, and the next run."""
    at = _when_so_many_end(min(NIGHT, PointLot.objects.filter(remaining__gt=0).count() // 10))
    due = PointLot.objects.filter(remaining__gt=0, expires_at__lte=at)
    number = due.count()
    batch = max(1, min(services.BATCH, number // (2 * KILLED_AFTER)))
    try:
        with connection.execute_wrapper(_Killing(KILLED_AFTER)):
            services.expire(now=at, batch=batch)
    except _Killed:
        left = due.count()
    _verify()
    took = _seconds(lambda: services.expire(now=at, batch=batch))
    _verify()
    if due.exists():
        raise BookWrong("lots are left")
    return (
        "a night killed and run again, lots",
        f"{number - left} + {left}",
        f"{number} ({took:.1f} s)",
        "1.0",
    )


class _Counted:
    def __init__(self) -> None:
        self.number = 0

    def __call__(self, execute: Callable[..., Any], *asked: Any) -> Any:
        self.number += 1
        return execute(*asked)


class _Killing:
    """Ends everything right after the ``last`` batch was written, before it is committed."""

    def __init__(self, last: int) -> None:
        self.left = last

    def __call__(self, execute: Callable[..., Any], sql: str, *asked: Any) -> Any:
        done = execute(sql, *asked)
        self.left -= sql == services._EXPIRE_SQL
        if not self.left:
            raise _Killed
        return done


def _verify() -> None:
    if wrong := queries.wrong_accounts():
        raise BookWrong(wrong[:3])


def _fetched(sql: str, told: list[Any] | None = None) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, told)
        return cursor.fetchone()


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _row(figure: str, ours: float, bare: float, what: str) -> Row:
    return figure, f"{ours:.2f}", f"{bare:.2f} ({what})", f"{ours / bare:.1f}"
