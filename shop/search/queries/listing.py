"""Pages of cards in an order."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator

from shop.pricing.book import PromotionBook
from shop.search.facets import Choice
from shop.search.queries.aisles import AislePlace
from shop.search.queries.card import Card, Shelved, cards_on_sale, shelved, with_sales
from shop.search.queries.facets import NO_OFFERS, Facets, listed

PAGE_SIZE = 24
RELEVANCE = "pertinence"
ALL = Choice()

BY_NAME = ("sort_name", "id")
# What is sorted by a price comes by name first: what it costs here and now is worked out with the filters (`RANKS`).
SORTS: dict[str, tuple[str, ...]] = {
    RELEVANCE: ("-is_available", "-sold_here", "-popularity", *BY_NAME),
    "prix": BY_NAME,
    "prix-au-kg": BY_NAME,
    "nom": BY_NAME,
}


def in_aisle(place: AislePlace, depot_id: int | None) -> Shelved:
    """All that is on sale in an aisle with its shelves, or on one shelf. Lazy."""
    return shelved(depot_id).filter(shelf__in=place.shelf_ids)


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of cards and the questions that narrow what it is a page of."""

    page: Page[Card]
    facets: Facets


def aisle_page(
    place: AislePlace,
    depot_id: int | None,
    page: str | int = 1,
    sort: str = RELEVANCE,
    choice: Choice = ALL,
    book: PromotionBook = NO_OFFERS,
    *,
    zone_id: int | None = None,
) -> Listing:
    """A page of 24 cards of an aisle with its shelves, or of one shelf; beyond the end, the last.

    Without another sort, what can be had comes first, then what the zone buys most, then what the shop sells most.
    One query when its order is kept, two when it is not or where cards have changed.
    """
    order = sort if sort in SORTS else RELEVANCE

    def standing() -> Shelved:
        products = in_aisle(place, depot_id)
        return (with_sales(products, own_zone) if order == RELEVANCE else products).order_by(*SORTS[order])

    # The zones of a depot share every order but that of their own sales.
    own_zone = zone_id if order == RELEVANCE else None
    key = ("aisle", depot_id, own_zone, *place.shelf_ids)
    return listing(key, standing, depot_id, page, choice, book, order)


def listing(
    key: tuple[Any, ...],
    products: Callable[[], Shelved],
    depot_id: int | None,
    page: str | int,
    choice: Choice = ALL,
    book: PromotionBook = NO_OFFERS,
    sort: str = RELEVANCE,
) -> Listing:
    """A page of what ``products`` answers, whose order is kept under ``key``; the cards are always as they are now."""
    found = listed(key, products, choice, book, sort)
    cards: Page[Any] = Paginator(found.ids, PAGE_SIZE).get_page(page)
    cards.object_list = cards_on_sale(list(cards.object_list), depot_id)
    return Listing(cards, found.facets)
