"""What an order leaves beside itself: its history, its place in a slot, what it took from stock."""

from config.demonstration.work import Work
from delivery.slots.models import Hold
from shop.orders.models import OrderEvent
from shop.stock.models import StockReservation

_BATCH = 250_000


def make_history(work: Work) -> None:
    """What each order's customer reads of it, as the services would have written it."""
    for batch in work.batches(_BATCH, "historique"):
        work.insert(
            OrderEvent,
            {"order_id": "%(order_base)s + n", "kind": "event.kind", "at": "event.at",
             "data": "CASE WHEN event.kind = 'created' THEN jsonb_build_object('total_cents', b.goods_c + b.deposit_c + b.delivery_c) ELSE '{}' END"},
            _EVENTS,
            **batch,
        )  # fmt: skip


_EVENTS = """
FROM demo_order o JOIN demo_bill b USING (n)
CROSS JOIN LATERAL (VALUES
    (1, 'created', o.created_at),
    (2, CASE WHEN status <> 'abandoned' THEN 'payment_secured' END, o.paid_at),
    (3, CASE WHEN status <> 'abandoned' THEN 'placed' END, o.paid_at),
    (4, nullif(status, 'placed'), CASE WHEN status = 'cancelled' THEN o.changed_at ELSE o.created_at + interval '35 minutes' END),
    (5, CASE WHEN status = 'cancelled' THEN 'payment_released' END, o.changed_at + interval '20 seconds')
) AS event (place, kind, at)
WHERE o.n > %(after)s AND o.n <= %(upto)s AND event.kind IS NOT NULL
ORDER BY o.n, event.place
"""


def book_slots(work: Work) -> None:
    """Each order's place, and slots that count them. A slot that is too small for the shop is made larger."""
    for batch in work.batches(_BATCH, "créneaux"):
        work.insert(
            Hold,
            {"slot_id": "slot_id", "holder": "pg_temp.demo_basket(okey)::text",
             "order_reference": "CASE WHEN status = 'abandoned' THEN '' ELSE reference END",
             "state": "CASE WHEN status = 'placed' THEN 'booked' ELSE 'released' END",
             "created_at": "created_at - interval '12 minutes'", "expires_at": "created_at + interval '48 minutes'",
             "released_at": """CASE status WHEN 'cancelled' THEN changed_at
                                           WHEN 'abandoned' THEN created_at + interval '49 minutes' END"""},
            "FROM demo_order WHERE n > %(after)s AND n <= %(upto)s ORDER BY n",
            **batch,
        )  # fmt: skip
    work.run(_COUNTED)


_COUNTED = """
UPDATE slots_slot s
   SET booked = booked + sold.number,
       capacity = greatest(capacity, booked + sold.number
                           + CASE WHEN s.cutoff_at > %(now)s THEN 5 + sold.number / 4 ELSE 0 END)
  FROM (SELECT slot_id, count(*)::int AS number FROM demo_order WHERE status = 'placed' GROUP BY slot_id) AS sold
 WHERE s.id = sold.slot_id
"""


def reserve_stock(work: Work) -> None:
    """What orders not delivered yet took, which still lies on the shelves beside what is for sale."""
    work.insert(
        StockReservation,
        {"order_reference": "o.reference", "item_id": "i.id", "quantity": "l.quantity", "created_at": "o.created_at"},
        """FROM demo_order o JOIN orders_orderline l ON l.order_id = %(order_base)s + o.n
           JOIN stock_stockitem i ON i.product_id = l.product_id AND i.depot_id = o.depot_id
           WHERE o.status = 'placed' AND o.ends_at > %(now)s
             AND l.order_id > %(order_base)s + (SELECT min(n) FROM demo_order WHERE ends_at > %(now)s) - 1
           ORDER BY o.n, i.id""",
    )  # fmt: skip
    work.run(_RECEIVED)


_RECEIVED = """
WITH received AS (
    UPDATE stock_stockitem i SET reserved = kept.quantity, on_hand = i.on_hand + kept.quantity
      FROM (SELECT item_id, sum(quantity)::int AS quantity FROM stock_stockreservation GROUP BY item_id) AS kept
     WHERE i.id = kept.item_id
    RETURNING i.id, kept.quantity, i.on_hand
)
INSERT INTO stock_stockmovement (item_id, kind, quantity, on_hand_after, at, reason, source, lot)
SELECT id, 'receipt', quantity, on_hand, %(now)s, '', '', '' FROM received ORDER BY id
"""
