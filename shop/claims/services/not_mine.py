"""Somebody received what was another household's: they keep it, and the order that lacks it is found and made good for."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from config.facts import publish
from shop.claims import queries
from shop.claims.events import NotMineReported, RobbedOrderRepaired
from shop.claims.models import Claim, ClaimLine
from shop.claims.queries import Claimable
from shop.claims.rules import MOST_REPAIRED
from shop.claims.services.books import (
    Answer,
    Event,
    Kind,
    State,
    count_in_promise,
    locked,
    move,
    record,
    tell_answered,
)
from shop.claims.services.errors import ClaimMoved, NotACandidate, NotReportable
from shop.claims.services.reporting import keep, settle_money
from shop.orders.models import OrderLine
from shop.pricing.rules import NOTHING

Search = Claim.Search


@dataclass(frozen=True, slots=True)
class Received:
    """What somebody received, in words, and the product where it was found; how many of it; a checked picture."""

    words: str
    product_id: int | None = None
    units: int = 1
    photo: Any = None


@transaction.atomic
def report_not_mine(*, order_reference: str, key: UUID, received: Received) -> Claim:
    """Write down what was not theirs: they keep it, nothing is charged for it, and whose it was is looked for next.

    Under a key that is known it is the first claim. Raises NotReportable, ValueError (neither words nor product).
    Locks the order; 13 queries, the facts' among them.
    """
    if not received.words.strip() or received.units < 1:
        raise ValueError(received.words)
    order = queries.lock_order(order_reference)
    if known := Claim.objects.filter(order=order, key=key).first():
        return known
    if not queries.may_report(order):
        raise NotReportable(order_reference)
    claim = Claim(
        order=order, customer_id=order.customer_id, kind=Kind.NOT_MINE, key=key, words=received.words.strip()[:200],
        product_id=received.product_id, units=received.units, search=Search.DUE,
    )  # fmt: skip
    keep(claim, received.photo)
    record(claim, Event.REPORTED)
    move(claim, State.ANSWERED, answer=Answer.KEPT)
    record(claim, Event.KEPT)
    publish(NotMineReported(claim_id=claim.pk))
    tell_answered(claim)
    return claim


def find_robbed(*, claim_id: int) -> Claim | None:
    """Whose article it was: where one order alone of the same van or slot lacks it, that one is repaired unasked, else
    staff look at the candidates. The repair; again changes nothing.

    Eight queries, and those of `repair`.
    """
    claim = queries.told(claim_id)
    if claim.search != Search.DUE:
        return None
    if line := _surely_of(claim):
        try:
            return repair(claim_id=claim_id, line_id=line.pk)
        except NotACandidate:
            # Reported or given back meanwhile: staff see what is left.
            pass
    _hand_over(claim_id=claim_id)
    return None


def _surely_of(claim: Claim) -> OrderLine | None:
    """The line of the one order that may lack it. Who tells of a whole crate, or of what is dear, is believed too; but
    by somebody who looks. Five queries.
    """
    if not claim.product_id or queries.not_mine_before(claim) >= MOST_REPAIRED:
        return None
    line = queries.only_near(claim)
    if line is None or (line.billed or NOTHING) > queries.limits_in_force().most(line.order.rank):
        return None
    return line


@transaction.atomic
def _hand_over(*, claim_id: int) -> None:
    claim = locked(claim_id)
    if claim.search == Search.DUE:
        _searched(claim, Search.STAFF, Event.SEARCHED)


def _searched(claim: Claim, to: str, event: Any, *, by_id: int | None = None, **data: Any) -> None:
    claim.search = to
    claim.save(update_fields=["search"])
    record(claim, event, by_id=by_id, **data)


@transaction.atomic
def repair(*, claim_id: int, line_id: int, by_id: int | None = None) -> Claim:
    """Make good for the order that was robbed of what ``claim_id`` tells: its line goes back, counts as missing, and
    its customer is told. The repair is a claim of that order, one for the report.

    Raises ClaimMoved, NotACandidate. Locks the robbed order, then the report, then outcome and account; 61 queries.
    """
    reference = queries.order_of_line(line_id)
    if reference is None:
        raise NotACandidate(line_id)
    order = queries.lock_order(reference)
    report = locked(claim_id)
    if report.kind != Kind.NOT_MINE or report.search not in {Search.DUE, Search.STAFF}:
        raise ClaimMoved(claim_id)
    of_line = _still(report, line_id, {one.line.pk: one for one in queries.claimable(order)})
    quantity = of_line.left if of_line.line.is_weighed else min(of_line.left, report.units)
    claim = Claim.objects.create(
        order=order, customer_id=order.customer_id, kind=Kind.MISSING, amount=of_line.worth(quantity),
        told_by=report,
    )  # fmt: skip
    ClaimLine.objects.create(claim=claim, line=of_line.line, quantity=quantity)
    record(claim, Event.FOUND, by_id=by_id)
    _searched(report, Search.REPAIRED, Event.REPAIRED, by_id=by_id, line=line_id)
    quantities = {of_line.line: quantity}
    count_in_promise(claim, quantities)
    settle_money(claim, quantities)
    publish(
        RobbedOrderRepaired(claim_id=claim.pk, order_reference=order.reference, customer_id=order.customer_id)
    )
    return claim


def _still(report: Claim, line_id: int, offered: dict[int, Claimable]) -> Claimable:
    candidates = {one.line.pk for one in queries.candidates(report)}
    if line_id not in candidates or line_id not in offered:
        raise NotACandidate(line_id)
    return offered[line_id]


@transaction.atomic
def give_up_search(*, claim_id: int, by_id: int) -> Claim:
    """Nobody knows whose it was. Raises ClaimMoved. Locks the claim; three statements."""
    claim = locked(claim_id)
    if claim.search != Search.STAFF:
        raise ClaimMoved(claim_id)
    _searched(claim, Search.NOBODY, Event.NOBODY, by_id=by_id)
    return claim
