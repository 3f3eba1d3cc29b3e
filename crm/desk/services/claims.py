"""Calls about what customers report and no rule may answer by itself."""

from django.db import transaction

from crm.desk.models import Callback
from crm.desk.services.callbacks import ask_callback, drop_occasion
from shop.claims.models import Claim
from shop.claims.queries import claim_of

_REASONS = {
    Claim.Kind.DAMAGED: Callback.Reason.DAMAGED,
    Claim.Kind.MISSING: Callback.Reason.MISSING,
}


@transaction.atomic
def call_about_claim(*, claim_id: int) -> Callback | None:
    """Owe a call for a claim; None for one that nobody knows, or that was answered before. Again is once. At most seven
    queries.
    """
    claim = claim_of(claim_id)
    if claim is None or claim.state != Claim.State.TO_CALL:
        return None
    return ask_callback(
        occasion=claim.occasion,
        reason=_REASONS.get(Claim.Kind(claim.kind), Callback.Reason.OTHER),
        order_reference=claim.order.reference,
        customer_id=claim.order.customer_id,
    )


def no_call_about_claim(*, claim_id: int) -> None:
    """It has its answer: nobody calls for it any more. At most three queries."""
    if claim := claim_of(claim_id):
        drop_occasion(claim.occasion)
