from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from django import template
from django.utils import timezone
from django.utils.formats import date_format

from config.templatetags.cabas import first_of_month
from shop.reviews.rules import BEST

register = template.Library()


@register.filter
def stars(rating: Decimal | int) -> str:
    """« ★★★★☆ » to the nearest whole star; the figure stands beside it for whoever wants it exact."""
    full = int(Decimal(rating).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    return "★" * full + "☆" * (BEST - full)


@register.filter
def said_on(day: date | datetime) -> str:
    """« 1er décembre 2026 », in Paris."""
    local = timezone.localtime(day) if isinstance(day, datetime) else day
    return first_of_month(date_format(local, "j F Y").lower())
