"""What becomes of an amendment that waited for its payment: paid, refused, given up, too late."""

from django.db import transaction
from django.utils import timezone

from delivery.slots import services as slots
from delivery.slots.queries import slot_of_zone
from shop.basket import services as baskets
from shop.basket.queries import sellable_products
from shop.orders.models import Amendment, Order
from shop.orders.services.books import Status, cutoff_has_come, live_amendment, locked
from shop.orders.services.carrying_out import carry_out, drop, give_money_back, tell_dropped
from shop.orders.services.proposals import Proposal, standing_of, thawed
from shop.orders.services.proposing import settled_lines
from shop.payments import services as payments
from shop.payments.queries import payment_state
from shop.pricing import services as promotions
from shop.stock import services as stock

State, Why = Amendment.State, Amendment.Why
_PREFIX = "amend-"


def amendment_id_of(occasion: str) -> int | None:
    """The amendment that a payment's occasion names; None for any other."""
    number = occasion.removeprefix(_PREFIX)
    return int(number) if occasion.startswith(_PREFIX) and number.isdecimal() else None


@transaction.atomic
def settle_paid(*, amendment_id: int) -> str:
    """Its difference is authorised: carry it out, all of it or nothing. Answers its state. Twice is once.

    What cannot be done any more (cut-off, picking, cancelled, changed meanwhile) is dropped, its money given back and
    its customer told. Locks the basket, the order, then as `amend_order` does.
    """
    order, amendment = _locked(amendment_id)
    if payment_state(order.reference, amendment.occasion) != "secured":
        return amendment.state
    if amendment.state == State.DROPPED:
        # Paid on a page that was being closed: nothing is owed for it.
        give_money_back(order, amendment)
        tell_dropped(order, amendment)
    if amendment.state != State.PREPARED:
        return amendment.state
    slot = slot_of_zone(order.zone_id, amendment.proposal["slot_id"])
    assert slot is not None  # noqa: S101 - its place is pinned, and slots are never deleted
    proposal = thawed(amendment.proposal, slot=slot, stands_on=amendment.stands_on)
    why = _obstacle(order, amendment, proposal)
    if why is None:
        try:
            with transaction.atomic():
                carry_out(order, amendment, proposal)
        except (slots.HoldLapsed, stock.StockShort, promotions.PromotionOver, payments.PaymentError):
            order, amendment = _locked(amendment_id)
            why = Why.CHANGED
    if why:
        drop(order, amendment, why)
    return amendment.state


def _locked(amendment_id: int) -> tuple[Order, Amendment]:
    """The order's lock is the amendment's. Three queries, four with a basket."""
    reference, key = Amendment.objects.values_list("order__reference", "proposal__basket_key").get(
        pk=amendment_id
    )
    if key:
        baskets.lock_by_key(key=key)
    order = locked(reference)
    return order, Amendment.objects.get(pk=amendment_id)


def _obstacle(order: Order, amendment: Amendment, proposal: Proposal) -> Amendment.Why | None:
    """Why the order cannot become what was agreed, looked at under its lock. Three queries."""
    if order.status in {Status.CANCELLED, Status.ABANDONED}:
        return Why.CANCELLED
    closes_at = min(order.slot.cutoff_at, proposal.slot.cutoff_at)
    if order.status != Status.PLACED or closes_at <= timezone.now():
        return Why.TOO_LATE
    lines = list(order.lines.all())
    if standing_of(order, lines) != amendment.stands_on:
        return Why.CHANGED
    # Asked about while its difference was paid: an answer must find the line as it was.
    if settled_lines(order, lines) & {line.line_id for line in proposal.changed}:
        return Why.CHANGED
    # Recalled or taken off sale while its difference was paid: nobody adds it to an order any more.
    if proposal.more_of.keys() - sellable_products(proposal.more_of).keys():
        return Why.CHANGED
    return None


@transaction.atomic
def settle_lapsed(*, amendment_id: int) -> str:
    """Its page closed unpaid: drop it. Old news where it is secured since. Answers its state."""
    order, amendment = _locked(amendment_id)
    is_over = payment_state(order.reference, amendment.occasion) in {"lapsed", "none"}
    if amendment.state == State.PREPARED and is_over:
        drop(order, amendment, Why.UNPAID)
    return amendment.state


def give_up_amendment(*, amendment_id: int, why: str) -> str:
    """Close its payment page, then drop it; paid after all, it is settled as paid. Answers its state, or "unknown".

    On "unknown" the provider did not answer: everything is kept until the cut-off, and asked again; then it is dropped
    all the same, and its release goes on asking. Outside any transaction.
    """
    amendment = Amendment.objects.select_related("order__slot").get(pk=amendment_id)
    if amendment.state != State.PREPARED:
        return amendment.state
    order = amendment.order
    outcome = payments.abandon(order_reference=order.reference, occasion=amendment.occasion)
    if outcome == "secured":
        return settle_paid(amendment_id=amendment_id)
    is_open = order.status == Status.PLACED and order.slot.cutoff_at > timezone.now()
    if outcome == "unknown" and is_open:
        return "unknown"
    return _drop_unpaid(amendment_id, Why(why))


@transaction.atomic
def _drop_unpaid(amendment_id: int, why: Amendment.Why) -> str:
    order, amendment = _locked(amendment_id)
    if amendment.state == State.PREPARED:
        drop(order, amendment, why)
    return amendment.state


def settle_overdue(*, reference: str) -> str:
    """`give_up_amendment` for an order whose amendment waited too long, or whose cut-off has come."""
    order = Order.objects.select_related("slot").get(reference=reference)
    amendment = live_amendment(order)
    if amendment is None:
        return "none"
    is_late = cutoff_has_come(order)
    return give_up_amendment(amendment_id=amendment.pk, why=Why.TOO_LATE if is_late else Why.UNPAID)
