"""All that the product page says."""

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, TypedDict

from django.conf import settings
from django.db.models import Case, F, FloatField, Value, When
from django.db.models.functions import Abs, Cast, Coalesce, Ln
from django.utils import timezone

from shop.catalogue.models import Product, Source
from shop.catalogue.rules import is_alcoholic
from shop.reviews.queries import LATEST_FIELDS, LatestReviews, latest_reviews, with_latest_reviews
from shop.search import rules
from shop.search.queries.card import (
    CARD_FIELDS,
    Card,
    Shelved,
    card_of,
    cards,
    of_first_picture,
    picture_of,
    shelved,
)
from shop.search.queries.listing import BY_NAME
from shop.search.queries.window import RAIL_SIZE

FEW_LEFT = 5
ALTERNATIVES = 6

DETAIL_FIELDS = (
    "ean", "description", "vat_rate", "deposit", "is_food", "ingredients", "allergens", "nutrition",
    "stated_nutriscore", "origin", "storage", "alcohol_degree", "minimum_age", "shelf_id", "shelf__slug",
    "source", "shelf__name", "shelf__parent__slug", "shelf__parent__name", "here__expected_restock_on",
    "legal_name", "operator", "instructions", "traces", "brand_id",
)  # fmt: skip


class Kin(NamedTuple):
    """What another product is compared with, to stand beside or in place of this one."""

    id: int
    shelf_id: int
    brand_id: int | None
    sold_by: str
    net_unit: str
    net_quantity: Decimal | None
    packshot: str
    price: Decimal


class ProductPage(TypedDict):
    """All that the product page says, next to its card."""

    card: Card
    picture_alt: str
    picture_original: str
    ean: str
    description: str
    deposit: Decimal
    is_food: bool
    legal_name: str
    operator: str
    instructions: str
    net_quantity: str
    net_weight: tuple[str, str] | None
    ingredients: list[tuple[str, bool]]
    allergens: list[str] | None
    traces: list[str]
    nutrition: list[dict[str, Any]]
    nutrition_basis: str
    nutriscore: str
    source: str
    labels: list[str]
    origin: str
    storage: str
    packaging: str
    alcohol_degree: Decimal | None
    degree: str
    is_alcohol: bool
    minimum_age: int | None
    few_left: int | None
    expected_restock_on: date | None
    kin: Kin
    path: list[dict[str, str]]
    illustrated: list[str]
    reviews: LatestReviews


def product_detail(slug: str, depot_id: int | None) -> ProductPage | None:
    """A published product with all its particulars, or None. One query."""
    found = with_latest_reviews(shelved(depot_id).filter(slug=slug))
    described = found.annotate(picture_alt=of_first_picture("alt"))
    row = described.values(*CARD_FIELDS, *DETAIL_FIELDS, *LATEST_FIELDS, "picture_alt").first()
    return _product_page(row) if row else None


def _product_page(row: dict[str, Any]) -> ProductPage:
    card = card_of(row)
    restock_on = row["here__expected_restock_on"]
    return {
        "card": card,
        "picture_alt": row["picture_alt"] or "",
        "picture_original": picture_of(row).original,
        "ean": row["ean"],
        "description": row["description"],
        "deposit": row["deposit"],
        "is_food": row["is_food"],
        "legal_name": row["legal_name"],
        "operator": row["operator"],
        "instructions": row["instructions"],
        "net_quantity": "" if card["sold_by_weight"] else card["net_quantity"],
        "net_weight": rules.net_weight(row["net_quantity"], row["net_unit"]),
        "ingredients": rules.emphasised(row["ingredients"]),
        "allergens": row["allergens"],
        "traces": row["traces"],
        "nutrition": rules.nutrition_rows(row["nutrition"] or {}),
        "nutrition_basis": "100\u00a0ml" if row["net_unit"] == Product.NetUnit.MILLILITRE else "100\u00a0g",
        "nutriscore": row["stated_nutriscore"].upper(),
        "source": Source(row["source"]).label if row["source"] else "",
        "labels": row["labels"],
        "origin": row["origin"],
        "storage": row["storage"],
        "packaging": row["packaging"],
        "alcohol_degree": row["alcohol_degree"],
        "degree": rules.degree_label(row["alcohol_degree"]),
        "is_alcohol": is_alcoholic(row["alcohol_degree"]),
        "minimum_age": row["minimum_age"],
        "few_left": row["available"] if not card["sold_by_weight"] and row["available"] <= FEW_LEFT else None,
        "expected_restock_on": restock_on if restock_on and restock_on >= timezone.localdate() else None,
        "kin": Kin(**{name: row[name] for name in Kin._fields}),
        "path": _path(row),
        "illustrated": row["invented"] if settings.DEMONSTRATION else [],
        "reviews": latest_reviews(row),
    }


def _path(row: dict[str, Any]) -> list[dict[str, str]]:
    steps = [
        (row["shelf__parent__name"], row["shelf__parent__slug"]),
        (row["shelf__name"], row["shelf__slug"]),
    ]
    return [{"name": name, "slug": slug} for name, slug in steps if slug]


def others(shown: ProductPage, depot_id: int | None) -> list[Card]:
    """What else stands on the same shelf and can be had. One query, two where a card has changed.

    The most bought first; for a product that cannot be had, what would do in its place, closest first.
    """
    kin = shown["kin"]
    around = shelved(depot_id).filter(shelf=kin.shelf_id, is_available=True).exclude(pk=kin.id)
    if shown["card"]["is_available"]:
        return cards(around.order_by("-popularity", *BY_NAME)[:RAIL_SIZE])
    return cards(_closest_first(around, kin)[:ALTERNATIVES])


def _closest_first(around: Shelved, kin: Kin) -> Shelved:
    """Same brand, same kind of packaging, then how far quantity and price are: twice as much is as far as half."""
    same_brand = Case(When(brand=kin.brand_id or 0, then=Value(0)), default=Value(1))
    same_format = Case(
        When(sold_by=kin.sold_by, net_unit=kin.net_unit, packshot=kin.packshot, then=Value(0)),
        default=Value(1),
    )
    far: Any = _ratio("price", kin.price)
    if kin.net_quantity:
        far = far + Coalesce(_ratio("net_quantity", kin.net_quantity), Value(9.0))
    ordered: Shelved = around.order_by(same_brand, same_format, far, "-popularity", *BY_NAME)
    return ordered


def _ratio(field: str, value: Decimal) -> Abs:
    return Abs(Ln(Cast(F(field), FloatField()) / Value(float(value)), output_field=FloatField()))
