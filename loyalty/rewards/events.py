from dataclasses import dataclass

from config.facts import fact


@fact("rewards.PresentDue")
@dataclass(frozen=True, slots=True)
class PresentDue:
    """Something waits for this customer: an order that is not prepared yet may take it along."""

    customer_id: int
