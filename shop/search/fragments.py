"""Product cards as HTML, built once for what they show and put together for who looks.

A card depends on the product's version, on whether it can be had here, on how much of it the basket holds, and
on the promotions of the hour, which purchase costs hold up. What belongs to one request alone (its CSRF token, the
address to come back to) is left open in the kept text and filled in for the whole page at once.
"""

from collections.abc import Collection, Hashable, Mapping
from typing import Any

from django.template import loader
from django.utils.safestring import SafeString, mark_safe

from config import kept
from config.pages import TOKEN, Anyone, with_request
from shop.pricing.book import PromotionBook
from shop.search.queries import Card, with_offers

TEMPLATE = "components/product_card.html"
CONTROL = "components/add_control.html"


def cards_html(
    cards: Collection[Card],
    *,
    book: PromotionBook,
    quantities: Mapping[int, int],
    csrf_token: str,
    address: str,
) -> SafeString:
    """The <li> of each card, with what the basket holds of it. One query at most, for prices to strike."""
    chapter = book.chapter() if book.terms else ()
    keys: dict[int, Hashable] = {
        card["id"]: (
            "card html", card["id"], card["version"], card["is_available"], quantities.get(card["id"], 0),
            card["item"].unit_cost, *chapter,
        )
        for card in cards
    }  # fmt: skip
    parts: dict[int, str | None] = {pk: kept.peek(key) for pk, key in keys.items()}
    missing = [card for card in cards if parts[card["id"]] is None]
    for card in with_offers(missing, book):
        pk = card["id"]
        html = parts[pk] = _rendered(card, quantities.get(pk, 0))
        kept.keep(keys[pk], html, size=kept.weight(html))
    filled = with_request("".join(part for part in parts.values() if part), token=csrf_token, address=address)
    return mark_safe(filled)  # noqa: S308 - templates escaped the parts, and both fillings are


def _rendered(card: Card, quantity: int) -> str:
    context = {"card": card, "quantity": quantity, "csrf_token": TOKEN, "request": Anyone()}
    return loader.get_template(TEMPLATE).render(context)


def control_html(
    product: Card | Mapping[str, Any], *, quantity: int, csrf_token: str, address: str
) -> SafeString:
    """« Ajouter » or the stepper of a product, a card or as much of one. No query."""
    key = (
        "control html", product["id"], product["version"], product["is_available"], product["step_grams"], quantity,
    )  # fmt: skip
    html = kept.built(key, lambda: _control(product, quantity))
    return mark_safe(with_request(html, token=csrf_token, address=address))  # noqa: S308 - as above


def _control(product: Card | Mapping[str, Any], quantity: int) -> str:
    context = {"card": product, "quantity": quantity, "csrf_token": TOKEN, "request": Anyone()}
    return loader.get_template(CONTROL).render(context)
