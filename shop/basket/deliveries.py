"""The slots as a basket sees them: what each would cost it, how much of it each can serve, where to wait for one."""

from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from delivery.promise.queries import on_time_shares
from delivery.slots.queries import SlotCell, SlotDay, upcoming_days
from delivery.zones.models import Zone
from shop.basket.servings import with_servings
from shop.basket.shopper import Shopper
from shop.pricing.book import PromotionBook
from shop.pricing.queries import facts_at
from shop.pricing.rules import NOTHING, delivery_fee


def grid_for(shopper: Shopper, zone: Zone, *, back: str, postcode: str = "") -> dict[str, Any]:
    """What components/slot_grid.html and basket/_servings.html need of a zone's slots: ``days`` and ``servings``.

    ``back`` is the page that shows them, ``postcode`` what it shows them for. One query, one more for a basket where
    another depot than its own serves the zone, one where its zone's rate is not known yet.
    """
    holder = str(shopper.basket.key) if shopper.basket else None
    days = priced_for(
        upcoming_days(zone, holder=holder, customer_id=shopper.customer_id),
        zone=zone,
        book=shopper.offers_in(zone),
        goods=shopper.basket_total,
    )
    days = with_rate(days, on_time_shares(timezone.now()).get(zone.pk))
    days, servings = with_servings(days, shopper.lacking_in(zone), shopper.basket_count)
    return {"days": with_waitlist(days, back=back, postcode=postcode), "servings": servings}


def priced_for(days: list[SlotDay], *, zone: Zone, book: PromotionBook, goods: Decimal) -> list[SlotDay]:
    """The same slots at what a basket of this worth (euros, after promotions) pays for each. No query.

    ``offered_from`` is the amount of a promotion that this basket has still to reach, where it is below the zone's.
    """
    return [{**day, "slots": [_priced(cell, zone, book, goods) for cell in day["slots"]]} for day in days]


def with_rate(days: list[SlotDay], on_time: int | None) -> list[SlotDay]:
    """The same slots, each with how often its zone is on time, of a hundred; nothing where too few orders tell. No query."""
    if on_time is None:
        return days
    said = _("%(share)d\u202f%% à l’heure") % {"share": on_time}
    return [{**day, "slots": [{**cell, "on_time": said} for cell in day["slots"]]} for day in days]


def _priced(cell: SlotCell, zone: Zone, book: PromotionBook, goods: Decimal) -> SlotCell:
    usual = zone.free_delivery_from
    offered_from = book.offered_from(usual, facts_at(cell["starts_at"], zone.pk), fee=cell["price"])
    fee = delivery_fee(goods, cell["price"], offered_from)
    still_to_reach = fee and offered_from < usual
    return {**cell, "price": fee, "offered_from": offered_from if still_to_reach else NOTHING}


def with_waitlist(days: list[SlotDay], *, back: str, postcode: str = "") -> list[SlotDay]:
    """The same slots, each full one with where to ask for a place. No query."""
    query = {"suite": back, "code_postal": postcode}
    return [{**day, "slots": [_waitable(cell, query) for cell in day["slots"]]} for day in days]


def _waitable(cell: SlotCell, query: dict[str, str]) -> SlotCell:
    if cell["wait"] or cell["is_held"] or not cell["may_wait"]:
        return cell
    return {**cell, "waitlist_url": reverse("wait_for_slot", args=[cell["id"]], query=query)}
