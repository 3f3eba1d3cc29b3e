"""All promotions at once, found by product, shelf and brand. Built from one read, asked without another.

A book holds what runs, what is to come and what ended lately; each question looks at the clock, so that a promotion
begins and ends to the second whenever the book was read.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple
from uuid import uuid4

from django.utils import timezone

from loyalty.points.rules import Programme
from shop.pricing import promotions
from shop.pricing.history import REFERENCE_LASTS, Price, Stretch, stretches
from shop.pricing.multipliers import multiply, share_between
from shop.pricing.offers import (
    AMOUNT,
    ANYWHERE,
    BY_LOT,
    PER_ARTICLE,
    PERCENT,
    POINTS,
    Item,
    Multiplied,
    Outcome,
    Reduced,
    SlotFacts,
    Terms,
)
from shop.pricing.rules import NOTHING, DeliveryOffer
from shop.pricing.wording import badge_of, dates, label_of, percent

CUT_SCOPES = ("products", "aisles", "brands")


@dataclass(frozen=True, slots=True)
class Offer:
    """What a card may say of a promotion. ``price_now`` is the reduced price per piece or kilogram, None for a lot."""

    item: Item
    terms: Terms
    badge: str
    price_now: Decimal | None

    @property
    def dates(self) -> str:
        """« du 3 au 9 novembre »."""
        return dates(self.terms.starts_at, self.terms.ends_at)

    def announced(self, reference: Decimal | None) -> tuple[str, Decimal | None]:
        """The badge and the struck price that may be shown (C. conso L112-1-1; CJEU C-330/23 Aldi Süd).

        A reduction is announced from the lowest price of the thirty days before it, ``reference``, and its
        percentage counted from there; without that price, or when it was no dearer, nothing is announced.
        """
        if self.price_now is None:
            return self.badge, None
        if reference is None or reference <= self.price_now:
            return "", None
        if reference >= self.item.price:
            return self.badge, self.item.price
        whole = int((reference - self.price_now) / reference * 100)
        return (f"−{percent(Decimal(whole))}" if whole else ""), reference


class Cut(NamedTuple):
    """Percent and euros off each piece of what stands in a scope: "products", "aisles" or "brands" and an id."""

    scope: str
    id: int
    percent: Decimal
    amount: Decimal


class PromotionBook:
    """The promotions of a zone (None: those of every zone), and the rules of points that some of them multiply."""

    def __init__(
        self, terms: Iterable[Terms], zone_id: int | None = None, programme: Programme | None = None
    ) -> None:
        self.zone_id = zone_id
        self.programme = programme or Programme()
        # Names this very book: what was built from it is kept under it.
        self.name = uuid4().hex
        self.terms: Sequence[Terms] = sorted(terms, key=lambda one: one.id)
        self._moments = sorted({at for one in self.terms for at in (one.starts_at, one.ends_at)})
        # Whether the rules of points are of any use to it.
        self.multiplies = any(one.kind == POINTS for one in self.terms)
        self._by_product = _index(self.terms, "products")
        self._by_aisle = _index(self.terms, "aisles")
        self._by_brand = _index(self.terms, "brands")

    def for_zone(self, zone_id: int | None, programme: Programme | None = None) -> "PromotionBook":
        """The same book, read from another zone, under other rules of points if told. Nothing is built anew."""
        other = PromotionBook.__new__(PromotionBook)
        other.__dict__ = self.__dict__ | {"zone_id": zone_id, "programme": programme or self.programme}
        return other

    def chapter(self, *, now: datetime | None = None) -> tuple[object, ...]:
        """For cache keys: what this zone is offered is the same as long as this is. No offer is looked at."""
        now = now or timezone.now()
        return self.name, self.zone_id, bisect_right(self._moments, now), *self._under(now)

    def _under(self, now: datetime) -> tuple[object, ...]:
        """The rules of points that multipliers look at; none where there is no multiplier."""
        return (self.programme.at(now), self.share(now)) if self.multiplies else ()

    def share(self, now: datetime) -> Fraction:
        """What the points of a sum that is paid now may come to be worth, as a part of it; 0 without a programme."""
        return share_between(self.programme, now, now)

    def facts(self, facts: SlotFacts) -> SlotFacts:
        return facts if facts.zone_id is not None else replace(facts, zone_id=self.zone_id)

    def _about(self, item: Item) -> list[Terms]:
        """Every promotion that covers an article, past ones and coming ones included."""
        found = {
            one.id: one
            for one in (
                *self._by_product.get(item.product_id, ()),
                *self._by_aisle.get(item.shelf_id or 0, ()),
                *self._by_aisle.get(item.aisle_id or 0, ()),
                *self._by_brand.get(item.brand_id or 0, ()),
            )
        }
        return [one for one in found.values() if one.covers(item)]

    def reduce(
        self, items: Sequence[Item], facts: SlotFacts = ANYWHERE, *, now: datetime | None = None
    ) -> Outcome:
        """What promotions take off a basket delivered there and then."""
        now, here = now or timezone.now(), self.facts(facts)
        running = {
            one.id: one
            for item in items
            for one in self._about(item)
            if one.runs_at(now) and one.delivers(here)
        }
        return promotions.reduce(items, running.values()) if running else Outcome()

    def multiply(
        self,
        items: Sequence[Item],
        facts: SlotFacts = ANYWHERE,
        *,
        reduced: Mapping[int, Reduced],
        now: datetime | None = None,
    ) -> dict[int, Multiplied]:
        """How many times articles of a basket count for points beside what reduces them: product → multiplier.

        Nothing where no programme of points runs.
        """
        now, here = now or timezone.now(), self.facts(facts)
        running = [
            one for one in self.terms if one.kind == POINTS and one.runs_at(now) and one.delivers(here)
        ]
        if not running or self.programme.at(now) is None:
            return {}
        return multiply(items, running, reduced, share=self.share(now))

    def multiplier_for(self, item: Item, *, now: datetime | None = None) -> Multiplied | None:
        """The one of an article on its own, reduced as it is. Slots are not known yet."""
        if not self.multiplies:
            return None
        now, here = now or timezone.now(), SlotFacts(zone_id=self.zone_id)
        found = self.multiply([item], here, reduced=self.reduce([item], here, now=now).lines, now=now)
        return found.get(item.product_id)

    def ended_since(
        self,
        items: Sequence[Item],
        facts: SlotFacts = ANYWHERE,
        *,
        since: datetime,
        now: datetime | None = None,
    ) -> dict[int, Terms]:
        """Products that a promotion reduced at an instant, that is over, and that cost more for it: product → promotion.

        For a basket that was last touched then: its shopper is told before anything is paid.
        """
        now = now or timezone.now()
        if not any(since < one.ends_at <= now for one in self.terms):
            return {}
        then, today = self.reduce(items, facts, now=since), self.reduce(items, facts, now=now)
        return {
            pk: line.terms
            for pk, line in then.lines.items()
            if not line.terms.runs_at(now)
            and line.discount > (today.lines[pk].discount if pk in today.lines else NOTHING)
        }

    def free_delivery(
        self, facts: SlotFacts = ANYWHERE, *, fee: Decimal, now: datetime | None = None
    ) -> DeliveryOffer | None:
        """The promotion that offers this delivery from the lowest amount, if any."""
        now, here = now or timezone.now(), self.facts(facts)
        running = [one for one in self.terms if one.runs_at(now) and one.delivers(here)]
        terms = promotions.free_delivery(running, fee=fee)
        return DeliveryOffer(terms.id, label_of(terms), terms.free_from or NOTHING) if terms else None

    def offered_from(self, usual: Decimal, facts: SlotFacts = ANYWHERE, *, fee: Decimal) -> Decimal:
        """From how many euros of goods a delivery is offered: the zone's ``usual``, or less by a promotion."""
        offer = self.free_delivery(facts, fee=fee)
        return min(usual, offer.free_from) if offer else usual

    def offered_at_best(self, usual: Decimal, *, fee: Decimal, now: datetime | None = None) -> Decimal:
        """The lowest amount from which some hour's delivery is offered in this zone; ``usual`` where none is lower."""
        now = now or timezone.now()
        here = [
            one for one in self.terms if one.runs_at(now) and (not one.zones or self.zone_id in one.zones)
        ]
        terms = promotions.free_delivery(here, fee=fee)
        return min(usual, terms.free_from or NOTHING) if terms else usual

    def offer_for(self, item: Item, *, now: datetime | None = None) -> Offer | None:
        """What to say of an article on its own: the promotion that takes most off. Slots are not known yet.

        A reduced price comes before a lot of the same worth, since everybody gets it.
        """
        now, here = now or timezone.now(), SlotFacts(zone_id=self.zone_id)
        running = [one for one in self._about(item) if one.runs_at(now) and one.delivers(here)]
        offers = [offer for one in running if (offer := _offer(one, item))]
        return max(
            offers,
            key=lambda offer: (_worth(offer), offer.price_now is not None, -offer.terms.id),
            default=None,
        )

    def scope(self, *, now: datetime | None = None) -> tuple[list[int], list[int], list[int]]:
        """Products, aisles or shelves, and brands with an offer of their own here and now; never first-age milk."""
        now, here = now or timezone.now(), SlotFacts(zone_id=self.zone_id)
        shown = PER_ARTICLE | BY_LOT
        running = [one for one in self.terms if one.kind in shown and one.runs_at(now) and one.delivers(here)]
        aisles = sorted({pk for one in running for pk in one.aisles})
        products = sorted({pk for one in running for pk in one.products})
        brands = sorted({pk for one in running for pk in one.brands})
        return products, aisles, brands

    def cuts(self, *, now: datetime | None = None) -> list["Cut"]:
        """What reduces each piece here and now, the best percentage and the best amount a product, shelf or brand.

        For statements over a whole shelf: the lower of the two, within the caps, is what one piece costs.
        """
        now, here = now or timezone.now(), SlotFacts(zone_id=self.zone_id)
        best: dict[tuple[str, int], tuple[Decimal, Decimal]] = {}
        for one in self.terms:
            if one.kind not in PER_ARTICLE or not one.runs_at(now) or not one.delivers(here):
                continue
            percent = (one.percent or NOTHING) if one.kind == PERCENT else NOTHING
            amount = (one.amount or NOTHING) if one.kind == AMOUNT else NOTHING
            for scope in CUT_SCOPES:
                for pk in getattr(one, scope):
                    most = best.get((scope, pk), (NOTHING, NOTHING))
                    best[scope, pk] = max(most[0], percent), max(most[1], amount)
        return [Cut(scope, pk, *most) for (scope, pk), most in sorted(best.items())]

    def reductions(self, item: Item, prices: Sequence[Price], *, before: datetime) -> list[Stretch]:
        """Prices that promotions made of an article in the thirty days before an instant.

        Those of some zones or slots only count too, and no purchase cost holds them up: to be on the safe side.
        """
        found = []
        for one in self._about(item):
            if one.kind not in PER_ARTICLE:
                continue
            start, end = max(one.starts_at, before - REFERENCE_LASTS), min(one.ends_at, before)
            for stretch in stretches(prices, start, end):
                bare = replace(item, price=stretch.price, unit_cost=NOTHING)
                price, _capped = promotions.reduced_price(one, bare)
                found.append(replace(stretch, price=price))
        return found


def _index(terms: Iterable[Terms], scope: str) -> dict[int, list[Terms]]:
    found: dict[int, list[Terms]] = {}
    for one in terms:
        for pk in getattr(one, scope):
            found.setdefault(pk, []).append(one)
    return found


def _offer(terms: Terms, item: Item) -> Offer | None:
    if terms.kind in BY_LOT:
        share = promotions.claim(terms, [replace(item, quantity=terms.lot_size)]) if item.is_counted else None
        return Offer(item, terms, badge_of(terms), None) if share and share.total else None
    price, capped = promotions.reduced_price(terms, item)
    if price >= item.price:
        return None
    badge = badge_of(terms)
    if capped:
        # What the caps leave, never more than it is.
        badge = f"−{percent(Decimal(int((item.price - price) / item.price * 100)))}"
    return Offer(item, terms, badge, price)


def _worth(offer: Offer) -> Decimal:
    """Percent that an article costs less, bought as the offer wants it."""
    if offer.price_now is not None:
        return (offer.item.price - offer.price_now) / offer.item.price * 100
    size = offer.terms.lot_size
    off = promotions.claim(offer.terms, [replace(offer.item, quantity=size)]).total
    return off / (offer.item.price * size) * 100
