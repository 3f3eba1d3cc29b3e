"""Which orders will lack what their depot no longer has. Read only: what follows is decided elsewhere."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from django.utils.translation import gettext as _

from config.rows import rows
from config.templatetags.cabas import grams
from delivery.promise.rules import FIRST_ORDERS
from shop.customers.models import ShortageChoice
from shop.orders.rules import effective_choice, is_newcomer

# How long before its slot an order's customer is told what stock counted then will not cover.
TOLD_AHEAD = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Missing:
    """A line that will come short by ``missing`` of ``wanted``: pieces, or grams for what is weighed."""

    order_id: int
    line_id: int | None
    order_reference: str
    rank: int
    first_name: str
    slot_starts_at: datetime
    depot: str
    product: str
    sold_by: str
    wanted: int
    missing: int
    expected_restock_on: date | None
    of_order: str
    of_line: str
    status: str
    # Whether its customer was told, and whether the line stands in for another one: then nobody is asked again.
    is_told: bool
    is_stand_in: bool
    # When something last happened to what lies there: a shelf comes short by what happens to it.
    short_since: datetime

    @property
    def choice(self) -> str:
        """What its customer wants then, in words."""
        choice = effective_choice(of_order=self.of_order, of_line=self.of_line, rank=self.rank)
        return str(ShortageChoice(choice).label)

    @property
    def missing_said(self) -> str:
        """« 2 sur 3 », « 250 g sur 1 kg »."""
        said = grams if self.sold_by == "weight" else str
        return _("%(missing)s sur %(wanted)s") % {"missing": said(self.missing), "wanted": said(self.wanted)}

    @property
    def is_newcomer(self) -> bool:
        return is_newcomer(self.rank)


def missing_lines() -> list[Missing]:
    """Lines of placed orders that will lack something, the soonest slot first. One query, over the short items alone.

    What lies there serves the soonest slot first; within a slot first the newcomers, then whoever ordered before.
    """
    return [Missing(*row) for row in rows(_MISSING, [FIRST_ORDERS])]


def to_tell(lines: list[Missing], now: datetime) -> list[Missing]:
    """Those whose customer is to be told: placed, the slot near, the shelf not visited, nothing said yet. No query.

    Once an order is being prepared, whoever stands at the shelf tells.
    """
    return [
        line
        for line in lines
        if line.status == "placed"
        and line.line_id is not None
        and not line.is_told
        and not line.is_stand_in
        and now < line.slot_starts_at <= now + TOLD_AHEAD
    ]


def by_slot(lines: list[Missing]) -> list[tuple[datetime, list[Missing]]]:
    """The same, slot by slot. No query."""
    return [(at, list(of_slot)) for at, of_slot in groupby(lines, key=lambda line: line.slot_starts_at)]


_MISSING = """
WITH taken AS (
    SELECT o.id, o.reference, o.rank, o.first_name, o.status, i.id AS item_id, s.starts_at, i.depot_id, i.product_id, r.quantity,
           i.expected_restock_on, o.shortage_choice,
           sum(r.quantity) OVER (PARTITION BY i.id ORDER BY s.starts_at, o.rank > %s, o.created_at, o.id) - i.on_hand AS beyond
      FROM stock_stockitem i
      JOIN stock_stockreservation r ON r.item_id = i.id AND r.returned_at IS NULL AND r.picked_at IS NULL
      JOIN orders_order o ON o.reference = r.order_reference
      JOIN slots_slot s ON s.id = o.slot_id
     WHERE i.reserved > i.on_hand
)
SELECT t.id, l.id, t.reference, t.rank, t.first_name, t.starts_at, d.name, p.name, p.sold_by, t.quantity,
       least(t.quantity, t.beyond)::int, t.expected_restock_on,
       t.shortage_choice, coalesce(l.shortage_choice, ''), t.status,
       EXISTS (SELECT FROM orders_shortagequestion q WHERE q.line_id = l.id), l.replaces_id IS NOT NULL,
       coalesce((SELECT max(m.at) FROM stock_stockmovement m WHERE m.item_id = t.item_id), now())
  FROM taken t LEFT JOIN orders_orderline l ON l.order_id = t.id AND l.product_id = t.product_id
  JOIN catalogue_product p ON p.id = t.product_id JOIN zones_depot d ON d.id = t.depot_id
 WHERE t.beyond > 0
 ORDER BY t.starts_at, t.reference, p.sort_name
"""
