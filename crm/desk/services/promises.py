"""Calls that make up for a broken promise: owed by a rule, carried out once somebody has called."""

from django.db import transaction

from crm.desk.models import Callback
from crm.desk.services.callbacks import ask_callback
from delivery.promise.models import RuleVersion
from delivery.promise.queries import compensation

# What `config/wiring.py` tells promises that the desk carries out.
CALLS = frozenset({RuleVersion.Remedy.CALL.value})
_REASONS = {
    RuleVersion.Trigger.DAMAGED: Callback.Reason.DAMAGED,
    RuleVersion.Trigger.INCOMPLETE: Callback.Reason.MISSING,
    RuleVersion.Trigger.LATE: Callback.Reason.LATE,
}


@transaction.atomic
def call_for_compensation(*, compensation_id: int) -> Callback | None:
    """Owe a call for a granted compensation; None for one that nobody knows. Again is once. At most
    seven queries.
    """
    given = compensation(compensation_id)
    if given is None:
        return None
    return ask_callback(
        occasion=given.occasion,
        reason=_REASONS.get(RuleVersion.Trigger(given.version.trigger), Callback.Reason.OTHER),
        order_reference=given.order_reference,
        customer_id=given.customer_id,
    )
