"""An order taken by telephone: a basket of its own, and a link by which its customer alone agrees and pays.

The agent never is the customer: no session, account, card or consent of theirs is within reach of these functions
(ADR 27). Lock order: the phone order, the basket, then what checkout locks.
"""

from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from crm.desk.models import PhoneOrder, PhoneOrderEvent
from crm.desk.queries.phone_orders import (
    OnThePhone,
    basket_left_by,
    is_for_adults,
    known_recipient,
    on_the_phone,
    payment_ends_at,
    person_to_order_for,
)
from crm.outbox.services import queue_message
from delivery.slots import services as slots
from delivery.zones.queries import zone_for_postcode
from shop.basket import services as baskets
from shop.basket.models import Basket
from shop.checkout import services as checkout
from shop.checkout.models import CheckoutDraft
from shop.customers.models import Customer
from shop.orders.models import Order
from shop.orders.queries import letter_context

End, Kind = PhoneOrder.End, PhoneOrderEvent.Kind


class StaffAccount(Exception):
    """Nobody orders for a colleague: their account opens more than a shop."""


class NotRunning(Exception):
    """It was ended, its hour is over, or it is another agent's."""


class AdultsOnly(Exception):
    """Its buyer declares their age themselves, online: nobody does by telephone for them."""


class Incomplete(Exception):
    """``what`` is missing still: "address", "slot", "articles"; or "changed", where the basket wants another look."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


@transaction.atomic
def start_phone_order(*, agent_id: int, customer_id: int) -> PhoneOrder:
    """Begin to order for a customer, for an hour. The one that runs for them already is gone on with; one for
    somebody else ends. What nobody agreed to in time last time is there again.

    Locks the agent's running one; nine queries, and two for a known address. Raises StaffAccount,
    Customer.DoesNotExist.
    """
    customer = person_to_order_for(customer_id)
    if customer.user and (customer.user.is_staff or customer.user.is_superuser):
        raise StaffAccount
    now = timezone.now()
    running = PhoneOrder.objects.select_for_update().filter(agent=agent_id, ended_at=None).first()
    if running and running.is_running and running.customer_id == customer.pk:
        return running
    if running:
        _end(running, End.LEFT if running.is_running else End.LAPSED)
    left = basket_left_by(customer)
    basket = left or baskets.obtain_basket(key=None, customer_id=None)
    try:
        with transaction.atomic():
            started = PhoneOrder.objects.create(
                agent_id=agent_id, customer=customer, basket_key=basket.key, started_at=now,
                ends_at=now + PhoneOrder.LASTS,
            )  # fmt: skip
    except IntegrityError as twice:  # The button was pressed twice: the first one made it.
        raise NotRunning from twice
    _trace(started, Kind.STARTED)
    if left is None:
        _keep_known_recipient(basket, customer)
    return started


def _keep_known_recipient(basket: Basket, customer: Customer) -> None:
    draft = CheckoutDraft(basket=basket, **known_recipient(customer))
    if draft.is_complete:
        checkout.keep_draft(draft=draft)


@transaction.atomic
def set_phone_line(*, phone_order_id: int, agent_id: int, product_id: int, quantity: int) -> None:
    """Put so much of a product in the basket, in pieces or grams; 0 takes it out. Locks as the basket does.

    Raises NotRunning, AdultsOnly, baskets.UnknownProduct, baskets.QuantityRefused, baskets.BasketFull.
    """
    call = _running(phone_order_id, agent_id)
    if quantity and is_for_adults(product_id):
        raise AdultsOnly
    baskets.set_line(basket=call.basket, product_id=product_id, quantity=quantity)
    _trace(call.phone_order, Kind.LINE, product=product_id, quantity=quantity)


@transaction.atomic
def keep_phone_recipient(*, phone_order_id: int, agent_id: int, draft: CheckoutDraft) -> None:
    """Who receives it, and where; a slot of another zone is let go. Nothing of the customer's account changes.

    Raises NotRunning, slots.HoldPinned.
    """
    call = _running(phone_order_id, agent_id)
    draft.basket, draft.email = call.basket, call.phone_order.customer.email
    checkout.keep_draft(draft=draft)
    baskets.note_place(basket=call.basket, postcode=draft.postcode)
    zone = zone_for_postcode(draft.postcode)
    if zone is not None:
        baskets.let_go_elsewhere(basket=call.basket, zone_id=zone.pk)
    _trace(call.phone_order, Kind.ADDRESS, zone=zone.pk if zone else None)


@transaction.atomic
def hold_phone_slot(*, phone_order_id: int, agent_id: int, slot_id: int) -> None:
    """Keep a place of the address's own zone. Raises NotRunning, Incomplete, and what slots.hold_slot raises."""
    call = _running(phone_order_id, agent_id)
    if call.zone is None or not call.serves(slot_id):
        raise Incomplete("address")
    slots.hold_slot(slot_id=slot_id, holder=str(call.basket.key))
    _trace(call.phone_order, Kind.SLOT, slot=slot_id)


