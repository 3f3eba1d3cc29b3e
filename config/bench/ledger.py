"""A made-up book of points that is true to its rules: two years of orders, of spendings and of points that ended."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from loyalty.points.models import PointTerms
from shop.customers.models import Customer

# Accounts written in one transaction.
CHUNK = 5000
YEARS = timedelta(days=730)
SPENT = 100


@dataclass(frozen=True, slots=True)
class Shape:
    """How many entries of which kind an account has."""

    orders: int
    spendings: int
    ended: int

    @property
    def entries(self) -> int:
        return self.orders + self.spendings + self.ended


def shape(accounts: int, entries: int) -> Shape:
    """Of an account, so that all of them have about so many entries: ten at least."""
    each = entries // accounts
    spendings = each // 5
    return Shape(each - spendings - 1, spendings, 1)


def fill(*, accounts: int, entries: int, now: datetime, told: Callable[[str], object]) -> Shape:
    """Rules as shipped, accounts and their books, a chunk a transaction. ``told`` hears how far it has got."""
    form = shape(accounts, entries)
    terms = PointTerms.objects.create(
        starts_at=now - 2 * YEARS, step=Decimal(15), points=10, hundred_worth=Decimal(3), pending_days=14,
        lasts_months=12,
    )  # fmt: skip
    for first in range(1, accounts + 1, CHUNK):
        last = min(first + CHUNK - 1, accounts)
        _write(first, last, form, terms.pk, now)
        told(f"{last} accounts, {last * form.entries} entries")
    with connection.cursor() as cursor:
        for table in _NUMBERED:
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")  # noqa: S608 - our own names
        cursor.execute("VACUUM ANALYZE")
    return form


@transaction.atomic
def _write(first: int, last: int, form: Shape, terms_id: int, now: datetime) -> None:
    Customer.objects.bulk_create(
        [Customer(pk=n, email=f"banc-{n}@exemple.fr") for n in range(first, last + 1)], batch_size=CHUNK
    )
    told: dict[str, Any] = {
        "first": first, "last": last, "orders": form.orders, "spendings": form.spendings, "each": form.entries,
        "terms": terms_id, "now": now, "apart": YEARS / form.orders, "spent": SPENT,
    }  # fmt: skip
    with connection.cursor() as cursor:
        for statement in _STATEMENTS:
            cursor.execute(statement, told)


_NUMBERED = (
    "customers_customer",
    "points_pointorder",
    "points_pointentry",
    "points_pointlot",
    "points_pointuse",
)
# ``low`` and ``high`` bound an order's points, and a debit's, on the line of all points that an account was ever given:
# what a debit takes of a lot is where the two overlap. The last debit ends the lot that the spendings broke into.
_STATEMENTS = (
    """
    CREATE TEMPORARY TABLE bench_order ON COMMIT DROP AS
    SELECT a, i, cents, (paid - cents) / 1500 * 10 AS low, paid / 1500 * 10 AS high, paid,
           %(now)s - (%(orders)s - i + (hashint8(a) & 65535) / 65536.0) * %(apart)s::interval AS at
      FROM (SELECT a, i, cents, sum(cents) OVER (PARTITION BY a ORDER BY i)::bigint AS paid
              FROM (SELECT a, i, 6000 + (hashint8(a * 1000 + i) & 16383) AS cents
                      FROM generate_series(%(first)s, %(last)s) a, generate_series(1, %(orders)s) i) drawn) summed
    """,
    """
    CREATE TEMPORARY TABLE bench_debit ON COMMIT DROP AS
    SELECT o.a, j, 'spent' AS kind, (j - 1) * %(spent)s AS low, j * %(spent)s AS high,
           'exchange-' || o.a || '-' || j AS source, least(o.at + (j * 60 + 30) * interval '1 day', %(now)s) AS at
      FROM bench_order o JOIN generate_series(1, %(spendings)s) j ON o.low < j * %(spent)s AND o.high >= j * %(spent)s
    UNION ALL
    SELECT a, %(spendings)s + 1, 'expired', %(spendings)s * %(spent)s, high,
           'lot-' || (a - 1) * %(orders)s + i, least(at + interval '379 days', %(now)s)
      FROM bench_order WHERE low <= %(spendings)s * %(spent)s AND high > %(spendings)s * %(spent)s
    """,
    """
    INSERT INTO points_pointaccount (customer_id, balance, debt, carried_cents)
    SELECT o.a, o.high - d.high, 0, o.paid %% 1500 FROM bench_order o
      JOIN bench_debit d ON d.a = o.a AND d.kind = 'expired' WHERE o.i = %(orders)s
    """,
    """
    INSERT INTO points_pointorder (id, order_reference, account_id, terms_id, counted_cents, delivered_at, changes)
    SELECT (a - 1) * %(orders)s + i, 'CB-' || a || '-' || i, a, %(terms)s, cents, at + interval '1 day', 1 FROM bench_order
    """,
    """
    INSERT INTO points_pointentry (id, account_id, kind, points, cents, order_reference, source, at)
    SELECT (a - 1) * %(each)s + i, a, 'earned', high - low, cents, 'CB-' || a || '-' || i, 'CB-' || a || '-' || i || ':1', at
      FROM bench_order
    UNION ALL
    SELECT (a - 1) * %(each)s + %(orders)s + j, a, kind, low - high, 0, '', source, at FROM bench_debit
    """,
    """
    INSERT INTO points_pointlot (id, account_id, entry_id, order_id, points, remaining, usable_at, expires_at)
    SELECT (o.a - 1) * %(orders)s + o.i, o.a, (o.a - 1) * %(each)s + o.i, (o.a - 1) * %(orders)s + o.i, o.high - o.low,
           greatest(0, o.high - greatest(o.low, d.high)), o.at + interval '15 days', o.at + interval '380 days'
      FROM bench_order o JOIN bench_debit d ON d.a = o.a AND d.kind = 'expired'
    """,
    """
    INSERT INTO points_pointuse (entry_id, lot_id, points)
    SELECT (o.a - 1) * %(each)s + %(orders)s + d.j, (o.a - 1) * %(orders)s + o.i,
           least(o.high, d.high) - greatest(o.low, d.low)
      FROM bench_order o JOIN bench_debit d ON d.a = o.a AND d.low < o.high AND d.high > o.low
    """,
)
