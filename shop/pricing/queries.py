"""Reads of prices and promotions. None takes a customer: the shop has one price for everybody."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from config import kept
from config.wholes import Whole, columns, instance
from delivery.slots.models import Slot
from delivery.slots.rules import PARIS, is_peak
from delivery.zones.models import Zone
from loyalty.points.ports import TooGenerous
from loyalty.points.queries import programme
from loyalty.points.rules import Terms as PointRules
from loyalty.rewards.ports import ProductFacts
from shop.catalogue.models import Aisle, Brand, Product
from shop.catalogue.rules import normalised_ean
from shop.pricing.book import Offer, PromotionBook
from shop.pricing.caps import cap_of, least_price
from shop.pricing.checks import Draft
from shop.pricing.cumulated import beyond, in_hundredths
from shop.pricing.history import CURVE_LASTS, REFERENCE_LASTS, Price, lowest_practised
from shop.pricing.models import PlannedPrice, PriceChange, Promotion, PromotionUse
from shop.pricing.multipliers import COUNTS_WITHIN, share_between
from shop.pricing.offers import PER_ARTICLE, POINTS, Item, Outcome, SlotFacts, Terms
from shop.pricing.past import Past, Written, past
from shop.pricing.ports import costs_of
from shop.pricing.rules import GRAMS_PER_KILO, NOTHING

# What a few hundred promotions take, in bytes.
BOOK_WEIGHT = 200_000
# What ended lately still counts for struck prices: thirty days before a promotion that began thirty days ago.
ENDED_LATELY = 3 * REFERENCE_LASTS
# A plan is applied and the price written down in one transaction, by two clocks.
AT_ONCE = timedelta(minutes=1)
# What a promotion is on: its many-to-many fields, and the column each names.
SCOPES = {"products": "product", "aisles": "aisle", "brands": "brand", "zones": "zone"}


def past_of(item: Item, book: PromotionBook) -> Past:
    """What an article cost over a year in the book's zone, and what its present reduction is announced from.

    Two queries, however many changes and promotions there were.
    """
    now = timezone.now()
    prices = _written(item.product_id)
    found = past(prices, _promotions_of(item, now), item, SlotFacts(zone_id=book.zone_id), now=now)
    offer = book.offer_for(item, now=now)
    if offer is None or offer.price_now is None:
        return found
    return replace(found, reference=_reference(offer, prices, book))


def _written(product_id: int) -> list[Written]:
    """Every price a product had, in order of time. One query."""
    lately = (OuterRef("since") - AT_ONCE, OuterRef("since") + AT_ONCE)
    planned = PlannedPrice.objects.filter(
        product=OuterRef("product"), price=OuterRef("price"), applied_at__range=lately
    )
    rows = PriceChange.objects.filter(product_id=product_id).order_by("since", "id")
    return [
        Written(*row)
        for row in rows.annotate(is_planned=Exists(planned)).values_list("since", "price", "is_planned")
    ]


def _promotions_of(item: Item, now: datetime) -> list[Terms]:
    """What reduced each piece of an article in the last year; what ran out of money ended with its last use. One query."""
    on = {"products": [item.product_id], "aisles": [item.shelf_id, item.aisle_id], "brands": [item.brand_id]}
    covers = Q()
    for name, ids in on.items():
        through = getattr(Promotion, name).through.objects
        covers |= Q(pk__in=through.filter(**{f"{SCOPES[name]}__in": ids}).values("promotion"))
    last_use = PromotionUse.objects.filter(promotion=OuterRef("pk")).order_by("-created_at")
    rows = _with_scopes(now - CURVE_LASTS).filter(covers, starts_at__lte=now, kind__in=PER_ARTICLE)
    return [
        _until_spent(_terms_of_row(row), row.used_at)
        for row in rows.annotate(used_at=Subquery(last_use.values("created_at")[:1]))
    ]


def _until_spent(terms: Terms, used_at: datetime | None) -> Terms:
    if terms.left == 0 and used_at:
        return replace(terms, ends_at=min(terms.ends_at, used_at))
    return terms


def products_named(articles: Collection[str]) -> dict[str, Product]:
    """Products by their bar code, however it is spaced, or by the last part of their address. One query."""
    codes = {article: normalised_ean(article) or article for article in articles if article}
    wanted = Q(ean__in=codes.values()) | Q(slug__in=codes)
    found = list(Product.objects.filter(wanted).only("pk", "ean", "slug", "name", "price"))
    by_name = {product.slug: product for product in found} | {product.ean: product for product in found}
    return {article: by_name[code] for article, code in codes.items() if code in by_name}


def planned_instants(product_ids: Collection[int]) -> set[tuple[int, datetime]]:
    """The instants at which these products already have a price planned. One query."""
    rows = PlannedPrice.objects.filter(product_id__in=product_ids, state=PlannedPrice.State.PLANNED)
    return set(rows.values_list("product_id", "starts_at"))


def drawn_by(order_reference: str) -> dict[int, Decimal]:
    """What an order has of each promotion now: promotion → euros. One query."""
    uses = PromotionUse.objects.filter(order_reference=order_reference, returned_at=None)
    return dict(uses.values_list("promotion_id", "amount"))


def book_for(zone_id: int | None) -> PromotionBook:
    """The promotions as a zone sees them. No query while nobody changed any; one after a change, however many, and where
    some multiply points one for the rules of these.

    A process keeps its book under the version that moves once a change commits. A cache that does not answer
    costs the query each time, never an old price.
    """
    book = BOOK.now()
    return book.for_zone(zone_id, programme() if book.multiplies else None)


def reduced(book: PromotionBook, items: Sequence[Item], facts: SlotFacts) -> Outcome:
    """What promotions take off a basket delivered there and then; worked out once for the same basket. No query."""
    if not (items and book.terms):
        return Outcome()
    return kept.built(("reduced", *book.chapter(), facts, *items), lambda: book.reduce(items, facts))


def fresh_book(zone_id: int | None, own_order: str = "") -> PromotionBook:
    """The same from the database, with what is left of each budget now. One query, rules of points being kept.

    ``own_order`` is the order this basket is paying for: what it has drawn is there for it.
    """
    book = PromotionBook(_terms_since(timezone.now() - ENDED_LATELY, own_order), zone_id)
    return book.for_zone(zone_id, programme()) if book.multiplies else book


def _terms_since(ended_after: datetime, own_order: str = "") -> list[Terms]:
    rows = _with_scopes(ended_after)
    own = PromotionUse.objects.filter(promotion=OuterRef("pk"), order_reference=own_order, returned_at=None)
    if own_order:
        rows = rows.annotate(own=Coalesce(Subquery(own.values("amount")), NOTHING))
    return [_terms_of_row(row) for row in rows]


def _terms_of_row(row: Any) -> Terms:
    return terms_of(
        row, {name: getattr(row, f"{name}_ids") for name in SCOPES}, own=getattr(row, "own", NOTHING)
    )


def _with_scopes(ended_after: datetime) -> QuerySet[Any]:
    through = {
        f"{name}_ids": ArraySubquery(
            getattr(Promotion, name).through.objects.filter(promotion=OuterRef("pk")).values(f"{field}_id")
        )
        for name, field in SCOPES.items()
    }
    found: QuerySet[Any] = (
        Promotion.objects.filter(ends_at__gt=ended_after).order_by("pk").annotate(**through)
    )
    return found


def _book_rows() -> QuerySet[Any, dict[str, Any]]:
    rows = _with_scopes(timezone.now() - ENDED_LATELY)
    return rows.values(*columns(Promotion), *(f"{name}_ids" for name in SCOPES))


def _book(rows: list[dict[str, Any]]) -> PromotionBook:
    return PromotionBook(
        terms_of(instance(Promotion, row), {name: row[f"{name}_ids"] for name in SCOPES}) for row in rows
    )


BOOK = Whole("promotions", _book_rows, _book, weight=BOOK_WEIGHT)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a promotion is on; no zones: all of them."""

    products: Sequence[Product] = ()
    aisles: Sequence[Aisle] = ()
    brands: Sequence[Brand] = ()
    zones: Sequence[Zone] = ()

    def ids(self) -> dict[str, list[int]]:
        return {name: [row.pk for row in getattr(self, name)] for name in SCOPES}


