"""What letters say of referrals. Nothing of the friend, nor of their order."""

from decimal import Decimal
from typing import Any

from config.templatetags.cabas import euros
from loyalty.points.wording import points_said
from loyalty.referrals.events import ReferralRewarded
from shop.customers.queries import addressee


def rewarded_letter(told: ReferralRewarded) -> dict[str, Any] | None:
    """None for somebody without an address. One query."""
    sponsor = addressee(told.sponsor_id)
    if sponsor is None:
        return None
    return {
        "recipient": sponsor.email,
        "customer_id": sponsor.pk,
        "first_name": sponsor.first_name,
        "reward": points_said(told.points) if told.points else euros(Decimal(told.voucher_cents) / 100),
        "is_voucher": not told.points,
    }
