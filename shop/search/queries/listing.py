"""Pages of cards in an order."""

from array import array
from collections.abc import Callable, Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Case, DecimalField, Expression, F, Value, When

from config import kept
from shop.search.queries.aisles import AislePlace
from shop.search.queries.card import Card, Shelved, cards_on_sale, shelved

PAGE_SIZE = 24
ORDER_SECONDS = 60
RELEVANCE = "pertinence"

PER_UNIT = Case(
    When(sold_by="weight", then=F("price")),
    When(net_quantity__gt=0, net_unit="piece", then=F("price") / F("net_quantity")),
    When(net_quantity__gt=0, then=F("price") * 1000 / F("net_quantity")),
    output_field=DecimalField(max_digits=16, decimal_places=6),
)
# Pieces have no price per kilogram: they come after what can be compared.
IS_COUNTED = Case(When(sold_by="piece", net_unit="piece", then=Value(1)), default=Value(0))
BY_NAME = ("sort_name", "id")
SORTS: dict[str, tuple[str | Expression, ...]] = {
    RELEVANCE: ("-is_available", "-popularity", *BY_NAME),
    "prix": ("price", *BY_NAME),
    "prix-au-kg": (IS_COUNTED.asc(), PER_UNIT.asc(nulls_last=True), *BY_NAME),
    "nom": BY_NAME,
}


def aisle_page(
    place: AislePlace, depot_id: int | None, page: str | int = 1, sort: str = RELEVANCE
) -> Page[Card]:
    """A page of 24 cards of an aisle with its shelves, or of one shelf; beyond the end, the last.

    One query when its order is kept, three at most.
    """
    order = sort if sort in SORTS else RELEVANCE

    def standing() -> Shelved:
        return shelved(depot_id).filter(shelf__in=place.shelf_ids).order_by(*SORTS[order])

    return page_of_cards(("aisle", *place.shelf_ids, order), standing, depot_id, page)


def page_of_cards(
    key: tuple[Any, ...], products: Callable[[], Shelved], depot_id: int | None, page: str | int
) -> Page[Card]:
    """A page of what ``products`` answers, whose order is kept under ``key``; the cards are always as they are now."""
    found: Page[Any] = Paginator(ids_in_order(key, products, depot_id), PAGE_SIZE).get_page(page)
    found.object_list = cards_on_sale(list(found.object_list), depot_id)
    return found


def ids_in_order(
    key: tuple[Any, ...], products: Callable[[], Shelved], depot_id: int | None
) -> Sequence[int]:
    """The ids of ordered products. One query when not kept.

    Kept until staff change something on the shelves, and for a minute at most: what shoppers buy moves a
    product that ran out to the end only then.
    """
    return kept.built(
        ("ids", kept.version("shelves"), depot_id, *key),
        lambda: array("q", products().values_list("pk", flat=True)),
        weigh=lambda ids: ids.itemsize * len(ids) + kept.SMALL,
        seconds=ORDER_SECONDS,
    )
