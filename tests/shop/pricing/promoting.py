"""Promotions for tests, saved as staff save them."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from config import kept
from shop.pricing.models import Promotion
from shop.pricing.queries import Scope
from shop.pricing.services import save_promotion

FIGURES = {
    "percent": {"percent": Decimal(20)},
    "amount": {"amount": Decimal("0.20")},
    "n_for_m": {"take": 3, "pay": 2},
    "second": {"percent": Decimal(50)},
    "lot": {"take": 2, "amount": Decimal("4.00")},
    "free_delivery": {"free_from": Decimal(45)},
    "points": {"points_factor": 3},
}


def draft(kind="percent", *, name="Fête du yaourt", begins=-1, ends=6, **fields):
    """An unsaved promotion; ``begins`` and ``ends`` in days from now."""
    now = timezone.now()
    dates = {"starts_at": now + timedelta(days=begins), "ends_at": now + timedelta(days=ends)}
    return Promotion(kind=kind, name=name, **FIGURES[kind] | dates | fields)


def promote(kind="percent", *, products=(), aisles=(), brands=(), zones=(), **fields):
    """A running promotion, and this process reads it at its next question."""
    promotion = draft(kind, **fields)
    save_promotion(promotion=promotion, scope=Scope(products, aisles, brands, zones))
    kept.forget_everything()
    return promotion
