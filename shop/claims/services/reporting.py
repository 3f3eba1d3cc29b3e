"""A customer reports what came wrong, and is answered at once where the limits allow it; else somebody calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from shop.claims import queries, rules
from shop.claims.models import Claim, ClaimLine
from shop.claims.photos import pixels_hash
from shop.claims.queries import Claimable
from shop.claims.services.books import Answer, Event, Kind, count_in_promise, promise_call, record
from shop.claims.services.errors import NothingToClaim, NotReportable
from shop.claims.services.making_good import answer_refunded, answer_replaced, deliver_again, give_back
from shop.orders.models import Order, OrderLine
from shop.pricing.rules import NOTHING

Photo = Any


@dataclass(frozen=True, slots=True)
class Reported:
    """What came wrong: line → pieces, or all grams. ``slot_id`` where the same is wanted once more, in that slot;
    ``photo`` is a checked picture (config/pictures.py).
    """

    kind: str
    quantities: Mapping[int, int]
    slot_id: int | None = None
    photo: Photo = None


@transaction.atomic
def report(*, order_reference: str, key: UUID, reported: Reported) -> Claim:
    """Write a claim down and answer it: money back or the same once more within the limits in force, else a call
    within the hour. Under a key that is known it is the first claim, whatever is said now.

    Raises NotReportable, NothingToClaim, ValueError (of no line). Locks the order, then its customer's count of
    claims, then slot and stock (once more) or the payment account (money); its outcome in between. 59 queries where
    money goes back, 80 where it comes once more, however many lines.
    """
    if reported.kind not in {Kind.MISSING, Kind.DAMAGED, Kind.LIFE}:
        raise ValueError(reported.kind)
    order = queries.lock_order(order_reference)
    if known := Claim.objects.filter(order=order, key=key).first():
        return known
    if not queries.may_report(order):
        raise NotReportable(order_reference)
    chosen = _chosen(order, reported)
    why = _why_call(order, reported, chosen)
    claim = _written(order, key, reported, chosen)
    quantities = {one.line: quantity for one, quantity in chosen.items()}
    if why:
        promise_call(claim, why)
        # That it came damaged is known whoever answers, and is what a rule of promises calls for.
        if claim.kind == Kind.DAMAGED:
            count_in_promise(claim, quantities)
        return claim
    _answer(claim, quantities, reported.slot_id)
    return claim


def _chosen(order: Order, reported: Reported) -> dict[Claimable, int]:
    offered = {one.line.pk: one for one in queries.claimable(order)}
    chosen: dict[Claimable, int] = {}
    for pk, quantity in reported.quantities.items():
        one = offered.get(pk)
        if one is None or not 0 < quantity <= one.left:
            raise NothingToClaim(pk)
        if reported.kind == Kind.LIFE and one.line.minimum_life_days is None:
            raise NothingToClaim(pk)
        # What was weighed is reported as a whole: nobody weighs at home what was bruised.
        chosen[one] = one.left if one.line.is_weighed else quantity
    if not chosen:
        raise NothingToClaim(order.reference)
    return chosen


def _why_call(order: Order, reported: Reported, chosen: Mapping[Claimable, int]) -> str:
    """Counted while nobody else counts the claims of this customer. Five queries."""
    limits = queries.limits_in_force()
    party = order.customer.party_id
    queries.lock_claimant(party)
    now = timezone.now()
    told = rules.Told(
        kind=reported.kind,
        amount=_worth(chosen),
        rank=order.rank,
        before=queries.claims_by(party, now - timedelta(days=limits.days)).count(),
        age=now - queries.received_at(order),
        has_photo=reported.photo is not None,
        is_fresh=any(one.is_fresh for one in chosen),
    )
    return rules.why_call(told, limits)


def _worth(chosen: Mapping[Claimable, int]) -> Decimal:
    return sum((one.worth(quantity) for one, quantity in chosen.items()), NOTHING)


def _written(order: Order, key: UUID, reported: Reported, chosen: Mapping[Claimable, int]) -> Claim:
    claim = Claim(
        order=order,
        customer_id=order.customer_id,
        kind=reported.kind,
        key=key,
        wanted=Answer.REPLACEMENT if reported.slot_id else Answer.REFUND,
        amount=_worth(chosen),
    )
    keep(claim, reported.photo)
    ClaimLine.objects.bulk_create(
        ClaimLine(claim=claim, line=one.line, quantity=quantity) for one, quantity in chosen.items()
    )
    record(claim, Event.REPORTED)
    return claim


def keep(claim: Claim, photo: Photo) -> None:
    """Save a new claim with its photograph, if there is one; the file stays where the transaction is rolled back, and
    no row names it then. One INSERT.
    """
    if photo is not None:
        claim.photo_hash = pixels_hash(photo)
        claim.photo.save(photo.name, photo, save=False)
    claim.save()


def _answer(claim: Claim, quantities: Mapping[OrderLine, int], slot_id: int | None) -> None:
    again = deliver_again(claim, quantities, slot_id) if slot_id else None
    count_in_promise(claim, quantities)
    if again:
        answer_replaced(claim, again)
        return
    settle_money(claim, quantities)


def settle_money(claim: Claim, quantities: Mapping[OrderLine, int]) -> None:
    """Give back what was decided to be; where the money is not taken yet it is tried again, where it never can be,
    somebody calls.
    """
    given = give_back(claim, quantities)
    if given.refund:
        answer_refunded(claim, given.refund)
    elif given.is_later:
        if claim.answer != Answer.REFUND:
            claim.answer = Answer.REFUND
            claim.save(update_fields=["answer"])
            record(claim, Event.WAITS)
    else:
        promise_call(claim, rules.MONEY)
