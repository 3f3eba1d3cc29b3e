"""Every write of stock. Rows are locked in order of id, so that two baskets never wait for each other."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from config.facts import publish
from shop.catalogue.services import mark_as_stated
from shop.stock.events import ProductRestocked
from shop.stock.models import RestockAlert, StockItem, StockReservation
from shop.stock.queries import CAN_BE_BOUGHT

Cost = tuple[Decimal, date]
MOST = 2_000_000_000
ALERT_DAYS = 60
# Letters written in one transaction of the relay; more waiting follow with a fact of their own.
TOLD_AT_ONCE = 200


@dataclass
class StockShort(Exception):
    """The depot lacks something; ``available`` tells what is left of each article that falls short."""

    available: dict[int, int]


class StockAlreadyReturned(Exception):
    """This order gave its stock back: a new order takes under its own reference."""


class StockRefused(Exception):
    """Not a stock: below zero or absurdly high."""


class NothingToWaitFor(Exception):
    """The product is in stock, or no longer sold."""


@transaction.atomic
def take_stock(*, order_reference: str, depot_id: int, quantities: Mapping[int, int]) -> dict[int, Cost]:
    """Take a basket's quantities (pieces or grams) for an order, all or nothing.

    Returns the dated purchase cost of each product, to be frozen on the order's lines. Asked again for
    the same order, it takes nothing and answers the same. Raises StockShort, StockAlreadyReturned.
    One statement locks the rows ORDER BY id FOR NO KEY UPDATE, checks, takes and records. 2 queries.
    """
    _check_quantities(quantities)
    if taken := _already_taken(order_reference):
        return taken
    try:
        with transaction.atomic():
            return _take(order_reference, depot_id, quantities)
    except (StockShort, IntegrityError):
        # A double submit of the same order may have taken it while we waited for the rows.
        if taken := _already_taken(order_reference):
            return taken
        raise


def _check_quantities(quantities: Mapping[int, int]) -> None:
    if not quantities or any(not 0 < quantity <= MOST for quantity in quantities.values()):
        raise ValueError("quantities must be above zero")


def _already_taken(order_reference: str) -> dict[int, Cost]:
    rows = StockReservation.objects.filter(order_reference=order_reference).values_list(
        "item__product_id", "item__unit_cost", "item__cost_since", "returned_at"
    )
    if any(returned_at for *_rest, returned_at in rows):
        raise StockAlreadyReturned(order_reference)
    return {product_id: (cost, since) for product_id, cost, since, _returned in rows}


_TAKE_SQL = """
WITH wanted AS (
    SELECT * FROM unnest(%(products)s::bigint[], %(quantities)s::int[]) AS w(product_id, quantity)
), locked AS MATERIALIZED (
    SELECT i.id, i.product_id, i.available, i.unit_cost, i.cost_since, w.quantity
      FROM stock_stockitem i JOIN wanted w USING (product_id)
     WHERE i.depot_id = %(depot)s
     ORDER BY i.id
       FOR NO KEY UPDATE OF i
), verdict AS MATERIALIZED (
    SELECT count(*) = (SELECT count(*) FROM wanted) AND bool_and(available >= quantity) AS fits FROM locked
), taken AS (
    UPDATE stock_stockitem i SET available = i.available - l.quantity
      FROM locked l, verdict v WHERE i.id = l.id AND v.fits
), recorded AS (
    INSERT INTO stock_stockreservation (order_reference, item_id, quantity, created_at)
    SELECT %(reference)s, l.id, l.quantity, now() FROM locked l, verdict v WHERE v.fits
)
SELECT w.product_id, w.quantity, coalesce(l.available, 0), l.unit_cost, l.cost_since, v.fits
  FROM wanted w LEFT JOIN locked l USING (product_id) CROSS JOIN verdict v
"""


def _take(order_reference: str, depot_id: int, quantities: Mapping[int, int]) -> dict[int, Cost]:
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE_SQL,
            {
                "products": list(quantities), "quantities": list(quantities.values()),
                "depot": depot_id, "reference": order_reference,
            },
        )  # fmt: skip
        rows = cursor.fetchall()
    if not rows[0][5]:
        raise StockShort({pk: available for pk, wanted, available, *_rest in rows if available < wanted})
    return {pk: (cost, since) for pk, _wanted, _available, cost, since, _fits in rows}


@transaction.atomic
def return_stock(*, order_reference: str) -> dict[int, int]:
    """Give back what an order took, exactly once; the quantities given back now, by product.

    Nothing to give back (never taken, or given back before) answers an empty dict. Locks the items in
    order of id with their reservations. 2 queries.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RETURN_SQL, [order_reference])
        given_back = dict(cursor.fetchall())
    if given_back:
        tell_restocked(product_ids=given_back)
    return given_back


_RETURN_SQL = """
WITH held AS MATERIALIZED (
    SELECT r.id AS reservation_id, i.id AS item_id, i.product_id, r.quantity
      FROM stock_stockreservation r JOIN stock_stockitem i ON i.id = r.item_id
     WHERE r.order_reference = %s AND r.returned_at IS NULL
     ORDER BY i.id
       FOR NO KEY UPDATE OF i, r
), given AS (
    UPDATE stock_stockitem i SET available = i.available + h.quantity FROM held h WHERE i.id = h.item_id
), closed AS (
    UPDATE stock_stockreservation r SET returned_at = now() FROM held h WHERE r.id = h.reservation_id
)
SELECT product_id, quantity FROM held
"""