def draft_of(promotion: Promotion, scope: Scope) -> Draft:
    """A promotion about to be saved, with the articles on sale or named that it is about. Five queries."""
    ids = scope.ids()
    named = items_of(Q(pk__in=ids["products"]))
    on = Q(shelf__in=ids["aisles"]) | Q(shelf__parent__in=ids["aisles"]) | Q(brand__in=ids["brands"])
    covered = items_of(on & Q(is_published=True) & ~Q(pk__in=ids["products"]))
    others = [terms for terms in _terms_since(timezone.now()) if terms.left != 0]
    return Draft(terms_of(promotion, ids), named, covered, others, programme())


def broken_by(begins: datetime, written: PointRules) -> TooGenerous | None:
    """The article on which a multiplier that runs or is to come, alone or with a reduction, would pass the legal cap under
    new rules of points; None where none would. Three queries.

    What ended lately counts too: its orders may still come to count under the new rules.
    """
    now = timezone.now()
    everything = [one for one in _terms_since(now - COUNTS_WITHIN) if one.left != 0]
    multipliers = [one for one in everything if one.kind == POINTS]
    if not multipliers:
        return None
    ids = {
        name: {pk for one in multipliers for pk in getattr(one, name)}
        for name in ("products", "aisles", "brands")
    }
    on_shelf = Q(shelf__in=ids["aisles"]) | Q(shelf__parent__in=ids["aisles"]) | Q(brand__in=ids["brands"])
    items = items_of(Q(pk__in=ids["products"]) | (on_shelf & Q(is_published=True)))
    coming = programme().with_stage(begins, written)
    found = [beyond(one, everything, items, coming, now=one.starts_at) for one in multipliers]
    worst = max((one for one in found if one), key=lambda one: one.excess, default=None)
    if worst is None:
        return None
    return TooGenerous(
        promotion=worst.multiplier.name,
        article=worst.item.name,
        reduced_percent=in_hundredths(worst.taken_off),
        points_percent=in_hundredths(worst.points),
        most_percent=int(cap_of(is_food=worst.item.is_food) * 100),
    )


