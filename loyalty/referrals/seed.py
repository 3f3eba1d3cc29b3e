"""What a shop's invitations promise at first: 10 € from 60 € of goods for the friend, 300 points for the sponsor."""

from decimal import Decimal

from django.utils import timezone

from loyalty.referrals.models import ReferralTerms


def seed_referral_terms() -> None:
    """Where none are written yet, from now on. Two queries."""
    if not ReferralTerms.objects.exists():
        ReferralTerms.objects.create(
            starts_at=timezone.now(), friend_value=Decimal(10), friend_minimum=Decimal(60), sponsor_points=300,
            yearly_most=10, lasts_days=60,
        )  # fmt: skip
