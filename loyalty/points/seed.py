"""The programme a shop begins with: ten points for each full 15 €, a hundred of them worth 3 €."""

from decimal import Decimal

from django.utils import timezone

from loyalty.points.models import PointTerms
from loyalty.points.services import write_terms


def seed_terms() -> None:
    """Where none are written yet, from now on. Two queries."""
    if not PointTerms.objects.exists():
        terms = PointTerms(
            starts_at=timezone.now(), step=Decimal(15), points=10, hundred_worth=Decimal(3), pending_days=14,
            lasts_months=12,
        )  # fmt: skip
        write_terms(terms=terms)
