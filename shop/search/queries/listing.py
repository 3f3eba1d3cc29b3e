"""Pages of cards in an order."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Case, DecimalField, Expression, F, Value, When

from shop.search.queries.aisles import AislePlace
from shop.search.queries.card import Card, Shelved, cards, shelved

PAGE_SIZE = 24
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
    """A page of 24 cards of an aisle with its shelves, or of one shelf; beyond the end, the last. Two queries."""
    products = (
        shelved(depot_id).filter(shelf__in=place.shelf_ids).order_by(*SORTS.get(sort, SORTS[RELEVANCE]))
    )
    return page_of_cards(products, page)


def page_of_cards(products: Shelved, page: str | int) -> Page[Card]:
    found: Page[Any] = Paginator(products.values("pk"), PAGE_SIZE).get_page(page)
    found.object_list = cards_of(products, found.object_list)
    return found


def cards_of(products: Shelved, chosen: Any) -> list[Card]:
    """Cards of a slice of ordered products. One query, that sorts thousands of ids but reads only those cards."""
    return cards(products.filter(pk__in=chosen))
