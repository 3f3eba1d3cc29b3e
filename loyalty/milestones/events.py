from dataclasses import dataclass

from config.facts import fact


@fact("milestones.GiftAnnounced")
@dataclass(frozen=True, slots=True)
class GiftAnnounced:
    """A present goes with a customer's next order, and they may choose which."""

    customer_id: int
    due_id: int
