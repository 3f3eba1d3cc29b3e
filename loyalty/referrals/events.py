from dataclasses import dataclass

from config.facts import fact


@fact("referrals.ReferralRewarded")
@dataclass(frozen=True, slots=True)
class ReferralRewarded:
    """A friend whom a customer invited received a first order, and the customer has what was promised for it."""

    referral_id: int
    sponsor_id: int
    points: int
    voucher_cents: int
