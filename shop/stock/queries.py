"""Reads of stock."""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db.models import F, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from delivery.zones.models import Depot
from shop.catalogue.models import Product
from shop.stock.models import StockItem, StockMovement, StockReservation
from shop.stock.rules import REORDER_BELOW_DAYS

# Parts of hand-written statements, where ``p`` is the product and ``i`` its stock in one depot, if any.
LEAST_SOLD = "CASE p.sold_by WHEN 'weight' THEN p.weight_step_g ELSE 1 END"
CAN_BE_BOUGHT = f"p.is_published AND coalesce(i.available, 0) >= {LEAST_SOLD}"
# The day on which more is expected, the past included: `coming_on` says whether it counts.
BACK_ON = "i.expected_restock_on"
# What `highest_cost` says too; 0 when unknown.
HIGHEST_COST = "coalesce((SELECT max(c.unit_cost) FROM stock_stockitem c WHERE c.product_id = p.id), 0)"


class Received(NamedTuple):
    """What a delivery note needs to know of a product."""

    id: int
    sold_by: str


class Prospect(NamedTuple):
    """What a depot can sell of a product now, pieces or grams, and the day more is expected."""

    available: int
    back_on: date | None


class UnknownDepot(Exception):
    """No depot has this code, or none is the default one."""


def availability(depot_id: int, product_ids: Collection[int]) -> dict[int, int]:
    """What may still be sold of each product, pieces or grams; 0 where the depot has none. One query."""
    found = StockItem.objects.filter(depot_id=depot_id, product_id__in=product_ids)
    return dict.fromkeys(product_ids, 0) | dict(found.values_list("product_id", "available"))


def prospects(depot_id: int, product_ids: Collection[int]) -> dict[int, Prospect]:
    """The same, with the day on which more is expected, if one was told and it has not passed. One query."""
    found = StockItem.objects.filter(depot_id=depot_id, product_id__in=product_ids)
    told = found.values_list("product_id", "available", "expected_restock_on")
    return dict.fromkeys(product_ids, Prospect(0, None)) | {
        pk: Prospect(available, coming_on(day)) for pk, available, day in told
    }


def coming_on(day: date | None) -> date | None:
    """A day that was told for a return, unless it has passed. No query."""
    return day if day and day >= timezone.localdate() else None


def highest_costs(product_ids: Collection[int]) -> dict[int, Decimal]:
    """What each product costs to buy, excluding VAT, in the depot where it costs most. One query."""
    known = StockItem.objects.filter(product_id__in=product_ids, unit_cost__gt=0).values("product_id")
    return dict(known.annotate(cost=Max("unit_cost")).values_list("product_id", "cost").order_by())


def highest_cost(product: str = "pk") -> Subquery:
    """The same as a column of another query: ``product`` is its product's id. No query of its own.

    Whatever the zone: a promotion stops at the same price for everybody.
    """
    items = StockItem.objects.filter(product_id=OuterRef(product)).order_by().values("product_id")
    return Subquery(items.annotate(cost=Max("unit_cost")).values("cost"))


def expected_restock_on(product_id: int, depot_id: int) -> date | None:
    """The day an article is expected back in a depot, if one was told and it has not passed. One query."""
    return (
        StockItem.objects.filter(
            product_id=product_id, depot_id=depot_id, expected_restock_on__gte=timezone.localdate()
        )
        .values_list("expected_restock_on", flat=True)
        .first()
    )


def reserved_by(order_reference: str) -> dict[int, int]:
    """What an order has taken and neither given back nor seen picked, by product. One query."""
    kept = StockReservation.objects.filter(order_reference=order_reference, returned_at=None, picked_at=None)
    return dict(kept.values_list("item__product_id", "quantity"))


def orders_on_shelves() -> QuerySet[StockReservation, str]:
    """References of the orders whose goods still lie on the shelves, as a subquery. No query by itself."""
    return StockReservation.objects.filter(returned_at=None, picked_at=None).values_list(
        "order_reference", flat=True
    )


def stock_outs(depot_id: int | None = None) -> QuerySet[StockItem]:
    """Published products that a depot, or any, cannot sell one piece or one weighing step of. One query."""
    items = StockItem.objects.filter(depot_id=depot_id) if depot_id else StockItem.objects.all()
    return (
        items.filter(product__is_published=True)
        .annotate(step=Coalesce(F("product__weight_step_g"), 1))
        .filter(Q(available=0) | Q(product__sold_by="weight", available__lt=F("step")))
        .select_related("product")
        .order_by("product__sort_name")
    )


def to_reorder(items: QuerySet[StockItem]) -> QuerySet[StockItem]:
    """Those of these items that `rules.to_reorder` would order. No query by itself."""
    return items.annotate(left=F("on_hand") - F("reserved")).filter(
        Q(left__lt=0) | Q(weekly_sales__gt=F("left") * 7.0 / REORDER_BELOW_DAYS)
    )


def products_by_ean(codes: Collection[str]) -> dict[str, Received]:
    """Published or not: a delivery may come before its page is ready. One query."""
    found = Product.objects.filter(ean__in=codes).values_list("ean", "id", "sold_by")
    return {ean: Received(pk, sold_by) for ean, pk, sold_by in found}


def drifted() -> list[int]:
    """Items whose figures are not what their movements and open reservations add up to. None in a sound shop.

    One query over all movements: for the nightly check, not for a page.
    """
    moved = StockMovement.objects.filter(item=OuterRef("pk")).order_by().values("item")
    kept = StockReservation.objects.filter(item=OuterRef("pk"), returned_at=None, picked_at=None)
    return list(
        StockItem.objects.annotate(
            moved=Coalesce(Subquery(moved.annotate(sum=Sum("quantity")).values("sum")), 0),
            kept=Coalesce(
                Subquery(kept.order_by().values("item").annotate(sum=Sum("quantity")).values("sum")), 0
            ),
        )
        .exclude(on_hand=F("moved"), reserved=F("kept"))
        .values_list("pk", flat=True)
    )


def depots(codes: Sequence[str] | None = None, *, every: bool = False) -> dict[str, int]:
    """Codes and ids: the named depots, every depot, or the default one. Raises UnknownDepot. One query."""
    known = list(Depot.objects.order_by("-is_default", "id").values_list("code", "id", "is_default"))
    ids = {code: pk for code, pk, _default in known}
    if codes:
        if unknown := [code for code in codes if code not in ids]:
            raise UnknownDepot(", ".join(unknown))
        return {code: ids[code] for code in codes}
    chosen = {code: pk for code, pk, is_default in known if every or is_default}
    if not chosen:
        raise UnknownDepot("")
    return chosen


def depot_choices() -> list[tuple[str, str]]:
    """Codes and names for a form, the default depot first. One query."""
    return list(Depot.objects.order_by("-is_default", "name").values_list("code", "name"))
