"""A customer changes a placed order before its cut-off (ADR 23).

What costs no more than is authorised is done at once. For more, the wanted articles, the place and the promotions are
kept under the amendment's own name while its difference is paid, and the order stays as it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from delivery.slots import services as slots
from shop.basket import services as baskets
from shop.orders.models import Amendment, Order
from shop.orders.services.books import Status, cutoff_has_come, live_amendment, locked_of
from shop.orders.services.carrying_out import carry_out
from shop.orders.services.errors import (
    AmendmentUnderWay,
    MoveRefused,
    NothingChanges,
    PaymentFirst,
    ProposalChanged,
    SlotTooFar,
    TooLateToAmend,
)
from shop.orders.services.proposals import Proposal, Wishes, frozen
from shop.orders.services.proposing import propose
from shop.payments import services as payments
from shop.payments.queries import capturable, extras_stand_until, payment_state
from shop.payments.rules import AUTHORISATION_LASTS, LEAST, RENEW_BEFORE
from shop.pricing import services as promotions
from shop.pricing.queries import drawn_by
from shop.stock import services as stock

# How long a difference may be paid before the amendment gives back what it keeps.
AMENDMENT_WAITS = timedelta(minutes=30)
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the customer saw when they confirmed: the sums in euros, and which state of the order they change."""

    total: Decimal
    most: Decimal
    stands_on: str


@transaction.atomic
def amend_order(*, reference: str, customer_ids: Sequence[int], wishes: Wishes, seen: Seen) -> Amendment:
    """Change a customer's own order, or prepare the payment of what it costs more. The same wishes twice are once.

    The amendment's state tells which: applied, or prepared, and then its page is to be opened. Raises
    Order.DoesNotExist, TooLateToAmend, PaymentFirst, AmendmentUnderWay (another one waits for its payment: give it up
    first), ProposalChanged, NothingChanges, SlotTooFar and all that `propose` does; slots.SlotFull, slots.SlotClosed,
    stock.StockShort, pricing.PromotionOver, and what `payments.change_amount_due` and `prepare_payment` raise. Then
    nothing is changed. Locks the basket whose lines are added, the order, slots, stock, promotions, then the account.
    """
    if wishes.basket_key:
        baskets.lock_by_key(key=wishes.basket_key)
    order = locked_of(Order.objects.filter(reference=reference, customer_id__in=customer_ids))
    state = must_be_amendable(order)
    proposal = propose(order, wishes)
    if live := live_amendment(order):
        if live.mark != proposal.mark:
            raise AmendmentUnderWay(live.pk)
        return live
    if done := _done_already(order, proposal, seen):
        return done
    if not proposal.changes_anything:
        raise NothingChanges
    if seen != Seen(proposal.totals.total, proposal.most, proposal.stands_on):
        raise ProposalChanged
    extra = extra_of(order, proposal, payment=state)
    amendment = _note(order, proposal, extra)
    if extra:
        _set_aside(order, amendment, proposal)
    else:
        carry_out(order, amendment, proposal, is_card_saved=state == "card_saved")
    return amendment


def _done_already(order: Order, proposal: Proposal, seen: Seen) -> Amendment | None:
    """The button was pressed twice: the first press did what the second one wants. One query at most."""
    if proposal.stands_on == seen.stands_on:
        return None
    done = order.amendments.filter(state=Amendment.State.APPLIED, stands_on=seen.stands_on)
    return done.filter(total_after=seen.total).first()


def must_be_amendable(order: Order) -> str:
    """How it is paid: "secured" or "card_saved". Raises TooLateToAmend, MoveRefused, PaymentFirst. One query."""
    if order.status == Status.PICKING or (order.status == Status.PLACED and cutoff_has_come(order)):
        raise TooLateToAmend(order.reference)
    # What makes a delivery good, free of charge, is that delivery and nothing else.
    if order.status != Status.PLACED or order.makes_good_id:
        raise MoveRefused(order.status)
    state = payment_state(order.reference)
    if order.payment_needed_at or state not in {"secured", "card_saved"}:
        raise PaymentFirst(order.reference)
    return state


def extra_of(order: Order, proposal: Proposal, *, payment: str) -> Decimal:
    """What must be authorised besides, at least what a card payment takes; nothing where a saved card will be charged,
    or enough is authorised. ``payment`` as `must_be_amendable` says. Raises SlotTooFar. Two queries.
    """
    if payment == "card_saved":
        return NOTHING
    lacking = proposal.most - capturable(order.reference)
    extra = max(LEAST, lacking) if lacking > 0 else NOTHING
    until = _extras_until(order, bool(extra))
    if until and proposal.is_slot_new and proposal.slot.starts_at > until - RENEW_BEFORE:
        raise SlotTooFar(proposal.slot.pk)
    return extra


def _extras_until(order: Order, is_new: bool) -> datetime | None:
    """An extra payment is for a card of the moment, which nobody can charge anew."""
    ends = [extras_stand_until(order.reference), timezone.now() + AUTHORISATION_LASTS if is_new else None]
    return min((at for at in ends if at), default=None)


def _note(order: Order, proposal: Proposal, extra: Decimal) -> Amendment:
    until = min(timezone.now() + AMENDMENT_WAITS, order.slot.cutoff_at, proposal.slot.cutoff_at)
    return Amendment.objects.create(
        order=order,
        proposal=frozen(proposal),
        stands_on=proposal.stands_on,
        mark=proposal.mark,
        total_before=order.total,
        total_after=proposal.totals.total,
        extra=extra,
        expires_at=until,
    )


def _set_aside(order: Order, amendment: Amendment, proposal: Proposal) -> None:
    """Nobody else takes what the customer is paying for. 25 queries at most."""
    if proposal.is_slot_new:
        slots.hold_slot(slot_id=proposal.slot.pk, holder=amendment.occasion)
        slots.pin_hold(holder=amendment.occasion, order_reference=amendment.occasion)
    if proposal.more_of:
        stock.take_stock(
            order_reference=amendment.occasion, depot_id=order.depot_id, quantities=proposal.more_of
        )
    promotions.spend(order_reference=amendment.occasion, amounts=_more_drawn(order, proposal))
    payments.prepare_payment(
        order_reference=order.reference,
        customer_id=order.customer_id,
        amount=amendment.extra,
        slot_starts_at=order.slot.starts_at,
        occasion=amendment.occasion,
    )


def _more_drawn(order: Order, proposal: Proposal) -> dict[int, Decimal]:
    """Promotion → what it gives besides what the order has of it. One query."""
    drawn = drawn_by(order.reference)
    more = {pk: amount - drawn.get(pk, NOTHING) for pk, amount in proposal.totals.promotions.items()}
    return {pk: amount for pk, amount in more.items() if amount > 0}


def payment_of(amendment: Amendment) -> str:
    """The key of the page to send the customer to. Raises what payments.prepare_payment raises."""
    order = amendment.order
    with transaction.atomic():
        return payments.prepare_payment(
            order_reference=order.reference,
            customer_id=order.customer_id,
            amount=amendment.extra,
            slot_starts_at=order.slot.starts_at,
            occasion=amendment.occasion,
        ).key
