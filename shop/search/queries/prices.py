"""What the page of a product's prices reads."""

from config import kept
from shop.pricing.book import PromotionBook
from shop.pricing.past import Past
from shop.pricing.queries import past_of
from shop.search.queries.card import Card, cards, shelved
from shop.search.queries.facets import ORDER_SECONDS

STEP_WEIGHT = 300


def priced_card(slug: str, depot_id: int | None) -> Card | None:
    """The card of what is on sale, which always has a price, or None. One query."""
    return next(iter(cards(shelved(depot_id).filter(slug=slug))), None)


def price_past(card: Card, book: PromotionBook) -> Past:
    """A year of a product's prices, kept under its version and for a minute. Two queries, none when kept."""
    return kept.built(
        ("price past", card["id"], card["version"], card["item"].unit_cost, *book.chapter()),
        lambda: past_of(card["item"], book),
        weigh=lambda past: STEP_WEIGHT * len(past.steps) + kept.SMALL,
        seconds=ORDER_SECONDS,
    )
