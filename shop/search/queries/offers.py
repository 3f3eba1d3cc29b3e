"""What promotions make of cards: a reduced price, the price it is struck from, a badge; else how points are multiplied."""

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any

from shop.catalogue.rules import unit_price_label
from shop.pricing.book import Offer, PromotionBook
from shop.pricing.queries import reference_prices
from shop.pricing.wording import points_badge
from shop.search.queries.card import Card

PROMO, POINTS = "promo", "points"


def with_offers(cards: Collection[Card], book: PromotionBook) -> list[Card]:
    """Cards as a page shows them, with their offers as the law lets them be announced. One query at most, for prices to strike."""
    offers = _offers_on(cards, book)
    references = reference_prices(offers, book)
    return [
        _reduced(card, offer, *offer.announced(references.get(card["id"])))
        if (offer := offers.get(card["id"]))
        else _multiplied(card, book)
        for card in cards
    ]


def _offers_on(cards: Iterable[Card], book: PromotionBook) -> dict[int, Offer]:
    """The best offer of each card that has one here and now."""
    if not book.terms:
        return {}
    return {card["id"]: offer for card in cards if (offer := book.offer_for(card["item"]))}


def _multiplied(card: Card, book: PromotionBook) -> Card:
    """One badge a card: a price that is reduced says so first."""
    found = book.multiplier_for(card["item"])
    return {**card, "badge": points_badge(found.factor), "badge_kind": POINTS} if found else card


def _reduced(card: Card, offer: Offer, badge: str, struck: Decimal | None) -> Card:
    price = card["price"] if offer.price_now is None else offer.price_now
    shown: dict[str, Any] = {
        "price": price,
        "unit_price": unit_price_label(price, *card["net"], card["item"].sold_by),
        "struck": struck,
    }
    if badge:
        shown |= {"badge": badge, "badge_kind": PROMO}
    return {**card, **shown}  # type: ignore[typeddict-item]
