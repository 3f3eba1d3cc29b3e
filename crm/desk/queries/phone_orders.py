"""What an agent has before their eyes while a customer is on the telephone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from crm.desk.models import PhoneOrder
from delivery.slots.models import Hold
from delivery.slots.queries import SlotDay, live_hold, slot_of_zone, upcoming_days
from delivery.zones.models import Zone
from delivery.zones.queries import zone_for_postcode
from shop.basket.models import Basket
from shop.basket.queries import Line, detailed_lines
from shop.catalogue.models import Product
from shop.checkout.models import ADDRESS_FIELDS, CheckoutDraft
from shop.checkout.services import Recap, recap_of
from shop.customers.models import Customer
from shop.customers.queries import addresses_of, customer_ids
from shop.orders.models import Order
from shop.orders.queries import PAYMENT_WAITS, last_delivery
from shop.search.queries import Card, suggestions

DAYS_OFFERED = 4


@dataclass(frozen=True, slots=True)
class OnThePhone:
    """A phone order with its basket, and what is settled of it."""

    phone_order: PhoneOrder
    basket: Basket
    draft: CheckoutDraft | None
    zone: Zone | None
    hold: Hold | None

    @property
    def usable_hold(self) -> Hold | None:
        """The place that is held, where it serves the address."""
        is_there = self.hold and self.zone and self.hold.slot.zone_id == self.zone.pk
        return self.hold if is_there else None

    def serves(self, slot_id: int) -> bool:
        """Whether a slot is one of the address's zone. One query."""
        return self.zone is not None and slot_of_zone(self.zone.pk, slot_id) is not None


def on_the_phone(phone_order: PhoneOrder) -> OnThePhone:
    """Four queries."""
    basket = Basket.objects.get(key=phone_order.basket_key)
    draft = CheckoutDraft.objects.filter(basket=basket).first()
    return OnThePhone(
        phone_order=phone_order,
        basket=basket,
        draft=draft,
        zone=zone_for_postcode(draft.postcode) if draft else None,
        hold=live_hold(str(basket.key)),
    )


def person_to_order_for(customer_id: int) -> Customer:
    """The customer, or whom a merged guest became, with their login. One query; raises Customer.DoesNotExist."""
    found = Customer.objects.select_related("user", "merged_into__user").get(pk=customer_id)
    return found.merged_into or found


def known_recipient(customer: Customer) -> dict[str, Any]:
    """Who and where, as the customer's usual address or last delivery says. Three queries at most."""
    usual = addresses_of(customer).first() or last_delivery(customer_ids(customer))
    who = {name: getattr(customer, name) for name in ("email", "first_name", "last_name", "phone")}
    return who | {name: getattr(usual, name) for name in ADDRESS_FIELDS} if usual else who


def is_for_adults(product_id: int) -> bool:
    """Whether its buyer must be of an age. One query."""
    return Product.objects.filter(pk=product_id, minimum_age__isnull=False).exists()


def payment_ends_at(order: Order) -> datetime:
    """Until when an order that nobody opened the payment of can be paid. No query: needs its slot."""
    return min(order.created_at + PAYMENT_WAITS, order.slot.cutoff_at)


def own_phone_order(phone_order_id: int, agent_id: int) -> PhoneOrder | None:
    """One that runs, of this agent. One query."""
    found = (
        PhoneOrder.objects.select_related("customer__user")
        .filter(pk=phone_order_id, agent=agent_id, ended_at=None)
        .first()
    )
    return found if found and found.is_running else None


def basket_left_by(customer: Customer) -> Basket | None:
    """The basket of the last order taken for them that nobody agreed to in time: to be gone on with. Two queries."""
    last = PhoneOrder.objects.filter(customer=customer).order_by("-pk").first()
    if last is None or not last.order_reference:
        return None
    return (
        Basket.objects.filter(key=last.basket_key, is_open=True)
        .exclude(
            Exists(Order.objects.filter(basket_key=OuterRef("key")).exclude(status=Order.Status.ABANDONED))
        )
        .first()
    )


def products_named(words: str, zone: Zone) -> list[Card]:
    """What the shop's own search suggests. Three queries."""
    return suggestions(words, zone.depot_id, zone.pk).cards


def phone_lines(call: OnThePhone) -> list[Line]:
    """What the basket holds, with its cards. Two queries; none before the address says from which shelves."""
    return detailed_lines(call.basket, call.zone.depot_id) if call.zone else []


def phone_recap(call: OnThePhone) -> Recap | None:
    """What it comes to, once a place is held. Four queries."""
    hold = call.usable_hold
    return recap_of(basket=call.basket, hold=hold, is_shown=False) if hold else None


def slot_days(call: OnThePhone) -> list[SlotDay]:
    """The next days on which the address is delivered. One query."""
    return upcoming_days(call.zone, days=DAYS_OFFERED, holder=str(call.basket.key)) if call.zone else []
