"""What sells, in the shop and in each zone (ADR 15) and depot, counted anew from recent orders."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, F, Max, Min, QuerySet, Sum, When

from shop.catalogue import services as catalogue
from shop.orders.models import Order, OrderLine
from shop.search import services as search
from shop.stock import services as stock
from shop.stock.queries import depots as stock_depots

MONTH = timedelta(days=30)
# Older habits do not make a best seller.
RECENT = 3 * MONTH
# About fifty orders. Below, the ranks that the catalogue came with tell more than what a few households bought.
ENOUGH_LINES = 500


@transaction.atomic
def count_popularity(*, now: datetime, enough_lines: int = ENOUGH_LINES) -> int:
    """Make popularity, the shop's and each zone's, what orders up to ``now`` say; how many rows changed.

    A shop that sold less than ``enough_lines`` keeps the popularity it has; its zones count all the same. Done
    again, it changes nothing; two at once take turns. Locks the products that change, in order of id. 5 queries.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('orders.popularity', 0))")
    lines = recent_lines(now)
    tells = not enough_lines or lines[enough_lines - 1 : enough_lines].exists()
    changed = catalogue.rank_by_sales(sold=_by_product(lines, now)) if tells else 0
    return changed + search.rank_by_sales(sold=_by_zone(lines, now))


def note_sales(*, now: datetime) -> int:
    """Tell each depot's items what a week sells of them, by the last thirty days; how many changed.

    Baskets want these rows: each depot is a transaction of its own, and apart from the count of popularity. Done
    again, it changes nothing. One query, and one a depot.
    """
    lines = recent_lines(now).filter(order__created_at__gt=now - MONTH)
    return sum(
        stock.note_sales(depot_id=depot_id, sold=_in_depot(lines, depot_id), days=MONTH.days)
        for depot_id in stock_depots(every=True).values()
    )


def recent_lines(now: datetime) -> QuerySet[OrderLine]:
    """What orders of the last ninety days sold, those left out that were never placed or were called off."""
    placed = OrderLine.objects.filter(
        order__placed_at__isnull=False,
        order__created_at__gt=now - RECENT,
        order__created_at__lte=now,
        product__isnull=False,
    )
    return placed.exclude(order__status=Order.Status.CANCELLED).order_by()


def _points(now: datetime) -> Sum:
    """An order of the last thirty days counts three times as much as one of two months ago."""
    this_month = When(order__created_at__gt=now - MONTH, then=3)
    last_month = When(order__created_at__gt=now - 2 * MONTH, then=2)
    return Sum(Case(this_month, last_month, default=1))


def _by_product(lines: QuerySet[OrderLine], now: datetime) -> QuerySet[Any, Any]:
    """Rows of (product, points)."""
    return lines.values("product_id").annotate(points=_points(now)).values_list("product_id", "points")


def _in_depot(lines: QuerySet[OrderLine], depot_id: int) -> QuerySet[Any, Any]:
    """Rows of (product, quantity)."""
    here = lines.filter(order__depot=depot_id).values("product_id").annotate(sold=Sum("quantity"))
    return here.values_list("product_id", "sold")


def _by_zone(lines: QuerySet[OrderLine], now: datetime) -> QuerySet[Any, Any]:
    """Rows of (zone, product, points). What one household alone buys is no best seller, nor its neighbours' business."""
    sold = lines.values("order__zone_id", "product_id").annotate(points=_points(now))
    several = sold.alias(one=Min("order__customer_id"), other=Max("order__customer_id")).filter(
        one__lt=F("other")
    )
    return several.values_list("order__zone_id", "product_id", "points")
