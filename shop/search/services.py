"""What a shopper tells of a product, and what becomes of it; what sells where."""

from collections.abc import Collection
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from shop.catalogue.services import shelves_changed
from shop.search.models import ProductReport
from shop.search.rules import due_after_a_working_day


class ReportAlreadyHandled(Exception):
    """Somebody else settled it, or in another tab."""


def report_product(*, product_id: int, kind: str, words: str, email: str = "") -> ProductReport:
    """Keep what somebody says is wrong; due to be looked at after one working day. One INSERT."""
    now = timezone.now()
    return ProductReport.objects.create(
        product_id=product_id, kind=kind, words=words, email=email, received_at=now,
        due_at=due_after_a_working_day(timezone.localtime(now)),
    )  # fmt: skip


@transaction.atomic
def settle_reports(*, report_ids: Collection[int], state: ProductReport.State, user_id: int) -> int:
    """Settle open reports as corrected or unfounded, and forget who wrote them; how many.

    Those that were settled before stay as they are; raises ReportAlreadyHandled when all of them were.
    Locks them in order of id. 2 queries.
    """
    chosen = ProductReport.objects.filter(pk__in=report_ids).order_by("pk").select_for_update(no_key=True)
    open_ids = [report.pk for report in chosen if state in ProductReport.MOVES[report.state]]
    if not open_ids:
        raise ReportAlreadyHandled
    return ProductReport.objects.filter(pk__in=open_ids).update(
        state=state, email="", handled_at=timezone.now(), handled_by_id=user_id
    )


@transaction.atomic
def rank_by_sales(*, sold: QuerySet[Any, Any]) -> int:
    """Make each zone's popularity what was sold there, and the index say the shop's anew; how many zone rows changed.

    ``sold`` answers (zone id, product id, points). Home, shelves and search stand in their new order once this
    commits. 2 queries.
    """
    rows, parameters = sold.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_SOLD_BY_ZONE.replace("{rows}", rows), parameters)
        changed: int = cursor.fetchone()[0]
        cursor.execute(_SHOP_WIDE)
    shelves_changed()
    return changed


_SOLD_BY_ZONE = """
WITH sold (zone_id, product_id, points) AS MATERIALIZED ({rows}), gone AS (
    DELETE FROM search_zonepopularity z
     WHERE NOT EXISTS (SELECT 1 FROM sold s WHERE s.zone_id = z.zone_id AND s.product_id = z.product_id)
    RETURNING 1
), told AS (
    INSERT INTO search_zonepopularity AS z (zone_id, product_id, popularity)
    SELECT zone_id, product_id, points FROM sold ORDER BY zone_id, product_id
    ON CONFLICT (zone_id, product_id) DO UPDATE SET popularity = excluded.popularity
     WHERE z.popularity <> excluded.popularity
    RETURNING 1
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM told)
"""
# Entries are locked in the order in which the index writes them.
_SHOP_WIDE = """
WITH stale AS MATERIALIZED (
    SELECT e.product_id, p.popularity
      FROM search_searchentry e JOIN catalogue_product p ON p.id = e.product_id
     WHERE e.popularity <> p.popularity ORDER BY e.product_id FOR NO KEY UPDATE OF e
)
UPDATE search_searchentry e SET popularity = stale.popularity FROM stale WHERE e.product_id = stale.product_id
"""
