"""What stands in the window."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Value

from shop.search.queries.card import CARD_FIELDS, Card, Shelved, card_of, cards, shelved

RAIL_SIZE = 12


def _for_the_window(depot_id: int | None) -> Shelved:
    """What may stand in the window: on sale here, and neither alcohol nor first-age milk.

    Pushing these forward is advertising: CSP L3323-2; Code de la consommation L122-12 ff. for the milk.
    """
    return shelved(depot_id).filter(is_available=True, minimum_age__isnull=True, is_first_age_milk=False)


def _best(depot_id: int | None) -> Shelved:
    return _for_the_window(depot_id).filter(popularity__gt=0).order_by("-popularity", "id")


def _new(depot_id: int | None) -> Shelved:
    # Identifiers follow creation, and are indexed.
    return _for_the_window(depot_id).order_by("-id")


def best_sellers(depot_id: int | None, limit: int = RAIL_SIZE) -> list[Card]:
    """The most bought that can be had from this depot. One query."""
    return cards(_best(depot_id)[:limit])


def newest(depot_id: int | None, limit: int = RAIL_SIZE) -> list[Card]:
    """The last to join the shelves, among what can be had from this depot. One query."""
    return cards(_new(depot_id)[:limit])


def home_rails(depot_id: int | None) -> tuple[list[Card], list[Card]]:
    """Best sellers and newest. One query: each half reads its own index and stops."""
    best, new = (
        products.annotate(rail=Value(rail)).values("rail", *CARD_FIELDS)[:RAIL_SIZE]
        for rail, products in (("best", _best(depot_id)), ("new", _new(depot_id)))
    )
    rows = list(best.union(new, all=True))
    return _rail(rows, "best"), _rail(rows, "new")


def _rail(rows: Iterable[dict[str, Any]], rail: str) -> list[Card]:
    return [card_of(row) for row in rows if row["rail"] == rail]
