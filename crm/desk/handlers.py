from config.facts import handler
from crm.desk import services
from delivery.promise.events import CompensationGranted
from shop.claims.events import CallbackDue, ClaimAnswered


@handler(CompensationGranted, key="desk.call_back", lane="checkout")
def call_back(granted: CompensationGranted) -> None:
    """Within the hour of opening hours; carried out once somebody has called, or sees that nobody is to be."""
    if granted.remedy in services.CALLS:
        services.call_for_compensation(compensation_id=granted.compensation_id)


@handler(CallbackDue, key="desk.call_about_claim", lane="checkout")
def call_about_claim(due: CallbackDue) -> None:
    """What was reported and no rule may answer: the promise of a rule for the same order is the same call."""
    services.call_about_claim(claim_id=due.claim_id)


@handler(ClaimAnswered, key="desk.no_call_about_claim", lane="checkout")
def no_call_about_claim(answered: ClaimAnswered) -> None:
    """Answered on its own page, nobody is called for it on the telephone's."""
    services.no_call_about_claim(claim_id=answered.claim_id)
