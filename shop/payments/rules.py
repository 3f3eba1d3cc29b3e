"""When money is asked for, and how it is written for the provider. Pure: no clock, no database."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

# A card authorisation lives 7 days, 4 days and 18 hours for a Visa that the customer is not there to use
# (docs.stripe.com/payments/place-a-hold-on-a-payment-method). Four days before the slot fits the first,
# two days the second, both with the day of delivery itself to spare.
AUTHORISE_WITHIN = timedelta(days=4)
AUTHORISE_SAVED_BEFORE = timedelta(days=2)

# The provider wants 30 minutes at least from when it receives the request, which a retry under the same key may
# delay: three hours is also the longest a slot is held. Checkout closes pages that nobody needs any more.
SESSION_LASTS = timedelta(hours=3)
# No page outlives its slot's cut-off, but for the provider's 30 minutes and as much again for a retry.
SESSION_LASTS_AT_LEAST = timedelta(hours=1)
# Below this the provider refuses a card payment in euros.
LEAST = Decimal("0.50")
MOST = Decimal("99999999.99")


def kind_for(slot_starts_at: datetime, now: datetime) -> Literal["authorise", "save_card"]:
    """Authorise now for a slot within four days, else save the card."""
    return "authorise" if slot_starts_at - now <= AUTHORISE_WITHIN else "save_card"


def saved_card_due_at(slot_starts_at: datetime) -> datetime:
    """When a saved card is authorised: two days before the slot."""
    return slot_starts_at - AUTHORISE_SAVED_BEFORE


def page_closes_at(now: datetime, deadline: datetime | None) -> datetime:
    """When a page opened now can be paid no more."""
    longest = now + SESSION_LASTS
    return min(longest, max(deadline, now + SESSION_LASTS_AT_LEAST)) if deadline else longest


def is_payable(amount: Decimal) -> bool:
    """Whole cents, between what the provider takes at least and what we store at most."""
    return amount.is_finite() and LEAST <= amount <= MOST and amount == round(amount, 2)


def cents(amount: Decimal) -> int:
    """Decimal euros → integer cents, exactly."""
    scaled = amount * 100
    if scaled != int(scaled):
        raise ValueError("an amount has at most two decimals")
    return int(scaled)


def euros(amount_cents: int | None) -> Decimal:
    """Integer cents → Decimal euros."""
    return Decimal(amount_cents or 0).scaleb(-2)