@transaction.atomic
def set_stock(
    *, product_id: int, depot_id: int, available: int, unit_cost: Decimal | None = None,
    shelf_position: str | None = None, expected_restock_on: date | None = None,
) -> StockItem:  # fmt: skip
    """What a count found: pieces, or grams for what is weighed. Raises StockRefused.

    A new cost (euros excluding VAT, per piece or kilogram) is dated today. Locks the item. 5 queries.
    """
    _check_available(available)
    item, _new = StockItem.objects.get_or_create(product_id=product_id, depot_id=depot_id)
    item = StockItem.objects.select_for_update(no_key=True).get(pk=item.pk)
    changes: dict[str, Any] = {"available": available, "expected_restock_on": expected_restock_on}
    if shelf_position is not None:
        changes["shelf_position"] = shelf_position
    if unit_cost is not None and unit_cost != item.unit_cost:
        changes |= {"unit_cost": unit_cost, "cost_since": timezone.localdate()}
    StockItem.objects.filter(pk=item.pk).update(**changes)
    mark_as_stated(product_ids=[product_id], code="stock")
    tell_restocked(product_ids=[product_id])
    item.refresh_from_db()
    return item


def _check_available(available: int) -> None:
    if not 0 <= available <= MOST:
        raise StockRefused(str(available))


@transaction.atomic
def change_stock(
    *,
    item_ids: Collection[int],
    how: Literal["set", "add"],
    quantity: int,
    expected_restock_on: date | None = None,
) -> int:
    """Set or add the same quantity on several items, all or none. Raises StockRefused. 4 queries.

    Adding a negative quantity (breakage, a wrong count) is refused when one item would fall below zero. A day
    on which more is expected is noted with it; without one, the day noted before stays.
    """
    rows = StockItem.objects.filter(pk__in=list(item_ids)).order_by("pk").select_for_update(no_key=True)
    found = list(rows.only("pk", "product_id", "available"))
    for item in found:
        item.available = quantity if how == "set" else item.available + quantity
        item.expected_restock_on = expected_restock_on
        _check_available(item.available)
    told = ["available", "expected_restock_on"] if expected_restock_on else ["available"]
    StockItem.objects.bulk_update(found, told)
    products = {item.product_id for item in found}
    mark_as_stated(product_ids=products, code="stock")
    tell_restocked(product_ids=products)
    return len(found)


@transaction.atomic
def ask_for_restock(*, product_id: int, depot_id: int, email: str, customer_id: int | None = None) -> bool:
    """Remember who wants to hear that a product is back; False when they had asked before. At most 4 queries.

    Locks the stock item: whoever fills it meanwhile either is seen here or sees this request. What the depot
    never had has no item to lock: `tell_restocked` looks at all requests every quarter of an hour.
    Raises NothingToWaitFor.
    """
    items = StockItem.objects.select_related("product").select_for_update(no_key=True, of=("self",))
    item = items.filter(product_id=product_id, depot_id=depot_id).first()
    if item and (not item.product.is_published or item.available >= item.product.step):
        raise NothingToWaitFor
    _alert, is_new = RestockAlert.objects.get_or_create(
        product_id=product_id, depot_id=depot_id, email=email.strip().lower(),
        defaults={"customer_id": customer_id},
    )  # fmt: skip
    return is_new


@transaction.atomic
def tell_restocked(*, product_ids: Collection[int] | None = None) -> int:
    """Publish ProductRestocked for what can be bought again and is waited for; how many products and depots.

    Every write of stock ends here, in its own transaction; without ``product_ids`` all that is waited for
    is looked at. Safe to call too often: `claim_restocked` tells each person once. One query, and two per fact.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BACK_SQL, {"products": None if product_ids is None else list(product_ids)})
        back = cursor.fetchall()
    for product_id, depot_id in back:
        publish(ProductRestocked(product_id=product_id, depot_id=depot_id))
    return len(back)


_WAITED_FOR = f"""
  FROM stock_restockalert a
  JOIN stock_stockitem i ON i.product_id = a.product_id AND i.depot_id = a.depot_id
  JOIN catalogue_product p ON p.id = a.product_id AND {CAN_BE_BOUGHT}
"""
_BACK_SQL = f"""
SELECT DISTINCT a.product_id, a.depot_id {_WAITED_FOR}
 WHERE %(products)s::bigint[] IS NULL OR a.product_id = ANY (%(products)s)
 ORDER BY 1, 2
"""


class Waiting(NamedTuple):
    """Who is to be told; the alert itself is gone."""

    alert_id: int
    email: str
    customer_id: int | None


@transaction.atomic
def claim_restocked(*, product_id: int, depot_id: int) -> list[Waiting]:
    """Take out those to tell that a product is back, `TOLD_AT_ONCE` at most; a fact follows for the others.

    Nobody when it has run out again: they go on waiting. Rows that another process is taking are passed over,
    so that nobody is told twice. 1 query, and two for the fact.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM_SQL, [product_id, depot_id, TOLD_AT_ONCE])
        claimed = [Waiting(*row) for row in cursor.fetchall()]
    if len(claimed) == TOLD_AT_ONCE:
        publish(ProductRestocked(product_id=product_id, depot_id=depot_id))
    return claimed


_CLAIM_SQL = f"""
DELETE FROM stock_restockalert
 WHERE id IN (SELECT a.id {_WAITED_FOR} WHERE a.product_id = %s AND a.depot_id = %s
               ORDER BY a.id LIMIT %s FOR UPDATE OF a SKIP LOCKED)
RETURNING id, email, customer_id
"""  # noqa: S608 - our own words


def forget_old_alerts() -> int:
    """Drop what has been waited for in vain for `ALERT_DAYS`; how many. One DELETE."""
    before = timezone.now() - timedelta(days=ALERT_DAYS)
    deleted, _by_model = RestockAlert.objects.filter(created_at__lt=before).delete()
    return deleted
