from dataclasses import dataclass

from config.facts import fact


@fact("recalls.BuyerConcerned")
@dataclass(frozen=True, slots=True)
class BuyerConcerned:
    """An order holds a recalled product, or was to: its customer must hear of it."""

    recall_id: int
    order_reference: str
    customer_id: int
