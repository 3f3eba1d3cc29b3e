"""Orders as the shop's services freeze them: lines, totals, and VAT spread to the cent.

The arithmetic is that of shop/pricing/rules.py in whole cents; a test compares both, order by order.
"""

from config.demonstration.work import Work
from crm.desk.queries import current_terms_version
from shop.orders.models import Order, OrderLine, OrderVatTotal
from shop.pricing.rules import DELIVERY_VAT_RATE

_BATCH = 100_000


def make_orders(work: Work) -> None:
    """Write ``demo_bill``, the lines, their VAT and the orders, a batch of orders at a time."""
    work.values |= {
        "order_base": work.reserve("orders_order", work.values["orders"]),
        "delivery_rate": int(DELIVERY_VAT_RATE * 10),
        "terms": current_terms_version(),
    }
    work.run(_TABLES)
    for batch in work.batches(_BATCH, "paniers"):
        work.run("TRUNCATE demo_line")
        work.run(_FILLED, **batch)
        work.run(_BILLED, **batch)
        work.run("ANALYZE demo_line")
        _lines(work, batch)
        _vat_totals(work)
        _orders(work, batch)
    work.run("ANALYZE demo_bill")


_TABLES = """
CREATE TEMPORARY TABLE demo_line (
    n integer, line smallint, key integer, quantity integer, total_c integer, deposit_c integer, rate smallint,
    is_adult boolean, units integer
);
CREATE TEMPORARY TABLE demo_bill (
    n integer, goods_c integer, deposit_c integer, delivery_c integer, least_c integer, is_adult boolean,
    units integer
);
"""
# A basket below its zone's minimum gets more of its dearest article.
_FILLED = """
INSERT INTO demo_line
WITH step AS (
    SELECT o.n, o.okey, o.h, o.month, o.minimum_c, i,
           (o.start + o.stride * ((o.turn + i) %% o.span)) %% %(groups)s AS team
      FROM demo_order o, generate_series(0, o.lines - 1) i
     WHERE o.n > %(after)s AND o.n <= %(upto)s
    OFFSET 0
), aimed AS (
    SELECT *, team * 1000000 + CASE WHEN pg_temp.demo_draw(okey * 64 + i, 401) < %(habit)s
               THEN pg_temp.demo_habit(team, power(pg_temp.demo_draw(h * 64 + team, 402), 2.4),
                                       floor(3 * pg_temp.demo_draw(h, 406))::int)
               ELSE pg_temp.demo_place(team, power(pg_temp.demo_draw(okey * 64 + i, 403), 1.6)) END AS wish
      FROM step
    OFFSET 0
), kept AS (
    SELECT a.*, CASE WHEN s.months >> (month - 1) & 1 = 0 AND pg_temp.demo_draw(okey * 64 + i, 404) < 0.93
                     THEN s.instead ELSE wish END AS key
      FROM aimed a LEFT JOIN demo_season s ON s.key = a.wish
    OFFSET 0
), taken AS (
    SELECT k.n, k.i, k.minimum_c, a.key, a.is_weight, a.step, a.price_c, a.deposit_c, a.rate,
           a.minimum_age IS NOT NULL AS is_adult,
           CASE WHEN a.is_weight THEN a.price_c * a.step / 1000 ELSE a.price_c END AS step_c,
           pg_temp.demo_quantity(a.is_weight, a.step, a.price_c, pg_temp.demo_draw(okey * 64 + i, 405)) AS quantity
      FROM kept k JOIN demo_article a ON a.key = k.key
    OFFSET 0
), weighed AS (
    SELECT *, sum(pg_temp.demo_total(is_weight, price_c, quantity)) OVER (PARTITION BY n) AS goods_c,
           max(step_c * 64 + i) OVER (PARTITION BY n) AS dearest
      FROM taken
), topped AS (
    SELECT n, i, key, is_weight, price_c, deposit_c, rate, is_adult, quantity + CASE
               WHEN goods_c >= minimum_c OR step_c * 64 + i <> dearest THEN 0
               WHEN is_weight THEN least(20000 / step - quantity / step,
                                         ceil((minimum_c - goods_c + 1) * 1000.0 / price_c / step))::int * step
               ELSE least(99 - quantity, ceil((minimum_c - goods_c)::numeric / price_c))::int END AS quantity
      FROM weighed
    OFFSET 0
)
SELECT n, i, key, quantity, pg_temp.demo_total(is_weight, price_c, quantity), deposit_c * quantity, rate, is_adult,
       CASE WHEN is_weight THEN 1 ELSE quantity END
  FROM topped
"""
# The delivery fee shares its rate's VAT with the goods, as a line of its own, the last.
_BILLED = """
INSERT INTO demo_bill
SELECT o.n, l.goods_c, l.deposit_c, CASE WHEN l.goods_c >= o.free_c THEN 0 ELSE o.fee_c END, l.least_c, l.is_adult, l.units
  FROM demo_order o
  JOIN (SELECT n, sum(total_c) AS goods_c, sum(deposit_c) AS deposit_c, min(total_c) AS least_c,
               bool_or(is_adult) AS is_adult, sum(units) AS units
          FROM demo_line GROUP BY n) l USING (n)
 WHERE o.n > %(after)s AND o.n <= %(upto)s;
INSERT INTO demo_line
SELECT n, 99, NULL, 1, delivery_c, 0, %(delivery_rate)s, false, 0 FROM demo_bill
 WHERE n > %(after)s AND n <= %(upto)s AND delivery_c > 0
"""
# VAT once per rate, half up; each line its share by largest remainder, then the heavier, then the earlier.
_SPREAD = """
FROM (
    SELECT s.*, floor_c + (row_number() OVER (PARTITION BY n, rate ORDER BY owed DESC, total_c DESC, line)
                           <= vat_c - sum(floor_c) OVER (PARTITION BY n, rate))::int AS share_c
      FROM (SELECT g.*, vat_c * total_c / greatest(gross_c, 1) AS floor_c, vat_c * total_c %% greatest(gross_c, 1) AS owed
              FROM (SELECT w.*, (2 * gross_c * rate + 1000 + rate) / (2 * (1000 + rate)) AS vat_c
                      FROM (SELECT l.*, sum(total_c) OVER (PARTITION BY n, rate) AS gross_c FROM demo_line l) w) g) s
) spread
JOIN demo_article a USING (key)
JOIN demo_order o ON o.n = spread.n AND o.n > %(after)s AND o.n <= %(upto)s
JOIN stock_stockitem i ON i.product_id = a.product_id AND i.depot_id = o.depot_id
"""


