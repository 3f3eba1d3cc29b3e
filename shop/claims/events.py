from dataclasses import dataclass

from config.facts import fact


@fact("claims.ClaimAnswered")
@dataclass(frozen=True, slots=True)
class ClaimAnswered:
    """A report has its answer, by rule or by staff: whoever reported it must hear."""

    claim_id: int
    order_reference: str
    customer_id: int


@fact("claims.CallbackDue")
@dataclass(frozen=True, slots=True)
class CallbackDue:
    """Its customer was promised a call, by ``call_by`` of the claim."""

    order_reference: str
    customer_id: int
    claim_id: int


@fact("claims.NotMineReported")
@dataclass(frozen=True, slots=True)
class NotMineReported:
    """A customer has what was somebody else's: that order is to be found."""

    claim_id: int


@fact("claims.RobbedOrderRepaired")
@dataclass(frozen=True, slots=True)
class RobbedOrderRepaired:
    """What went to another household is made good for, unasked; the claim is the repaired order's own."""

    claim_id: int
    order_reference: str
    customer_id: int
