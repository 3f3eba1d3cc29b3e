"""The limits a shop begins with."""

from decimal import Decimal

from shop.claims.models import ClaimLimits


def seed_limits() -> None:
    """Where none are written yet. Two queries."""
    if not ClaimLimits.objects.exists():
        ClaimLimits.objects.create(
            amount=Decimal(30),
            number=4,
            days=90,
            newcomer_amount=Decimal(60),
            newcomer_number=6,
            photo_from=Decimal(15),
        )
