"""All that the product page says."""

from collections.abc import Hashable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, TypedDict

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.translation import gettext as _

from config import kept
from config.rows import rows
from shop.catalogue.models import Product, ProductPicture, Source
from shop.catalogue.queries import picture_sources
from shop.catalogue.rules import is_alcoholic
from shop.reviews.queries import LATEST_SQL, RATINGS_SQL, LatestReviews, latest_reviews
from shop.search import rules
from shop.search.queries.card import (
    CARD_FIELDS,
    Card,
    Shelved,
    card_of,
    cards,
    cards_on_sale,
    keep_cards,
    picture_of,
    shelved,
)
from shop.search.queries.closest import Kin, closest_first
from shop.search.queries.facets import ORDER_SECONDS
from shop.search.queries.listing import BY_NAME
from shop.search.queries.window import RAIL_SIZE
from shop.stock.queries import HIGHEST_COST, LEAST_SOLD

FEW_LEFT = 5
ALTERNATIVES = 6

DETAIL_FIELDS = (
    "ean", "description", "vat_rate", "deposit", "is_food", "ingredients", "allergens", "nutrition",
    "stated_nutriscore", "origin", "storage", "minimum_life_days", "shelf__minimum_life_days",
    "alcohol_degree", "minimum_age", "shelf_id", "shelf__slug", "source", "shelf__name", "shelf__parent__slug", "shelf__parent__name",
    "legal_name", "operator", "instructions", "traces",
)  # fmt: skip


class Picture(TypedDict):
    """A photograph beside the first one."""

    url: str
    srcset: str
    original: str
    alt: str


class ProductPage(TypedDict):
    """All that the product page says, next to its card."""

    card: Card
    picture_alt: str
    picture_original: str
    more_pictures: list[Picture]
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
    minimum_life_days: int | None
    packaging: str
    alcohol_degree: Decimal | None
    degree: str
    is_alcohol: bool
    minimum_age: int | None
    few_left: int | None
    expected_restock_on: date | None
    path: list[dict[str, str]]
    illustrated: list[str]
    reviews: LatestReviews


class ProductState(NamedTuple):
    """Which product an address names, and all that its page shows and that its version does not tell."""

    id: int
    version: int
    name: str
    sold_by_weight: bool
    # The least one can buy, in pieces or grams.
    smallest: int
    available: int
    restock_on: date | None
    unit_cost: Decimal
    ratings: Sequence[int]
    # As JSON.
    latest_reviews: str
    kin: Kin

    @property
    def is_available(self) -> bool:
        return self.available >= self.smallest

    @property
    def control(self) -> dict[str, Any]:
        """What « Ajouter » and the stepper need, as a card has it."""
        return {
            "id": self.id,
            "version": self.version,
            "name": self.name,
            "is_available": self.is_available,
            "sold_by_weight": self.sold_by_weight,
            "step_grams": self.smallest if self.sold_by_weight else 0,
        }

    @property
    def few_left(self) -> int | None:
        """How many, where saying so helps."""
        return self.available if self.available <= FEW_LEFT and not self.sold_by_weight else None

    @property
    def expected_restock_on(self) -> date | None:
        """The day it should be back, unless that is over."""
        return self.restock_on if self.restock_on and self.restock_on >= timezone.localdate() else None

    @property
    def shown(self) -> tuple[Hashable, ...]:
        """Names what a page says of it: the same values, the same page."""
        return (
            self.id, self.version, self.is_available, self.few_left, self.expected_restock_on, self.unit_cost,
            *self.ratings, self.latest_reviews,
        )  # fmt: skip


_STATE = f"""
SELECT p.id, p.version, p.name, p.sold_by = 'weight', {LEAST_SOLD},
       coalesce(i.available, 0), i.expected_restock_on, {HIGHEST_COST},
       {RATINGS_SQL}, {LATEST_SQL}, {", ".join(f"p.{name}" for name in Kin._fields)}
  FROM catalogue_product p LEFT JOIN stock_stockitem i ON i.product_id = p.id AND i.depot_id = %s
 WHERE p.slug = %s AND p.is_published
"""  # noqa: S608 - constants


