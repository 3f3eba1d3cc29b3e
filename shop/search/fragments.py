"""Product cards as HTML, built once for what they show and put together for who looks.

A card depends on the product's version, on whether it can be had here, and on how much of it the basket
holds. What belongs to one request alone (its CSRF token, the address to come back to) is left open in the
kept text and filled in for the whole page at once.
"""

from collections.abc import Iterable, Mapping

from django.template import loader
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from config import kept
from shop.search.queries.card import Card

TEMPLATE = "components/product_card.html"
# Characters for private use: no product's name holds them, and escaping leaves them alone.
TOKEN, BACK = "\ue000", "\ue001"


class _Anyone:
    """The request of a card that is kept."""

    @staticmethod
    def get_full_path() -> str:
        return BACK


def cards_html(
    cards: Iterable[Card], *, quantities: Mapping[int, int], csrf_token: str, address: str
) -> SafeString:
    """The <li> of each card, with what the basket holds of it. No query."""
    parts = [_card_html(card, quantities.get(card["id"], 0)) for card in cards]
    filled = "".join(parts).replace(TOKEN, escape(csrf_token)).replace(BACK, escape(address))
    return mark_safe(filled)  # noqa: S308 - templates escaped the parts, and both fillings are


def _card_html(card: Card, quantity: int) -> str:
    key = ("card html", card["id"], card["version"], card["is_available"], quantity)
    return kept.built(key, lambda: _rendered(card, quantity))


def _rendered(card: Card, quantity: int) -> str:
    context = {"card": card, "quantity": quantity, "csrf_token": TOKEN, "request": _Anyone}
    return loader.get_template(TEMPLATE).render(context)
