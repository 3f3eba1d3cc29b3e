"""Product cards as HTML, built once for what they show and put together for who looks.

A card depends on the product's version, on whether it can be had here, on how much of it the basket holds, and
on the promotions of the hour, which purchase costs hold up. What belongs to one request alone (its CSRF token, the
address to come back to) is left open in the kept text and filled in for the whole page at once.
"""

from collections.abc import Collection, Hashable, Mapping

from django.template import loader
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from config import kept
from shop.pricing.book import PromotionBook
from shop.search.queries import Card, with_offers

TEMPLATE = "components/product_card.html"
# Characters for private use: no product's name holds them, and escaping leaves them alone.
TOKEN, BACK = "\ue000", "\ue001"


class _Anyone:
    """The request of a card that is kept."""

    @staticmethod
    def get_full_path() -> str:
        return BACK


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
        kept.keep(keys[pk], html, size=len(html))
    filled = (
        "".join(part for part in parts.values() if part)
        .replace(TOKEN, escape(csrf_token))
        .replace(BACK, escape(address))
    )
    return mark_safe(filled)  # noqa: S308 - templates escaped the parts, and both fillings are


def _rendered(card: Card, quantity: int) -> str:
    context = {"card": card, "quantity": quantity, "csrf_token": TOKEN, "request": _Anyone}
    return loader.get_template(TEMPLATE).render(context)