def items_of(chosen: Q) -> list[Item]:
    """Priced products as promotions see them, one piece or kilogram of each, in order of name. Two queries."""
    rows = list(
        Product.objects.filter(chosen, price__isnull=False, vat_rate__isnull=False)
        .select_related("shelf")
        .order_by("sort_name", "pk")
    )
    costs = costs_of([row.pk for row in rows])
    return [item_of(row, unit_cost=costs.get(row.pk)) for row in rows]


def with_minimum_age(product_ids: Collection[int]) -> set[int]:
    """Those of these products that are for adults. One query."""
    found = Product.objects.filter(pk__in=product_ids, minimum_age__isnull=False)
    return set(found.values_list("pk", flat=True))


def points_share(now: datetime) -> Fraction:
    """What the points of a sum paid now may come to be worth, as a part of it; 0 without a programme. One query at most."""
    return share_between(programme(), now, now)


def givable_product(ean: str) -> ProductFacts | None:
    """The product of an EAN, however it is typed, as whoever gives it or a part of it must know it. Two queries."""
    product = Product.objects.select_related("shelf").filter(ean=normalised_ean(ean)).first()
    if product is None:
        return None
    most_off = None
    if product.price is not None and product.vat_rate is not None:
        item = item_of(product, unit_cost=costs_of([product.pk]).get(product.pk))
        most_off = max(item.price - least_price(item).amount, NOTHING)
    return ProductFacts(
        product_ref=product.pk,
        shelf_ref=product.shelf_id,
        name=product.name,
        is_first_age_milk=product.is_first_age_milk,
        is_alcohol=product.minimum_age is not None,
        most_off=most_off,
    )


_NAMED: dict[str, type[Model]] = {"products": Product, "aisles": Aisle, "brands": Brand}


def names_by_id(ids: Mapping[str, Collection[int]]) -> dict[str, dict[int, str]]:
    """The names of products, aisles and brands, what is gone left out. One query for each kind that is asked for."""
    return {
        kind: dict(_NAMED[kind]._default_manager.filter(pk__in=pks).values_list("pk", "name"))
        for kind, pks in ids.items()
        if pks
    }


