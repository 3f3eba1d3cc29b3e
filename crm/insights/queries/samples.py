"""What became of samples, counted where draws and orders lie."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from crm.insights.queries.kept import kept
from crm.insights.samples import Tried
from loyalty.milestones.rules import CONVERTS_WITHIN

# How long ago a sample may have been delivered: what people buy of a shelf changes.
LOOKED_BACK = timedelta(days=365)

# A draw counts once its order was delivered: with its sample where it was not held out. What is bought of the shelf, or of
# one under it, by orders placed afterwards counts, guests of the customer included.
_SAMPLES = """
WITH drawn AS (
    SELECT d.item_id, d.is_held_out, o.rank = 1 AS is_welcome, o.delivered_at,
           coalesce(c.merged_into_id, c.id) AS owner, o.delivered_at < %(now)s - %(within)s AS is_over
      FROM milestones_sampledraw d
      JOIN orders_order o ON o.reference = d.order_reference AND o.status = 'delivered'
      JOIN customers_customer c ON c.id = d.customer_id
      LEFT JOIN rewards_present p ON p.source = 'sample-' || d.order_reference
     WHERE o.delivered_at >= %(since)s AND (d.is_held_out OR p.state = 'given')
), counted AS (
    SELECT w.*, EXISTS (
        SELECT 1 FROM orders_order o JOIN customers_customer c ON c.id = o.customer_id
          JOIN orders_orderline l ON l.order_id = o.id AND l.quantity > 0
          JOIN catalogue_product p ON p.id = l.product_id JOIN catalogue_aisle a ON a.id = p.shelf_id
         WHERE w.owner IN (c.id, c.merged_into_id) AND o.status IN ('placed', 'picking', 'packed', 'delivered')
           AND o.placed_at >= w.delivered_at AND o.placed_at < w.delivered_at + %(within)s
           AND i.shelf_ref IN (a.id, a.parent_id)) AS bought
      FROM drawn w JOIN rewards_item i ON i.id = w.item_id
)
SELECT i.name,
       count(*) FILTER (WHERE is_over AND NOT is_held_out AND NOT is_welcome),
       count(*) FILTER (WHERE is_over AND NOT is_held_out AND NOT is_welcome AND bought),
       count(*) FILTER (WHERE is_over AND is_held_out),
       count(*) FILTER (WHERE is_over AND is_held_out AND bought),
       count(*) FILTER (WHERE NOT is_over),
       count(*) FILTER (WHERE is_over AND is_welcome),
       count(*) FILTER (WHERE is_over AND is_welcome AND bought)
  FROM counted w JOIN rewards_item i ON i.id = w.item_id
 GROUP BY i.id, i.name ORDER BY i.name, i.id
"""


def samples_report() -> list[Tried]:
    """As they were an hour ago at most. No query while they are known."""
    told: list[Tried] = kept("samples", lambda: samples_tried(timezone.now()))
    return told


def samples_tried(now: datetime) -> list[Tried]:
    """Each sample that was delivered, or held out, within the year before ``now``. One query, however many."""
    asked: dict[str, Any] = {"now": now, "since": now - LOOKED_BACK, "within": CONVERTS_WITHIN}
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLES, asked)
        return [Tried(*row) for row in cursor.fetchall()]
