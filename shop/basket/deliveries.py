"""What a delivery would cost a basket at each hour: the slot's price, unless the zone or a promotion offers it."""

from decimal import Decimal

from django.urls import reverse

from delivery.slots.queries import SlotCell, SlotDay
from delivery.zones.models import Zone
from shop.pricing.book import PromotionBook
from shop.pricing.queries import facts_at
from shop.pricing.rules import NOTHING, delivery_fee


def priced_for(days: list[SlotDay], *, zone: Zone, book: PromotionBook, goods: Decimal) -> list[SlotDay]:
    """The same slots at what a basket of this worth (euros, after promotions) pays for each. No query.

    ``offered_from`` is the amount of a promotion that this basket has still to reach, where it is below the zone's.
    """
    return [{**day, "slots": [_priced(cell, zone, book, goods) for cell in day["slots"]]} for day in days]


def _priced(cell: SlotCell, zone: Zone, book: PromotionBook, goods: Decimal) -> SlotCell:
    usual = zone.free_delivery_from
    offered_from = book.offered_from(usual, facts_at(cell["starts_at"], zone.pk), fee=cell["price"])
    fee = delivery_fee(goods, cell["price"], offered_from)
    still_to_reach = fee and offered_from < usual
    return {**cell, "price": fee, "offered_from": offered_from if still_to_reach else NOTHING}


def with_waitlist(days: list[SlotDay], *, back: str, postcode: str = "") -> list[SlotDay]:
    """The same slots, each full one with where to ask for a place. No query.

    ``back`` is the page that shows them, ``postcode`` what it shows them for.
    """
    query = {"suite": back, "code_postal": postcode}
    return [{**day, "slots": [_waitable(cell, query) for cell in day["slots"]]} for day in days]


def _waitable(cell: SlotCell, query: dict[str, str]) -> SlotCell:
    if cell["wait"] or cell["is_held"] or not cell["may_wait"]:
        return cell
    return {**cell, "waitlist_url": reverse("wait_for_slot", args=[cell["id"]], query=query)}
