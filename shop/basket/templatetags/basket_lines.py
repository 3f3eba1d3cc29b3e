from collections.abc import Iterable

from django import template
from django.utils.safestring import SafeString

from shop.basket.fragments import lines_html
from shop.basket.queries import Line

register = template.Library()


@register.simple_tag(takes_context=True)
def basket_lines(context: template.Context, lines: Iterable[Line]) -> SafeString:
    """``{% basket_lines lines %}`` in a <ul class="lines">, on the basket's own page."""
    return lines_html(
        lines, csrf_token=str(context["csrf_token"]), address=context["request"].get_full_path()
    )
