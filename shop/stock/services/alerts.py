"""Those who wait for a product to come back: asked once, told once."""

from collections.abc import Collection
from datetime import timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from config.facts import publish
from shop.stock.events import ProductRestocked
from shop.stock.models import RestockAlert, StockItem
from shop.stock.queries import CAN_BE_BOUGHT

ALERT_DAYS = 60
# Letters written in one transaction of the relay; more waiting follow with a fact of their own.
TOLD_AT_ONCE = 200


class NothingToWaitFor(Exception):
    """The product is in stock, or no longer sold."""


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
