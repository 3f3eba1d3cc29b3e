"""When money is asked for, how it is spread, and how it is written for the provider. Pure: no clock, no database."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

# A card authorisation lives 7 days, 4 days and 18 hours for a Visa that the customer is not there to use
# (docs.stripe.com/payments/place-a-hold-on-a-payment-method). Four days before the slot fits the first,
# two days the second, both with the day of delivery itself to spare.
AUTHORISATION_LASTS = timedelta(days=7)
SAVED_AUTHORISATION_LASTS = timedelta(days=4, hours=18)
AUTHORISE_WITHIN = timedelta(days=4)
AUTHORISE_SAVED_BEFORE = timedelta(days=2)
# One that would end before its capture is replaced a day ahead: time for its holder to be asked.
RENEW_BEFORE = timedelta(days=1)

# The provider wants 30 minutes at least from when it receives the request, which a retry under the same key may
# delay: three hours is also the longest a slot is held. Checkout closes pages that nobody needs any more.
SESSION_LASTS = timedelta(hours=3)
# No page outlives its slot's cut-off, but for the provider's 30 minutes and as much again for a retry.
SESSION_LASTS_AT_LEAST = timedelta(hours=1)
# Whose card it was is known no longer: thirteen months, as the privacy page says of all that is compared against abuse.
CARD_KNOWN = timedelta(days=395)
# Below this the provider refuses a card payment in euros.
LEAST = Decimal("0.50")
MOST = Decimal("99999999.99")


def kind_for(slot_starts_at: datetime, now: datetime) -> Literal["authorise", "save_card"]:
    """Authorise now for a slot within four days, else save the card."""
    return "authorise" if slot_starts_at - now <= AUTHORISE_WITHIN else "save_card"


def saved_card_due_at(slot_starts_at: datetime) -> datetime:
    """When a saved card is authorised: two days before the slot."""
    return slot_starts_at - AUTHORISE_SAVED_BEFORE


def authorisation_ends_at(asked_at: datetime, *, is_off_session: bool) -> datetime:
    """Until when an authorisation asked for at that instant stands, at the earliest."""
    return asked_at + (SAVED_AUTHORISATION_LASTS if is_off_session else AUTHORISATION_LASTS)


def page_closes_at(now: datetime, deadline: datetime | None) -> datetime:
    """When a page opened now can be paid no more."""
    longest = now + SESSION_LASTS
    return min(longest, max(deadline, now + SESSION_LASTS_AT_LEAST)) if deadline else longest


def is_payable(amount: Decimal) -> bool:
    """Whole cents, between what the provider takes at least and what we store at most."""
    return amount.is_finite() and LEAST <= amount <= MOST and amount == round(amount, 2)


def is_sum(amount: Decimal) -> bool:
    """A sum to take or to give back: more than nothing, in whole cents."""
    return amount.is_finite() and 0 < amount <= MOST and amount == round(amount, 2)


def spread(amount: Decimal, rooms: Sequence[Decimal], least: Decimal = Decimal(0)) -> list[Decimal]:
    """Fill the rooms in their order until the amount is placed; a part for each room, in euros.

    A part below ``least`` (which the provider refuses) takes what it lacks from those before it, or when these
    are too small goes wholly into the first room that holds it all. Raises ValueError when the rooms together
    are too small.
    """
    if amount > sum(rooms):
        raise ValueError("more than there is room for")
    parts, left = [], amount
    for room in rooms:
        parts.append(min(room, left))
        left -= parts[-1]
    last = max((place for place, part in enumerate(parts) if part), default=0)
    lacking = least - parts[last]
    if lacking <= 0 or last == 0 or rooms[last] < least:
        return parts
    for place in range(last - 1, -1, -1):
        given = min(lacking, max(parts[place] - least, Decimal(0)))
        parts[place] -= given
        parts[last] += given
        lacking -= given
    return parts if not lacking else _whole(amount, rooms) or parts


def _whole(amount: Decimal, rooms: Sequence[Decimal]) -> list[Decimal] | None:
    for place, room in enumerate(rooms):
        if room >= amount:
            return [amount if place == here else Decimal(0) for here in range(len(rooms))]
    return None


def cents(amount: Decimal) -> int:
    """Decimal euros → integer cents, exactly."""
    scaled = amount * 100
    if scaled != int(scaled):
        raise ValueError("an amount has at most two decimals")
    return int(scaled)


def euros(amount_cents: int | None) -> Decimal:
    """Integer cents → Decimal euros."""
    return Decimal(amount_cents or 0).scaleb(-2)