def named_like(text: str, limit: int) -> list[tuple[str, int, str]]:
    """Kind, id and name of the aisles, brands and products that are called so, or of a bar code. Three queries."""
    found = []
    for kind in ("aisles", "brands", "products"):
        called = Q(name__unaccent__icontains=text)
        if kind == "products":
            called |= Q(ean=normalised_ean(text) or "")
        rows = _NAMED[kind]._default_manager.filter(called).order_by("name", "pk")
        found += [(kind, pk, name) for pk, name in rows.values_list("pk", "name")[:limit]]
    return found


def item_of(product: Product, quantity: int | None = None, *, unit_cost: Decimal | None) -> Item:
    """An article with its price, as promotions see it; one piece or kilogram unless said. No query: needs its shelf."""
    assert product.price is not None  # noqa: S101 - whoever sells it has made sure
    shelf = product.shelf
    return Item(
        product_id=product.pk,
        price=product.price,
        sold_by=product.sold_by,
        quantity=quantity if quantity is not None else GRAMS_PER_KILO if product.sold_by_weight else 1,
        shelf_id=product.shelf_id,
        aisle_id=shelf.parent_id if shelf else None,
        brand_id=product.brand_id,
        vat_rate=product.vat_rate or NOTHING,
        is_food=product.is_food,
        is_first_age_milk=product.is_first_age_milk,
        is_alcohol=product.minimum_age is not None,
        unit_cost=unit_cost or NOTHING,
        name=product.name,
    )


def terms_of(promotion: Promotion, scope: Mapping[str, Iterable[int]], *, own: Decimal = NOTHING) -> Terms:
    """A row as the rules read it; stopped by staff, it ends there. ``own`` is not counted as spent. No query."""
    ends_at = min(promotion.ends_at, promotion.stopped_at or promotion.ends_at)
    return Terms(
        id=promotion.pk or 0,
        kind=promotion.kind,
        starts_at=promotion.starts_at,
        ends_at=ends_at,
        name=promotion.name,
        percent=promotion.percent,
        amount=promotion.amount,
        take=promotion.take,
        pay=promotion.pay,
        free_from=promotion.free_from,
        points_factor=promotion.points_factor,
        weekdays=frozenset(map(int, promotion.slot_weekdays)),
        from_hour=promotion.slot_from_hour,
        until_hour=promotion.slot_until_hour,
        off_peak_only=promotion.off_peak_only,
        left=None if promotion.budget is None else promotion.budget - promotion.spent + own,
        most_per_order=promotion.most_per_order,
        **{name: frozenset(pks) for name, pks in scope.items()},
    )


def slot_facts(slot: Slot | None, zone_id: int | None = None) -> SlotFacts:
    """Where and when a basket goes, as promotions ask; without a slot, only where. No query."""
    return facts_at(slot.starts_at, slot.zone_id) if slot else SlotFacts(zone_id=zone_id)


def facts_at(starts_at: datetime, zone_id: int) -> SlotFacts:
    """Where and when a slot delivers, as promotions ask. No query."""
    local = starts_at.astimezone(PARIS)
    return SlotFacts(zone_id, local.isoweekday(), local.hour, is_peak(local.date(), local.hour))


def reference_prices(offers: Mapping[int, Offer], book: PromotionBook) -> dict[int, Decimal]:
    """The lowest price over the thirty days before each product's reduction began (C. conso L112-1-1).

    Only for offers with a reduced price; a product sold for less than thirty days is left out. One query, none
    without such an offer. What to show of it: `Offer.announced`.
    """
    wanted = {pk: offer for pk, offer in offers.items() if offer.price_now is not None}
    if not wanted:
        return {}
    prices: dict[int, list[Price]] = {}
    rows = PriceChange.objects.filter(product_id__in=wanted).order_by("product_id", "since", "id")
    for product_id, since, price in rows.values_list("product_id", "since", "price"):
        prices.setdefault(product_id, []).append(Price(since, price))
    found = {pk: _reference(offer, prices.get(pk, []), book) for pk, offer in wanted.items()}
    return {pk: price for pk, price in found.items() if price is not None}


def _reference(offer: Offer, prices: Sequence[Price], book: PromotionBook) -> Decimal | None:
    began = offer.terms.starts_at
    return lowest_practised(prices, before=began, reduced=book.reductions(offer.item, prices, before=began))
