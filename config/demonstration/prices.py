"""What the demonstration's articles cost in an invented past."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from shop.catalogue.models import Product
from shop.catalogue.rules import to_cents
from shop.pricing.models import PriceChange

# The prices of an invented past, as shares of today's, since so many days: a curve to look at, and thirty days of
# the same price before any promotion.
PAST_PRICES = ((240, Decimal("0.96")), (150, Decimal("1.04")), (80, Decimal("1.00")))


def invent_past_prices() -> None:
    """Prices are invented anyway: without a past no reduction could be announced from them."""
    if PriceChange.objects.filter(since__lt=timezone.now() - timedelta(days=1)).exists():
        return
    now = timezone.now()
    PriceChange.objects.bulk_create(
        PriceChange(product_id=pk, price=to_cents((price or 0) * share), since=now - timedelta(days=days))
        for days, share in PAST_PRICES
        for pk, price in Product.objects.filter(price__isnull=False).values_list("pk", "price")
    )
