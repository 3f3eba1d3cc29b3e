"""What pages read to show products. Nothing here writes to the database."""

from shop.search.queries.aisles import (
    NOWHERE,
    AislePlace,
    MenuAisle,
    aisles_named,
    find_aisle,
    is_top_aisle,
    menu,
    standings,
)
from shop.search.queries.card import Card, Stamp, cards, cards_at, cards_by_id, shelved
from shop.search.queries.closest import substitutes
from shop.search.queries.facets import Facets
from shop.search.queries.listing import PAGE_SIZE, RELEVANCE, SORTS, Listing, aisle_page
from shop.search.queries.matches import (
    SUGGESTIONS,
    Found,
    Results,
    Suggested,
    find,
    results,
    suggestions,
)
from shop.search.queries.offers import with_offers
from shop.search.queries.prices import price_past, priced_card
from shop.search.queries.product import ProductPage, ProductState, others, product_detail, product_state
from shop.search.queries.window import home_rails

__all__ = [
    "NOWHERE",
    "PAGE_SIZE",
    "RELEVANCE",
    "SORTS",
    "SUGGESTIONS",
    "AislePlace",
    "Card",
    "Facets",
    "Found",
    "Listing",
    "MenuAisle",
    "ProductPage",
    "ProductState",
    "Results",
    "Stamp",
    "Suggested",
    "aisle_page",
    "aisles_named",
    "cards",
    "cards_at",
    "cards_by_id",
    "find",
    "find_aisle",
    "home_rails",
    "is_top_aisle",
    "menu",
    "others",
    "price_past",
    "priced_card",
    "product_detail",
    "product_state",
    "results",
    "shelved",
    "standings",
    "substitutes",
    "suggestions",
    "with_offers",
]