def _lines(work: Work, batch: dict[str, int]) -> None:
    work.insert(
        OrderLine,
        {"order_id": "%(order_base)s + o.n", "product_id": "a.product_id", "ean": "a.ean", "name": "a.name",
         "packaging_label": "a.packaging_label", "sold_by": "a.sold_by",
         "quantity": "quantity", "unit_price": "a.unit_price", "vat_rate": "a.vat_rate",
         "total": "total_c * 0.01", "vat_amount": "share_c * 0.01", "deposit": "spread.deposit_c * 0.01",
         "unit_cost": "i.unit_cost", "cost_on": "least(i.cost_since, o.created_at::date)",
         "minimum_age": "a.minimum_age", "labels": "a.labels"},
        _SPREAD,
        **batch,
    )  # fmt: skip


def _vat_totals(work: Work) -> None:
    work.insert(
        OrderVatTotal,
        {"order_id": "%(order_base)s + n", "rate": "rate * 0.1", "gross": "gross_c * 0.01",
         "vat": "((2 * gross_c * rate + 1000 + rate) / (2 * (1000 + rate))) * 0.01"},
        "FROM (SELECT n, rate, sum(total_c) AS gross_c FROM demo_line GROUP BY n, rate) totals ORDER BY n, rate",
    )  # fmt: skip


def _orders(work: Work, batch: dict[str, int]) -> None:
    work.insert(
        Order,
        {"id": "%(order_base)s + n", "reference": "o.reference", "tracking_token": "pg_temp.demo_uuid(o.okey, 6)",
         "customer_id": "%(customer_base)s + o.h", "basket_key": "pg_temp.demo_basket(o.okey)", "status": "o.status",
         "zone_id": "o.zone_id", "depot_id": "o.depot_id", "slot_id": "o.slot_id", "rank": "o.rank",
         "email": "h.email", "first_name": "h.first_name", "last_name": "h.last_name", "phone": "h.phone",
         "line1": "h.line1", "floor": "h.floor", "postcode": "h.postcode", "city": "h.city",
         "goods_total": "b.goods_c * 0.01", "deposit_total": "b.deposit_c * 0.01",
         "delivery_fee": "b.delivery_c * 0.01", "total": "(b.goods_c + b.deposit_c + b.delivery_c) * 0.01",
         "terms_version": "%(terms)s", "requires_age_check": "b.is_adult", "created_at": "o.created_at",
         "placed_at": "CASE WHEN o.status <> 'abandoned' THEN o.paid_at END",
         "cancelled_at": "CASE WHEN o.status = 'cancelled' THEN o.changed_at END"},
        """FROM demo_order o JOIN demo_bill b USING (n) JOIN demo_household h USING (h)
           WHERE o.n > %(after)s AND o.n <= %(upto)s ORDER BY o.n""",
        **batch,
    )  # fmt: skip
