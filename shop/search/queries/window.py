"""What stands in the window."""

from collections.abc import Hashable, Iterable, Mapping

from django.db.models import Value, Window
from django.db.models.functions import RowNumber

from config import kept
from shop.search.queries.card import (
    CARD_FIELDS,
    Card,
    Shelved,
    card_of,
    cards_on_sale,
    keep_cards,
    shelved,
)
from shop.search.queries.facets import ORDER_SECONDS

RAIL_SIZE = 12
LAST_TO_COME = 96


def _for_the_window(depot_id: int | None) -> Shelved:
    """What may stand in the window: on sale here, and neither alcohol nor first-age milk.

    Pushing these forward is advertising: CSP L3323-2; Code de la consommation L122-12 ff. for the milk.
    """
    return shelved(depot_id).filter(is_available=True, minimum_age__isnull=True, is_first_age_milk=False)


def _best(depot_id: int | None) -> Shelved:
    return _for_the_window(depot_id).filter(popularity__gt=0).order_by("-popularity", "id")


def _best_of_zone(depot_id: int | None, zone_id: int | None) -> Shelved:
    sold_here = _for_the_window(depot_id).filter(zone_popularities__zone=zone_id or 0)
    return sold_here.order_by("-zone_popularities__popularity", "-popularity", "id")


def _new(depot_id: int | None) -> Shelved:
    """The last to come, one of each shelf before a second of any: of twelve new pot plants the rail shows one."""
    # Identifiers follow creation, and are indexed.
    last = _for_the_window(depot_id).order_by("-id").values("id")[:LAST_TO_COME]
    turn = Window(RowNumber(), partition_by="shelf_id", order_by="-id")
    return _for_the_window(depot_id).filter(pk__in=last).order_by(turn, "-id")


def home_rails(depot_id: int | None, zone_id: int | None = None) -> tuple[list[Card], list[Card]]:
    """Best sellers of the zone and newest that can be had from this depot. One query, two where a card has changed.

    Where the zone's sales do not fill the rail, those of the whole shop do. Their order is kept as long as that of
    an aisle.
    """
    key = ("window", kept.version("shelves"), depot_id, zone_id)
    if (order := kept.peek(key)) is None:
        return _newly_set(key, depot_id, zone_id)
    best, new = order
    cards = {card["id"]: card for card in cards_on_sale([*best, *new], depot_id)}
    return _rail(best, cards), _rail(new, cards)


def _newly_set(key: Hashable, depot_id: int | None, zone_id: int | None) -> tuple[list[Card], list[Card]]:
    """One query: each part reads its own index and stops."""
    zone, shop, new = (
        products.annotate(rail=Value(rail)).values("rail", *CARD_FIELDS)[:RAIL_SIZE]
        for rail, products in (
            ("best", _best_of_zone(depot_id, zone_id)),
            ("shop", _best(depot_id)),
            ("new", _new(depot_id)),
        )
    )
    rails: dict[str, dict[int, Card]] = {"best": {}, "shop": {}, "new": {}}
    for row in zone.union(shop, new, all=True):
        rails[row["rail"]][row["id"]] = card_of(row)
    best = list((rails["best"] | rails["shop"]).values())[:RAIL_SIZE]
    newest = list(rails["new"].values())
    keep_cards([*best, *newest])
    order = tuple([card["id"] for card in rail] for rail in (best, newest))
    kept.keep(key, order, size=kept.SMALL, seconds=ORDER_SECONDS)
    return best, newest


def _rail(ids: Iterable[int], cards: Mapping[int, Card]) -> list[Card]:
    # Sold out since the order was made: the window shows what can be had.
    return [card for pk in ids if (card := cards.get(pk)) and card["is_available"]]
