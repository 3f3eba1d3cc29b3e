"""What every service of claims does: move, and write the history. Not called from other rooms."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from config.facts import publish
from delivery.promise import services as promises
from delivery.slots.rules import up_to_five_minutes
from shop.claims.events import CallbackDue, ClaimAnswered
from shop.claims.models import Claim, ClaimEvent
from shop.claims.ports import promised_call
from shop.claims.services.errors import ClaimMoved
from shop.orders.models import OrderLine
from shop.orders.promised import units_ordered

Kind, State, Answer, Event = Claim.Kind, Claim.State, Claim.Answer, ClaimEvent.Kind
_RECORDS: Mapping[str, Any] = {
    Kind.MISSING: promises.record_missing_told_later,
    Kind.DAMAGED: promises.record_damage,
    Kind.LIFE: promises.record_life_broken,
}


def locked(claim_id: int) -> Claim:
    """A claim, its row locked. Whoever changes an order's money too locks the order first. One query."""
    found = Claim.objects.select_for_update(of=("self",)).select_related("order__slot", "order__zone")
    return found.get(pk=claim_id)


def record(claim: Claim, kind: ClaimEvent.Kind, *, by_id: int | None = None, **data: Any) -> None:
    """One INSERT."""
    ClaimEvent.objects.create(claim=claim, kind=kind, by_id=by_id, data=data)


def move(claim: Claim, to: str, **fields: Any) -> None:
    """Raises ClaimMoved."""
    if to not in Claim.MOVES[claim.state]:
        raise ClaimMoved(f"{claim.state} → {to}")
    claim.state = to
    if to in {State.ANSWERED, State.CLOSED}:
        fields["ended_at"] = timezone.now()
    for name, value in fields.items():
        setattr(claim, name, value)
    claim.save(update_fields=["state", *fields])


def promise_call(claim: Claim, why: str) -> None:
    """Somebody calls within the hour. Three statements and the fact's."""
    move(claim, State.TO_CALL, why=why, call_by=up_to_five_minutes(promised_call(timezone.now())), answer="")
    record(claim, Event.TO_CALL, why=why)
    publish(
        CallbackDue(order_reference=claim.order.reference, customer_id=claim.customer_id, claim_id=claim.pk)
    )


def tell_answered(claim: Claim) -> None:
    publish(
        ClaimAnswered(claim_id=claim.pk, order_reference=claim.order.reference, customer_id=claim.customer_id)
    )


def count_in_promise(claim: Claim, quantities: Mapping[OrderLine, int]) -> None:
    """What was promised of this order is not what came: once for the claim, whatever its answer comes to.

    An order from before promises were kept has none. Locks the outcome; five statements and the fact's.
    """
    units = units_ordered((line.sold_by, quantity) for line, quantity in quantities.items())
    try:
        _RECORDS[claim.kind](order_reference=claim.order.reference, units=units, occasion=claim.occasion)
    except promises.PromiseRefused:
        # More than was ordered, all reports together, or an order that nobody promised: the money is not less due.
        return
