"""What a product card says. Availability is that of one depot.

Cards are plain dictionaries for `components/product_card.html`: model instances would cost more to build
than the whole page to send.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple, TypedDict

from django.conf import settings
from django.db.models import (
    BooleanField,
    Case,
    ExpressionWrapper,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, JSONObject

from config import kept
from config.rows import rows
from shop.catalogue.models import Product, ProductPicture
from shop.catalogue.queries import PictureSources, picture_sources
from shop.catalogue.rules import unit_price_label
from shop.catalogue.wording import packaging_label
from shop.pricing.promotions import Item
from shop.pricing.rules import GRAMS_PER_KILO
from shop.stock.queries import CAN_BE_BOUGHT, HIGHEST_COST, highest_cost

ORGANIC_LABELS = {"ab", "bio", "agriculture biologique"}
# What a card and all that it refers to take in a process, measured.
CARD_BYTES = 2_500
NO_PICTURE = PictureSources("", "", "")
# Products with annotations, which the type checker cannot follow.
Shelved = QuerySet[Any]


class Card(TypedDict):
    id: int
    version: int
    slug: str
    name: str
    brand: str
    net_quantity: str
    price: Decimal
    unit_price: str
    badge: str
    badge_kind: str
    tint: str
    packshot: str
    picture_url: str
    picture_srcset: str
    is_available: bool
    is_on_sale: bool
    sold_by_weight: bool
    step_grams: int
    is_demonstration: bool
    # What promotions look at, and what a reduced price per unit is counted from.
    item: Item
    net: tuple[Decimal | None, str]
    # The lowest price of the thirty days before a reduction, where one is announced.
    struck: Decimal | None


class Stamp(NamedTuple):
    """What may have changed since a card was built, and what no card holds for good."""

    id: int
    version: int
    is_available: bool
    is_on_sale: bool
    unit_cost: Decimal


SMALLEST = Case(When(sold_by="weight", then=F("weight_step_g")), default=Value(1))
CARD_FIELDS = (
    "id", "version", "slug", "name", "brand__name", "net_quantity", "net_unit", "packaging", "price", "sold_by",
    "labels", "packshot", "shelf__tint", "invented", "picture", "available", "smallest", "is_available",
    "is_published", "shelf_id", "shelf__parent_id", "brand_id", "vat_rate", "is_food", "is_first_age_milk",
    "minimum_age", "unit_cost",
)  # fmt: skip


def shelved(depot_id: int | None, *, off_sale_too: bool = False) -> Shelved:
    """Products on sale with ``available``, ``smallest`` (the least one can buy), ``is_available`` and ``picture`` in one depot.

    The depot's stock row is joined, at most one a product; without a depot nothing is available.
    """
    chosen: Shelved = Product.objects.all() if off_sale_too else Product.objects.filter(is_published=True)
    located: Shelved = chosen.annotate(
        here=FilteredRelation("stock_items", condition=Q(stock_items__depot=depot_id or 0)),
        available=Coalesce(F("here__available"), 0),
        smallest=SMALLEST,
        picture=_first_picture(),
        unit_cost=highest_cost(),
    )
    can_be_had = ExpressionWrapper(
        Q(available__gte=F("smallest"), is_published=True), output_field=BooleanField()
    )
    shown: Shelved = located.annotate(is_available=can_be_had)
    return shown


def with_sales(products: Shelved, zone_id: int | None) -> Shelved:
    """Some `shelved` products with ``sold_here``: how much the zone buys of them, 0 for what it does not."""
    of_zone = FilteredRelation("zone_popularities", condition=Q(zone_popularities__zone=zone_id or 0))
    annotated: Shelved = products.annotate(of_zone=of_zone, sold_here=Coalesce(F("of_zone__popularity"), 0))
    return annotated


def _first_picture() -> Subquery:
    """What lists need of a product's first picture, as JSON."""
    pictures = ProductPicture.objects.filter(product=OuterRef("pk")).order_by("position", "id")
    return Subquery(pictures.values(told=JSONObject(name="image", variants="variants"))[:1])


def cards(products: Shelved) -> list[Card]:
    """Cards of some `shelved` products, in their order. One query."""
    return [card_of(row) for row in products.values(*CARD_FIELDS)]


def cards_by_id(product_ids: Collection[int], depot_id: int | None) -> dict[int, Card]:
    """Cards of given products by id, for baskets, lists and orders. One query, two where some have changed.

    A product taken off sale has its card too, as one that cannot be had: it must not vanish from a basket.
    """
    return {card["id"]: card for card in _present(product_ids, depot_id)}


def cards_on_sale(product_ids: Collection[int], depot_id: int | None) -> list[Card]:
    """Cards of those that are still on sale, in the order given. One query, two where some have changed."""
    return [card for card in _present(product_ids, depot_id) if card["is_on_sale"]]


