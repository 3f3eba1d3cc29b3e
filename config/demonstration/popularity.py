"""What sells: how often each article was bought of late."""

from config.demonstration.work import Work

# As far back as the window of the home page looks: older habits do not make a best-seller.
RECENT = "90 days"


def count_popularity(work: Work) -> None:
    """Popularity is the number of recent orders an article is in; what nobody bought is at zero."""
    work.run(_COUNTED, recent=RECENT)
    work.run(_FOUND_BY)


# The search ranks by its own copy.
_FOUND_BY = """
UPDATE search_searchentry e SET popularity = p.popularity
  FROM catalogue_product p WHERE p.id = e.product_id AND e.popularity <> p.popularity
"""
# Cards show nothing of it, hence no new version.
_COUNTED = """
UPDATE catalogue_product p SET popularity = coalesce(sold.number, 0)
  FROM catalogue_product q
  LEFT JOIN (
      SELECT l.product_id, count(*)::int AS number
        FROM orders_orderline l JOIN demo_order o ON l.order_id = %(order_base)s + o.n
       WHERE o.status = 'placed' AND o.created_at > %(now)s::timestamptz - %(recent)s::interval
       GROUP BY l.product_id) sold ON sold.product_id = q.id
 WHERE q.id = p.id AND p.popularity <> coalesce(sold.number, 0)
"""
