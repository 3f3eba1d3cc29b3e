from dataclasses import dataclass

from config.facts import fact


@fact("customers.GuestsMerged")
@dataclass(frozen=True, slots=True)
class GuestsMerged:
    """Guests turned out to be this customer: what is theirs is the customer's."""

    customer_id: int
    guest_ids: tuple[int, ...]