def cards_at(stamps: Collection[Stamp], depot_id: int | None) -> dict[int, Card]:
    """Cards by id for whoever has read the stamps already. No query, one where some have changed."""
    built: dict[int, Card | None] = {stamp.id: kept.peek(("card", stamp.id)) for stamp in stamps}
    found = {stamp.id: _stamped(card, stamp) for stamp in stamps if (card := built[stamp.id])}
    stale = [
        stamp.id for stamp in stamps if stamp.id not in found or found[stamp.id]["version"] != stamp.version
    ]
    return found | _fresh(stale, depot_id)


def keep_cards(cards: Iterable[Card]) -> None:
    """Keep what does not depend on a depot, under the version it was read with."""
    for card in cards:
        kept.keep(("card", card["id"]), card, size=CARD_BYTES)


def _present(product_ids: Collection[int], depot_id: int | None) -> list[Card]:
    """Cards as they are now, in the order given: built once per version, availability laid over."""
    if any(kept.peek(("card", pk)) is None for pk in product_ids):
        return _in_order(product_ids, _fresh(product_ids, depot_id))
    return _in_order(product_ids, cards_at(_stamps(product_ids, depot_id), depot_id))


def _in_order(product_ids: Iterable[int], cards: Mapping[int, Card]) -> list[Card]:
    return [cards[pk] for pk in product_ids if pk in cards]


def _fresh(product_ids: Collection[int], depot_id: int | None) -> dict[int, Card]:
    if not product_ids:
        return {}
    wanted = shelved(depot_id, off_sale_too=True).filter(pk__in=product_ids, price__isnull=False)
    keep_cards(found := cards(wanted))
    return {card["id"]: card for card in found}


_STAMPS = f"""
SELECT p.id, p.version, {CAN_BE_BOUGHT}, p.is_published, {HIGHEST_COST}
  FROM catalogue_product p LEFT JOIN stock_stockitem i ON i.product_id = p.id AND i.depot_id = %s
 WHERE p.id = ANY (%s::bigint[]) AND p.price IS NOT NULL
"""  # noqa: S608 - our own words


def _stamps(product_ids: Collection[int], depot_id: int | None) -> list[Stamp]:
    if not product_ids:
        return []
    return [Stamp(*row) for row in rows(_STAMPS, [depot_id or 0, list(product_ids)])]


def _stamped(card: Card, stamp: Stamp) -> Card:
    item = card["item"]
    if item.unit_cost != stamp.unit_cost:
        # A delivery's new cost is no change of the product, but holds a promotion up.
        item = replace(item, unit_cost=stamp.unit_cost)
    return {**card, "is_available": stamp.is_available, "is_on_sale": stamp.is_on_sale, "item": item}


def card_of(row: dict[str, Any]) -> Card:
    by_weight = row["sold_by"] == Product.SoldBy.WEIGHT
    badge, badge_kind = _badge(row)
    picture = picture_of(row)
    return {
        "id": row["id"],
        "version": row["version"],
        "slug": row["slug"],
        "name": row["name"],
        "brand": row["brand__name"] or "",
        "net_quantity": packaging_label(
            by_weight=by_weight,
            step=row["smallest"],
            net_quantity=row["net_quantity"],
            net_unit=row["net_unit"],
        ),
        "price": row["price"],
        "unit_price": unit_price_label(row["price"], row["net_quantity"], row["net_unit"], row["sold_by"]),
        "badge": badge,
        "badge_kind": badge_kind,
        "tint": row["shelf__tint"] or "neutral",
        "packshot": row["packshot"],
        "picture_url": picture.url,
        "picture_srcset": picture.srcset,
        "is_available": row["is_available"],
        "is_on_sale": row["is_published"],
        "sold_by_weight": by_weight,
        "step_grams": row["smallest"] if by_weight else 0,
        "is_demonstration": settings.DEMONSTRATION and bool(row["invented"]),
        "item": _item(row, by_weight),
        "net": (row["net_quantity"], row["net_unit"]),
        "struck": None,
    }


def _item(row: dict[str, Any], by_weight: bool) -> Item:
    """One piece or kilogram, as promotions see it."""
    return Item(
        product_id=row["id"],
        price=row["price"],
        sold_by=row["sold_by"],
        quantity=GRAMS_PER_KILO if by_weight else 1,
        shelf_id=row["shelf_id"],
        aisle_id=row["shelf__parent_id"],
        brand_id=row["brand_id"],
        vat_rate=row["vat_rate"] or Decimal(0),
        is_food=row["is_food"],
        is_first_age_milk=row["is_first_age_milk"],
        is_alcohol=row["minimum_age"] is not None,
        unit_cost=row["unit_cost"] or Decimal(0),
        name=row["name"],
    )


def _badge(row: dict[str, Any]) -> tuple[str, str]:
    """One at most, and only what a label states."""
    if any(label.lower() in ORGANIC_LABELS for label in row["labels"]):
        return "Bio", "bio"
    return "", ""


def picture_of(row: dict[str, Any]) -> PictureSources:
    found = row["picture"]
    return picture_sources(found["name"], found["variants"]) if found else NO_PICTURE
