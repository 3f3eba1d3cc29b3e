from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import template
from django.utils.safestring import SafeString

from shop.pricing.queries import book_for
from shop.pricing.rules import BY_WEIGHT, line_total
from shop.search.fragments import cards_html, control_html
from shop.search.queries import Card

register = template.Library()


@register.filter
def of_grams(price: Decimal, weight: int) -> Decimal:
    """What so many grams cost at a price per kilogram, as the basket will say."""
    return line_total(price, BY_WEIGHT, weight)


@register.simple_tag(takes_context=True)
def product_cards(context: template.Context, cards: Iterable[Card]) -> SafeString:
    """``{% product_cards page_obj %}`` in a <ul class="cards"> or <ul class="rail">. The basket's query at most."""
    shopper, request = context.get("shopper"), context["request"]
    return cards_html(
        list(cards),
        book=shopper.book if shopper else book_for(None),
        quantities=shopper.quantities if shopper else {},
        csrf_token=str(context["csrf_token"]),
        address=request.get_full_path(),
    )


@register.simple_tag(takes_context=True)
def product_control(context: template.Context, product: Card | Mapping[str, Any]) -> SafeString:
    """``{% product_control state.control %}``: « Ajouter » or the stepper of a product. The basket's query at most."""
    shopper = context.get("shopper")
    return control_html(
        product,
        quantity=shopper.quantities.get(product["id"], 0) if shopper else 0,
        csrf_token=str(context["csrf_token"]),
        address=context["request"].get_full_path(),
    )
