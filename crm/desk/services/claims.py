"""Calls about what customers report and no rule may answer by itself."""

from django.db import transaction

from crm.desk.models import Callback
from crm.desk.services.callbacks import ask_callback
from shop.claims.models import Claim
from shop.claims.queries import claim_of

_REASONS = {
    Claim.Kind.DAMAGED: Callback.Reason.DAMAGED,
    Claim.Kind.MISSING: Callback.Reason.MISSING,
    Claim.Kind.NOT_MINE: Callback.Reason.NOT_MINE,
}


@transaction.atomic
def call_about_claim(*, claim_id: int) -> Callback | None:
    """Owe a call for a claim; None for one that nobody knows. Again is once. At most seven queries."""
    claim = claim_of(claim_id)
    if claim is None:
        return None
    return ask_callback(
        occasion=f"claim-{claim.pk}",
        reason=_REASONS.get(Claim.Kind(claim.kind), Callback.Reason.OTHER),
        order_reference=claim.order.reference,
        customer_id=claim.order.customer_id,
    )
