from decimal import ROUND_HALF_UP, Decimal

from django import template

from config.templatetags.cabas import day_said
from shop.reviews.rules import BEST

register = template.Library()


@register.filter
def stars(rating: Decimal | int) -> str:
    """« ★★★★☆ » to the nearest whole star; the figure stands beside it for whoever wants it exact."""
    full = int(Decimal(rating).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    return "★" * full + "☆" * (BEST - full)


register.filter("said_on", day_said)
