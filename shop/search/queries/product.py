"""All that the product page says."""

from datetime import date
from decimal import Decimal
from typing import Any, TypedDict

from django.conf import settings
from django.utils import timezone

from shop.catalogue.models import Product, Source
from shop.catalogue.rules import is_alcoholic
from shop.reviews.queries import LATEST_FIELDS, LatestReviews, latest_reviews, with_latest_reviews
from shop.search import rules
from shop.search.queries.card import CARD_FIELDS, Card, card_of, cards, of_first_picture, shelved
from shop.search.queries.listing import BY_NAME
from shop.search.queries.window import RAIL_SIZE

FEW_LEFT = 5

DETAIL_FIELDS = (
    "ean", "description", "vat_rate", "deposit", "is_food", "ingredients", "allergens", "nutrition",
    "stated_nutriscore", "origin", "storage", "alcohol_degree", "minimum_age", "shelf_id", "shelf__slug",
    "source", "shelf__name", "shelf__parent__slug", "shelf__parent__name", "here__expected_restock_on",
)  # fmt: skip


class ProductPage(TypedDict):
    """All that the product page says, next to its card."""

    card: Card
    picture_alt: str
    ean: str
    description: str
    deposit: Decimal
    is_food: bool
    ingredients: str
    allergens: list[str] | None
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
    shelf_id: int
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
        "ean": row["ean"],
        "description": row["description"],
        "deposit": row["deposit"],
        "is_food": row["is_food"],
        "ingredients": row["ingredients"],
        "allergens": row["allergens"],
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
        "shelf_id": row["shelf_id"],
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


def neighbours(product_id: int, shelf_id: int, depot_id: int | None, limit: int = RAIL_SIZE) -> list[Card]:
    """What else stands on the same shelf and can be had, the most bought first. One query."""
    others = shelved(depot_id).filter(shelf=shelf_id, is_available=True).exclude(pk=product_id)
    return cards(others.order_by("-popularity", *BY_NAME)[:limit])