@transaction.atomic
def send_phone_order(*, phone_order_id: int, agent_id: int, seen_total: Decimal) -> Order:
    """Make the order, unpaid, and send its customer the link by which they agree to it and pay.

    Until then nothing is bought: unpaid after half an hour it is abandoned, as any order is, and the basket is there
    again. Raises NotRunning, Incomplete, and what checkout.submit raises; then nothing is left behind.
    """
    call = _running(phone_order_id, agent_id)
    hold = call.usable_hold
    if call.draft is None or not call.draft.is_complete:
        raise Incomplete("address")
    if hold is None:
        raise Incomplete("slot")
    customer = call.phone_order.customer
    recap = checkout.recap_of(basket=call.basket, hold=hold, is_shown=False, customer=customer)
    if not recap.articles:
        raise Incomplete("articles")
    if recap.has_changes:
        raise Incomplete("changed")
    if recap.minimum_age:
        raise AdultsOnly
    order, _key = checkout.submit(
        basket=call.basket, draft=call.draft, recap=recap, customer=customer,
        agreed=checkout.Agreed(seen_total=seen_total, shortage_choice=customer.shortage_choice),
    )  # fmt: skip
    _trace(call.phone_order, Kind.SENT, order=order.reference)
    call.phone_order.order_reference = order.reference
    _end(call.phone_order, End.SENT)
    _write_link(order)
    return order


def _write_link(order: Order) -> None:
    context: dict[str, Any] = letter_context(order.reference)
    queue_message(
        purpose="order_to_agree",
        occasion=order.reference,
        recipient=order.email,
        customer_id=order.customer_id,
        template="order_to_agree",
        context=context | {"agree_by": payment_ends_at(order)},
    )


@transaction.atomic
def end_phone_order(*, phone_order_id: int, agent_id: int) -> None:
    """Stop; the place that was held is free again. Ended already, nothing changes."""
    phone_order = PhoneOrder.objects.select_for_update().get(pk=phone_order_id, agent=agent_id)
    if phone_order.ended_at is None:
        _end(phone_order, End.LEFT if phone_order.is_running else End.LAPSED)


@transaction.atomic
def end_lapsed_phone_orders() -> int:
    """Say of those whose hour is over that they ended, whether or not anybody came back to them; how many."""
    lapsed = PhoneOrder.objects.filter(ended_at=None, ends_at__lte=timezone.now())
    over = list(lapsed.select_for_update(skip_locked=True).order_by("pk")[:100])
    for phone_order in over:
        _end(phone_order, End.LAPSED)
    return len(over)


def _running(phone_order_id: int, agent_id: int) -> OnThePhone:
    """Locks it, so that two tabs do one thing after the other."""
    phone_order = (
        PhoneOrder.objects.select_for_update(of=("self",))
        .select_related("customer")
        .filter(pk=phone_order_id, agent=agent_id)
        .first()
    )
    if phone_order is None or not phone_order.is_running:
        raise NotRunning
    return on_the_phone(phone_order)


def _end(phone_order: PhoneOrder, how: str) -> None:
    phone_order.ended_at, phone_order.end = timezone.now(), how
    phone_order.save(update_fields=["ended_at", "end", "order_reference"])
    _trace(phone_order, Kind.ENDED, how=how)
    if how != End.SENT:
        slots.release_hold(holder=str(phone_order.basket_key))


def _trace(phone_order: PhoneOrder, kind: str, **data: Any) -> None:
    PhoneOrderEvent.objects.create(phone_order=phone_order, kind=kind, data=data)
