from dataclasses import dataclass

from config.facts import fact


@fact("promise.OutcomeChanged")
@dataclass(frozen=True, slots=True)
class OutcomeChanged:
    """Something is known of an order that was not: what was promised, or what happened."""

    order_reference: str


@fact("promise.CompensationGranted")
@dataclass(frozen=True, slots=True)
class CompensationGranted:
    """A broken promise is made good for: whoever carries this remedy out does so, once for the compensation."""

    compensation_id: int
    order_reference: str
    customer_id: int
    remedy: str
    amount_cents: int
