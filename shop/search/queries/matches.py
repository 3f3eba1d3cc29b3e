"""From what was typed to products."""

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import F

from shop.search import rules
from shop.search.facets import Choice
from shop.search.queries.card import Card, Shelved, cards_on_sale, shelved
from shop.search.queries.listing import ALL, RELEVANCE, SORTS, Listing, listing

SUGGESTIONS = 6
TEXT_CONFIG = "cabas_french"
# From D (ingredients and the like) to A (name): a word of the name weighs most.
WEIGHTS = [0.1, 0.2, 0.4, 1.0]


def search(
    query: str, depot_id: int | None, page: str | int = 1, sort: str = RELEVANCE, choice: Choice = ALL
) -> Listing:
    """A page of 24 cards that match what was typed, the most relevant first, then the most bought.

    Accents, ligatures, case and endings are ignored; the last word may be unfinished; a barcode finds its
    product. Any text is accepted; nothing to look for is no result. Two queries, none without a word.
    """
    cleaned = rules.clean_query(query)
    order = sort if sort in SORTS else RELEVANCE

    def found() -> Shelved:
        products = matching(cleaned, depot_id)
        return products if order == RELEVANCE else products.order_by(*SORTS[order])

    return listing(("search", depot_id, cleaned, order), found, depot_id, page, choice)


def matching(query: str, depot_id: int | None) -> Shelved:
    """Products for a cleaned or raw query, by relevance, then availability, then popularity. Lazy."""
    cleaned = rules.clean_query(query)
    if ean := rules.barcode(cleaned):
        return shelved(depot_id).filter(ean=ean).order_by("id")
    text = rules.text_query(rules.search_words(cleaned))
    if not text:
        return shelved(depot_id).none()
    products = shelved(depot_id)
    wanted = SearchQuery(text, config=TEXT_CONFIG, search_type="raw")
    found: Shelved = products.filter(search=wanted)
    ranked: Shelved = found.annotate(rank=SearchRank(F("search"), wanted, weights=WEIGHTS))
    return ranked.order_by("-rank", *SORTS[RELEVANCE])


def suggestions(query: str, depot_id: int | None) -> list[Card]:
    """The first few products for what has been typed so far. One query, none below two characters."""
    if len("".join(rules.search_words(rules.clean_query(query)))) < 2:
        return []
    ids = matching(query, depot_id).values_list("pk", flat=True)[:SUGGESTIONS]
    return cards_on_sale(list(ids), depot_id)
