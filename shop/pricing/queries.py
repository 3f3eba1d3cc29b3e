"""Reads of prices and promotions. None takes a customer: the shop has one price for everybody."""

from django.utils import timezone

from shop.pricing.history import CURVE_LASTS, CurvePoint, Price, curve_corners
from shop.pricing.models import PriceChange


def price_history(product_id: int) -> list[Price]:
    """Every price a product had, in order of time. One query."""
    rows = PriceChange.objects.filter(product_id=product_id).order_by("since", "id")
    return [Price(since, price) for since, price in rows.values_list("since", "price")]


def price_curve(product_id: int) -> list[CurvePoint]:
    """The corners of the last twelve months' prices, in the view box of `history.curve_corners`. One query."""
    now = timezone.now()
    return curve_corners(price_history(product_id), start=now - CURVE_LASTS, end=now)
