"""Who is looking: their place, basket and slot, each read at most once a request and only when asked for."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

from django.http import HttpRequest

from delivery.slots.models import Hold
from delivery.zones.models import Zone
from delivery.zones.queries import NoZone
from delivery.zones.visitor import (
    chosen_point,
    outside_postcode,
    remember_place,
    visitor_postcode,
    visitor_zone,
)
from shop.basket.models import Basket
from shop.basket.queries import Present, present_basket
from shop.basket.rules import Lacking
from shop.basket.services import BasketClosed, let_go_elsewhere, note_place, obtain_basket
from shop.customers.models import Customer
from shop.customers.services import customer_for_user
from shop.pricing.book import PromotionBook
from shop.pricing.promotions import Outcome, SlotFacts
from shop.pricing.queries import book_for, fresh_book, item_of, reduced, slot_facts
from shop.pricing.rules import NOTHING, BasketTotals, PricedLine, basket_totals, goods_total
from shop.stock.queries import Prospect, prospects

T = TypeVar("T")
SESSION_KEY = "basket"
# What is kept for the request, and read anew once something was written.
KEPT = (
    "_present", "quantities", "book", "reductions", "priced_lines", "totals", "basket_total", "customer", "zone",
)  # fmt: skip


class Shopper:
    """Facts about the visitor of one request. Templates call it ``shopper``.

    Queries, each at most once: zone 1, the basket with its lines and its place 1, promotions 1 after a change of
    them. A stranger without a session costs the zone alone.
    """

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def is_signed_in(self) -> bool:
        return bool(self._request.user.is_authenticated)

    @cached_property
    def customer(self) -> Customer | None:
        user = self._request.user
        return getattr(user, "customer", None) if user.is_authenticated else None

    @property
    def customer_id(self) -> int | None:
        return self.customer.pk if self.customer else None

    @property
    def first_name(self) -> str:
        return self.customer.first_name if self.customer else ""

    @property
    def postcode(self) -> str:
        return visitor_postcode(self._request)

    @cached_property
    def zone(self) -> Zone:
        return visitor_zone(self._request)

    @property
    def point(self) -> Zone | None:
        """The pickup point where they fetch their order, if they chose one."""
        return chosen_point(self._request)

    @property
    def outside_postcode(self) -> str:
        """The postcode they asked for that is not delivered, or ""."""
        return outside_postcode(self._request)

    @property
    def zone_shown(self) -> Zone | None:
        """Whose prices and slots they see; None in a shop that delivers nowhere yet."""
        try:
            return self.zone
        except NoZone:
            return None

    @property
    def depot_id(self) -> int | None:
        return self.zone_shown.depot_id if self.zone_shown else None

    @property
    def _owner(self) -> dict[str, Any]:
        return {"key": self._key, "customer_id": self.customer_id}

    @property
    def _key(self) -> UUID | None:
        try:
            return UUID(self._request.session[SESSION_KEY])
        except (KeyError, ValueError, TypeError):
            return None

    @cached_property
    def _present(self) -> Present:
        return present_basket(**self._owner, depot_id=self.depot_id)

    @property
    def basket(self) -> Basket | None:
        return self._present.basket

    @property
    def lines(self) -> Sequence[Any]:
        return self._present.lines

    @property
    def hold(self) -> Hold | None:
        """The place that the basket holds, with its slot and zone."""
        return self._present.hold

    @property
    def place_shown(self) -> tuple[Hashable, ...]:
        """All that the header says of where and when: names that part of it."""
        where = self.point.name if self.point else self.postcode
        return (where, *((self.hold.slot.starts_at, self.hold.slot.ends_at) if self.hold else ()))

    @cached_property
    def quantities(self) -> Mapping[int, int]:
        return {line.product_id: line.quantity for line in self.lines}

    @cached_property
    def book(self) -> PromotionBook:
        """The promotions of their zone; while a payment runs, with what its order has drawn on them."""
        zone_id = self.zone_shown.pk if self.zone_shown else None
        return fresh_book(zone_id, self.own_order) if self.own_order else book_for(zone_id)

    @property
    def slot_facts(self) -> SlotFacts:
        """Where, and once a slot is held when, the basket goes."""
        return slot_facts(
            self.hold.slot if self.hold else None, self.zone_shown.pk if self.zone_shown else None
        )

    @cached_property
    def reductions(self) -> Outcome:
        """What promotions take off the basket. No customer in sight: only where, when and what."""
        items = [
            item_of(line.product, line.quantity, unit_cost=line.unit_cost)
            for line in self.lines
            if line.product.price is not None and not line.is_coming
        ]
        return reduced(self.book, items, self.slot_facts)

    @cached_property
    def priced_lines(self) -> list[PricedLine]:
        """The basket at today's prices, after promotions; without what is not there yet."""
        reduced = self.reductions.lines
        return [
            PricedLine(
                product.price, product.sold_by, line.quantity, NOTHING, product.deposit,
                reduced[product.pk].discount if product.pk in reduced else NOTHING,
            )
            for line in self.lines
            if (product := line.product).price is not None and not line.is_coming
        ]  # fmt: skip

    def lacking_in(self, zone: Zone) -> list[Lacking]:
        """Articles of the basket of which a zone's depot has too little. No query for their own depot, else one.

        None while a payment runs: its order has taken what it needs.
        """
        if self.own_order or not self.lines:
            return []
        there = {line.product_id: Prospect(line.in_stock, line.back_on) for line in self.lines}
        if zone.depot_id != self.depot_id:
            there = prospects(zone.depot_id, list(there))
        return [
            Lacking(line.product.name, found.back_on if line.product.is_published else None)
            for line in self.lines
            if (found := there[line.product_id]).available < line.quantity or not line.product.is_published
        ]

    def totals_of(self, lines: Sequence[PricedLine]) -> BasketTotals:
        """Sums of some lines; delivery at the held slot's price, or the zone's usual one, unless offered."""
        slot_price = self.hold.slot.price if self.hold else self.zone.slot_price
        return basket_totals(
            lines,
            slot_price=slot_price,
            minimum_order=self.zone.minimum_order,
            free_delivery_from=self.zone.free_delivery_from,
            offer=self.book.free_delivery(self.slot_facts, fee=slot_price) if lines else None,
        )

    def offers_in(self, zone: Zone) -> PromotionBook:
        """The promotions of a zone, theirs or one they only look at. No query when kept, else one."""
        return self.book if zone == self.zone_shown else book_for(zone.pk)

    @cached_property
    def totals(self) -> BasketTotals:
        return self.totals_of(self.priced_lines)

    @cached_property
    def basket_total(self) -> Decimal:
        """The goods alone, after promotions, as the header shows them."""
        return goods_total(self.priced_lines)

    @property
    def basket_count(self) -> int:
        return len(self.lines)

    def obtain_basket(self) -> Basket:
        """The basket to write to, opened when needed and remembered in the session."""
        user = self._request.user
        customer = self.customer or (customer_for_user(user) if user.is_authenticated else None)
        basket = obtain_basket(
            key=self._key, customer_id=customer.pk if customer else None, postcode=self.postcode
        )
        if self._key != basket.key:
            self._request.session[SESSION_KEY] = str(basket.key)
        self.forget()
        return basket

    def write(self, act: Callable[[Basket], T]) -> T:
        """Do something to the basket to write to; to the one that took over when it was closed in between."""
        try:
            return act(self.obtain_basket())
        except BasketClosed:
            self.forget()
            return act(self.obtain_basket())

    def move_to(self, postcode: str, zone: Zone) -> Hold | None:
        """From now on the visitor lives there; the hold let go, because its slot serves another zone.

        Raises HoldPinned while that slot's payment runs: then nothing changed.
        """
        left = let_go_elsewhere(basket=self.basket, zone_id=zone.pk) if self.hold and self.basket else None
        if self.basket:
            note_place(basket=self.basket, postcode=postcode)
        remember_place(self._request, postcode)
        self.forget()
        return left

    @property
    def own_order(self) -> str:
        """The order whose payment is running for this basket, or nothing."""
        return self.hold.order_reference if self.hold else ""

    def forget(self) -> None:
        """Read everything about the basket anew: it has just been written to."""
        for name in KEPT:
            self.__dict__.pop(name, None)


def shopper_of(request: HttpRequest) -> Shopper:
    """The one Shopper of a request."""
    found: Shopper | None = getattr(request, "_shopper", None)
    if found is None:
        found = Shopper(request)
        request._shopper = found  # type: ignore[attr-defined]
    return found