def product_state(slug: str, depot_id: int | None) -> ProductState | None:
    """A published product as it stands in a depot, or None. One query."""
    found = rows(_STATE, [depot_id or 0, slug])
    if not found:
        return None
    facts = len(ProductState._fields) - 1
    return ProductState._make([*found[0][:facts], Kin(*found[0][facts:])])


def product_detail(state: ProductState, depot_id: int | None) -> ProductPage | None:
    """All the particulars of a product; None where it has just gone. One query."""
    described = shelved(depot_id).filter(pk=state.id).annotate(all_pictures=_ALL_PICTURES)
    row = described.values(*CARD_FIELDS, *DETAIL_FIELDS, "all_pictures").first()
    return _product_page(row, state) if row else None


_ALL_PICTURES = ArraySubquery(
    ProductPicture.objects.filter(product=OuterRef("pk"))
    .order_by("position", "id")
    .values(told=JSONObject(name="image", variants="variants", alt="alt"))
)


def _picture(told: dict[str, Any], number: int) -> Picture:
    sources = picture_sources(told["name"], told["variants"])
    alt = told["alt"] or _("Photo n° %(number)d") % {"number": number}
    return {"url": sources.url, "srcset": sources.srcset, "original": sources.original, "alt": alt}


def _product_page(row: dict[str, Any], state: ProductState) -> ProductPage:
    card = card_of(row | {"is_available": state.is_available, "unit_cost": state.unit_cost})
    return {
        "card": card,
        "picture_alt": row["all_pictures"][0]["alt"] if row["all_pictures"] else "",
        "picture_original": picture_of(row).original,
        "more_pictures": [
            _picture(told, place) for place, told in enumerate(row["all_pictures"], 1) if place > 1
        ],
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
        "minimum_life_days": (
            row["shelf__minimum_life_days"] if row["minimum_life_days"] is None else row["minimum_life_days"]
        ),
        "packaging": row["packaging"],
        "alcohol_degree": row["alcohol_degree"],
        "degree": rules.degree_label(row["alcohol_degree"]),
        "is_alcohol": is_alcoholic(row["alcohol_degree"]),
        "minimum_age": row["minimum_age"],
        "few_left": state.few_left,
        "expected_restock_on": state.expected_restock_on,
        "path": _path(row),
        "illustrated": row["invented"] if settings.DEMONSTRATION else [],
        "reviews": latest_reviews(state.ratings, state.latest_reviews),
    }


def _path(row: dict[str, Any]) -> list[dict[str, str]]:
    steps = [
        (row["shelf__parent__name"], row["shelf__parent__slug"]),
        (row["shelf__name"], row["shelf__slug"]),
    ]
    return [{"name": name, "slug": slug} for name, slug in steps if slug]


def others(state: ProductState, depot_id: int | None) -> list[Card]:
    """What else stands on the same shelf and can be had. One query, two where a card has changed.

    The most bought first; for a product that cannot be had, what would do in its place, closest first. Which they
    are is kept as long as an aisle's order.
    """
    key = ("others", kept.version("shelves"), depot_id, state.id, state.version, state.is_available)
    if (order := kept.peek(key)) is None:
        keep_cards(found := cards(_around(state, depot_id)))
        kept.keep(key, [card["id"] for card in found], size=kept.SMALL, seconds=ORDER_SECONDS)
        return found
    return [card for card in cards_on_sale(order, depot_id) if card["is_available"]]


def _around(state: ProductState, depot_id: int | None) -> Shelved:
    around = shelved(depot_id).filter(shelf=state.kin.shelf_id, is_available=True).exclude(pk=state.id)
    if state.is_available:
        return around.order_by("-popularity", *BY_NAME)[:RAIL_SIZE]
    return closest_first(around, state.kin)[:ALTERNATIVES]
