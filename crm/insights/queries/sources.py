"""Recruits and what they brought in, counted where orders lie."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from crm.insights.queries.kept import kept
from crm.insights.sources import CENT, Brought, Source
from delivery.slots.rules import local_midnight
from loyalty.points.queries import terms_at

# How long ago recruits may have come.
LOOKED_BACK = timedelta(days=365)

_SOURCES = """
WITH delivered AS (
    SELECT o.id, o.reference, o.placed_at, o.delivered_at, coalesce(c.merged_into_id, c.id) AS owner
      FROM orders_order o JOIN customers_customer c ON c.id = o.customer_id
     WHERE o.status = 'delivered' AND o.makes_good_id IS NULL AND o.delivered_at < %(until)s
), firsts AS (
    SELECT DISTINCT ON (owner) * FROM delivered ORDER BY owner, delivered_at, id
), recruits AS (
    SELECT f.owner, f.delivered_at AS came_at, f.delivered_at < %(until)s - %(horizon)s AS is_whole, r.id AS referral,
           CASE WHEN r.id IS NOT NULL THEN 'referral' WHEN v.id IS NOT NULL THEN 'campaign' ELSE 'other' END AS source
      FROM firsts f
      LEFT JOIN referrals_referral r ON r.friend_id = f.owner AND r.accepted_at <= f.placed_at
      LEFT JOIN vouchers_voucher v ON v.order_reference = f.reference AND v.origin IN ('campaign', 'welcome')
     WHERE f.delivered_at >= %(since)s
), bought AS (
    SELECT r.source, d.id FROM recruits r
      JOIN delivered d ON d.owner = r.owner AND d.delivered_at < r.came_at + %(horizon)s
     WHERE r.is_whole
), sold AS (
    SELECT b.source,
           sum((coalesce(l.billed - l.billed_share, l.total - l.voucher_share)) * 100 / (100 + l.vat_rate)) AS turnover,
           sum(l.unit_cost * coalesce(l.picked, l.quantity) / CASE l.sold_by WHEN 'weight' THEN 1000 ELSE 1 END) AS cost
      FROM bought b JOIN orders_orderline l ON l.order_id = b.id AND l.quantity > 0 GROUP BY b.source
), given_back AS (
    SELECT b.source, sum(p.amount * 100 / (100 + p.vat_rate)) AS amount
      FROM bought b JOIN orders_refund f ON f.order_id = b.id JOIN orders_refundline p ON p.refund_id = f.id
     WHERE NOT p.is_delivery AND p.vat_rate IS NOT NULL GROUP BY b.source
), rewards AS (
    SELECT sum(t.sponsor_value * (f.state = 'rewarded')::int
               + (t.sponsor_points * (f.state = 'rewarded')::int + t.friend_points) * %(point)s) AS amount
      FROM recruits r JOIN referrals_referral f ON f.id = r.referral JOIN referrals_referralterms t ON t.id = f.terms_id
     WHERE r.is_whole AND (f.state = 'rewarded' OR f.reason = 'ceiling')
)
SELECT r.source, count(*) FILTER (WHERE r.is_whole), count(*) FILTER (WHERE NOT r.is_whole),
       (SELECT count(*) FROM bought b WHERE b.source = r.source),
       coalesce((SELECT turnover FROM sold WHERE sold.source = r.source), 0)
       - coalesce((SELECT amount FROM given_back g WHERE g.source = r.source), 0),
       coalesce((SELECT cost FROM sold WHERE sold.source = r.source), 0),
       CASE r.source WHEN 'referral' THEN coalesce((SELECT amount FROM rewards), 0) ELSE 0 END
  FROM recruits r GROUP BY r.source
"""


def sources_report(horizon_days: int) -> list[Brought]:
    """As they were an hour ago at most. No query while they are known."""
    told: list[Brought] = kept(f"sources.{horizon_days}", lambda: brought_in(horizon_days))
    return told


def brought_in(horizon_days: int, until: date | None = None) -> list[Brought]:
    """What recruits of the year before ``until``, by default today, brought in within so many days of their first delivery; a
    source without any too. Two queries, however many orders.

    Points count at what the rules of today make them worth; deliveries count neither as turnover nor as cost.
    """
    ends = local_midnight(until or timezone.localdate())
    terms = terms_at(timezone.now())
    asked: dict[str, Any] = {
        "until": ends,
        "since": ends - LOOKED_BACK - timedelta(days=horizon_days),
        "horizon": timedelta(days=horizon_days),
        "point": terms.hundred_worth / 100 if terms else Decimal(0),
    }
    with connection.cursor() as cursor:
        cursor.execute(_SOURCES, asked)
        found = {row[0]: row for row in cursor.fetchall()}
    return [_brought(source, found.get(source)) for source in Source]


def _brought(source: Source, row: Any) -> Brought:
    if row is None:
        return Brought(source, 0, 0, 0, Decimal(0), Decimal(0), Decimal(0))
    _source, recruits, waiting, orders, *sums = row
    return Brought(source, recruits, waiting, orders, *(Decimal(one).quantize(CENT) for one in sums))
