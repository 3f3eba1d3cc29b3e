"""What an order says to referrals: whether somebody who was invited received their first one, and whose it looks like."""

from django.db import transaction

from loyalty.referrals import services as referrals
from loyalty.referrals.queries import awaited_sponsor
from shop.customers.models import Customer
from shop.customers.queries import customer_ids
from shop.orders.households import door_of, doors_of, references_of
from shop.orders.models import Order
from shop.orders.refunds import ledger_of
from shop.orders.services.books import Status, locked
from shop.payments.queries import captured, cards_used
from shop.payments.rules import cents
from shop.pricing.rules import NOTHING


@transaction.atomic
def tell_referral(*, reference: str) -> None:
    """Say it as it is now; again is the same. Two queries for whoever came by nobody's invitation, was rewarded or ordered
    too late.

    Addresses and cards are said as digests. What makes good for another order is none of its own. Locks the order, then
    sponsor and friend, vouchers and points; 50 queries at most.
    """
    order = Order.objects.select_related("customer").get(reference=reference)
    friend_id = order.customer.party_id
    sponsor_id = awaited_sponsor(friend_id, order.placed_at)
    if sponsor_id is None or order.makes_good_id is not None:
        return
    order = locked(reference)
    sponsor = customer_ids(Customer(pk=sponsor_id))
    billed, kept = _articles(order)
    referrals.tell_order(
        friend_id=friend_id,
        told=referrals.OrderTold(
            reference=reference,
            placed_at=order.placed_at,
            stands=order.stands,
            is_delivered=order.status == Status.DELIVERED,
            is_paid=captured(reference) is not None,
            billed_cents=billed,
            kept_cents=kept,
            address=door_of(order),
            cards=cards_used([reference]),
            sponsor_addresses=doors_of(sponsor),
            sponsor_cards=cards_used(references_of(sponsor)),
        ),
    )


def _articles(order: Order) -> tuple[int, int]:
    """Cents of articles on its bill, and of those that were not given back; nothing before there is one. Five queries."""
    ledger = ledger_of(order)
    if ledger is None:
        return 0, 0
    billed = sum((one.billed for one in ledger.charged.values()), NOTHING)
    kept = sum((max(one.billed - one.refunded, NOTHING) for one in ledger.charged.values()), NOTHING)
    return cents(billed), cents(kept)
