"""Staff answer what no limit answered; what waited for its money goes on by itself."""

from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from shop.claims import queries, rules
from shop.claims.models import Claim
from shop.claims.services.books import (
    Answer,
    Event,
    Kind,
    State,
    count_in_promise,
    locked,
    move,
    promise_call,
    record,
    tell_answered,
)
from shop.claims.services.errors import ClaimMoved, NoReplacement, NotGivenBack
from shop.claims.services.making_good import answer_refunded, answer_replaced, deliver_again, give_back
from shop.claims.services.reporting import settle_money
from shop.orders.models import OrderLine

# Money that could not be taken for so long asks for a person.
MONEY_WAITS = timedelta(hours=1)
PHOTOS_KEPT = timedelta(days=180)


@transaction.atomic
def answer_with_refund(*, claim_id: int, by_id: int, said: str = "") -> Claim:
    """Raises ClaimMoved, NotGivenBack. Locks the order, then the claim, outcome, account; 43 queries."""
    claim = _to_call(claim_id)
    quantities = _quantities(claim)
    if claim.kind != Kind.DAMAGED:
        count_in_promise(claim, quantities)
    given = give_back(claim, quantities, by_id=by_id)
    if given.refund is None:
        raise NotGivenBack(claim_id)
    answer_refunded(claim, given.refund, by_id=by_id, said=said)
    return claim


@transaction.atomic
def answer_with_replacement(*, claim_id: int, slot_id: int, by_id: int, said: str = "") -> Claim:
    """Raises ClaimMoved, NoReplacement. Locks the order, then the claim, slot, stock, outcome; 65 queries."""
    claim = _to_call(claim_id)
    quantities = _quantities(claim)
    again = deliver_again(claim, quantities, slot_id, by_id=by_id)
    if again is None:
        raise NoReplacement(claim_id)
    if claim.kind != Kind.DAMAGED:
        count_in_promise(claim, quantities)
    answer_replaced(claim, again, by_id=by_id, said=said)
    return claim


@transaction.atomic
def close_claim(*, claim_id: int, answer: str, by_id: int, said: str) -> Claim:
    """Settled on the telephone without money, or refused: always in words to the customer.

    Raises ClaimMoved, ValueError (another answer, or no words). Locks the order, then the claim; ten queries.
    """
    if answer not in {Answer.CALLED, Answer.REFUSED} or not said.strip():
        raise ValueError(answer)
    claim = _to_call(claim_id)
    move(claim, State.CLOSED, answer=answer, by_id=by_id, said=said.strip())
    record(claim, Event.CALLED if answer == Answer.CALLED else Event.REFUSED, by_id=by_id)
    tell_answered(claim)
    return claim


def _to_call(claim_id: int) -> Claim:
    """Its order is locked first, as whoever reports does. Four queries."""
    claim = _of_order(claim_id)
    if claim.state != State.TO_CALL:
        raise ClaimMoved(claim_id)
    return claim


def _of_order(claim_id: int) -> Claim:
    queries.lock_order(Claim.objects.values_list("order__reference", flat=True).get(pk=claim_id))
    return locked(claim_id)


def _quantities(claim: Claim) -> Mapping[OrderLine, int]:
    return {one.line: one.quantity for one in claim.lines.select_related("line")}


@transaction.atomic
def carry_on(*, claim_id: int) -> bool:
    """Give back what was decided and could not be then; an hour later somebody calls. Whether it is done.

    Locks the order, then the claim and the account; 30 queries.
    """
    claim = _of_order(claim_id)
    if claim.state != State.RECEIVED:
        return False
    settle_money(claim, _quantities(claim))
    if claim.state == State.RECEIVED and claim.created_at < timezone.now() - MONEY_WAITS:
        promise_call(claim, rules.MONEY)
    return claim.state != State.RECEIVED


def forget_photos(*, limit: int = 200) -> int:
    """Photographs of half a year ago go; how many. The row names each until its file is gone. Two queries, one each."""
    old = queries.with_old_photo(timezone.now() - PHOTOS_KEPT, limit)
    for claim in old:
        claim.photo.delete(save=False)
    return Claim.objects.filter(pk__in=[claim.pk for claim in old]).update(photo="")
