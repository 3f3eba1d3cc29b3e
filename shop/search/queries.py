"""What pages read to show products. Nothing here writes to the database.

Cards are plain dictionaries for `components/product_card.html`: model instances would cost more to build
than the whole page to send. Availability is that of one depot.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypedDict

from django.conf import settings
from django.contrib.postgres.search import SearchQuery, SearchRank
from django.core.cache import cache
from django.core.paginator import Page, Paginator
from django.db.models import (
    BooleanField,
    Case,
    DecimalField,
    Expression,
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
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext

from config.templatetags.cabas import grams
from shop.catalogue.models import Aisle, Product, ProductPicture, Source
from shop.catalogue.queries import aisles_version
from shop.catalogue.rules import is_alcoholic, net_quantity_label, unit_price_label
from shop.search import rules

PAGE_SIZE = 24
RAIL_SIZE = 12
SUGGESTIONS = 6
FEW_LEFT = 5
MENU_SECONDS = 300
TEXT_CONFIG = "cabas_french"
# From D (ingredients and the like) to A (name): a word of the name weighs most.
WEIGHTS = [0.1, 0.2, 0.4, 1.0]
ORGANIC_LABELS = {"ab", "bio", "agriculture biologique"}

RELEVANCE = "pertinence"
# Products with annotations, which the type checker cannot follow.
Shelved = QuerySet[Any]


class Card(TypedDict):
    id: int
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
    is_available: bool
    sold_by_weight: bool
    step_grams: int
    is_demonstration: bool


class Shelf(TypedDict):
    id: int
    slug: str
    name: str
    tint: str


class MenuAisle(Shelf):
    shelves: list[Shelf]


@dataclass(frozen=True)
class AislePlace:
    """An aisle or a shelf, and where it stands. ``shelves`` are its siblings when it is a shelf."""

    here: Shelf
    aisle: MenuAisle

    @property
    def is_shelf(self) -> bool:
        return self.here["id"] != self.aisle["id"]

    @property
    def path(self) -> list[Shelf]:
        """From the aisle to here."""
        return [self.aisle, self.here] if self.is_shelf else [self.here]

    @property
    def shelf_ids(self) -> list[int]:
        """Where its products stand; an aisle may also hold some itself."""
        if self.is_shelf:
            return [self.here["id"]]
        return [self.aisle["id"], *(shelf["id"] for shelf in self.aisle["shelves"])]


# --- the menu -----------------------------------------------------------------------------------


def menu() -> list[MenuAisle]:
    """The aisle tree. No query when cached, else one; one when the cache is dead.

    Built anew when an aisle is saved; a change lost with the cache itself is made up in five minutes.
    """
    key = f"menu:{aisles_version()}"
    tree: list[MenuAisle] | None = cache.get(key)
    if tree is None:
        tree = _menu_tree()
        cache.set(key, tree, MENU_SECONDS)
    return tree


def _menu_tree() -> list[MenuAisle]:
    shelves: list[dict[str, Any]] = list(
        Aisle.objects.order_by("position", "name", "id").values("id", "slug", "name", "tint", "parent_id")  # type: ignore[arg-type]
    )
    return [_branch(row, shelves) for row in shelves if row["parent_id"] is None]


def _branch(row: dict[str, Any], shelves: list[dict[str, Any]]) -> MenuAisle:
    return {**_shelf(row), "shelves": [_shelf(own) for own in shelves if own["parent_id"] == row["id"]]}


def _shelf(row: dict[str, Any]) -> Shelf:
    return {"id": row["id"], "slug": row["slug"], "name": row["name"], "tint": row["tint"]}


def find_aisle(slug: str) -> AislePlace | None:
    """An aisle or shelf by its slug. No query when the menu is cached; one more for a slug not in it."""
    return _find(menu(), slug) or _find(_menu_tree(), slug)


def _find(tree: list[MenuAisle], slug: str) -> AislePlace | None:
    for aisle in tree:
        for node in (aisle, *aisle["shelves"]):
            if node["slug"] == slug:
                return AislePlace(node, aisle)
    return None


def aisles_named(query: str, limit: int = 3) -> list[Shelf]:
    """Aisles and shelves whose name begins a word with each word typed. No query of its own."""
    words = rules.search_words(query)
    if not words or len("".join(words)) < 2:
        return []
    nodes = [node for aisle in menu() for node in (aisle, *aisle["shelves"])]
    return [node for node in nodes if _begins_words(node["name"], words)][:limit]


def _begins_words(name: str, words: list[str]) -> bool:
    return all(any(own.startswith(word) for own in rules.search_words(name)) for word in words)


# --- cards --------------------------------------------------------------------------------------

SMALLEST = Case(When(sold_by="weight", then=F("weight_step_g")), default=Value(1))
CARD_FIELDS = (
    "id", "slug", "name", "brand__name", "net_quantity", "net_unit", "packaging", "price", "sold_by",
    "labels", "packshot", "shelf__tint", "invented", "picture", "available", "smallest", "is_available",
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
        picture=_of_first_picture("image"),
    )
    can_be_had = ExpressionWrapper(
        Q(available__gte=F("smallest"), is_published=True), output_field=BooleanField()
    )
    shown: Shelved = located.annotate(is_available=can_be_had)
    return shown


def _of_first_picture(field: str) -> Subquery:
    pictures = ProductPicture.objects.filter(product=OuterRef("pk")).order_by("position", "id")
    return Subquery(pictures.values(field)[:1])


def cards(products: Shelved) -> list[Card]:
    """Cards of some `shelved` products, in their order. One query."""
    return [_card(row) for row in products.values(*CARD_FIELDS)]


def cards_by_id(product_ids: Collection[int], depot_id: int | None) -> dict[int, Card]:
    """Cards of given products by id, for baskets, lists and orders. One query.

    A product taken off sale has its card too, as one that cannot be had: it must not vanish from a basket.
    """
    wanted = shelved(depot_id, off_sale_too=True).filter(pk__in=product_ids, price__isnull=False)
    return {card["id"]: card for card in cards(wanted)}


def _card(row: dict[str, Any]) -> Card:
    by_weight = row["sold_by"] == Product.SoldBy.WEIGHT
    badge, badge_kind = _badge(row)
    return {
        "id": row["id"],
        "slug": row["slug"],
        "name": row["name"],
        "brand": row["brand__name"] or "",
        "net_quantity": _quantity_label(row, by_weight),
        "price": row["price"],
        "unit_price": unit_price_label(row["price"], row["net_quantity"], row["net_unit"], row["sold_by"]),
        "badge": badge,
        "badge_kind": badge_kind,
        "tint": row["shelf__tint"] or "neutral",
        "packshot": row["packshot"],
        "picture_url": _picture_url(row["picture"]),
        "is_available": row["is_available"],
        "sold_by_weight": by_weight,
        "step_grams": row["smallest"] if by_weight else 0,
        "is_demonstration": settings.DEMONSTRATION and bool(row["invented"]),
    }


def _quantity_label(row: dict[str, Any], by_weight: bool) -> str:
    if by_weight:
        return gettext("au poids, par %(step)s") % {"step": grams(row["smallest"])}
    return net_quantity_label(row["net_quantity"], row["net_unit"])


def _badge(row: dict[str, Any]) -> tuple[str, str]:
    """One at most, and only what a label states."""
    if any(label.lower() in ORGANIC_LABELS for label in row["labels"]):
        return "Bio", "bio"
    return "", ""


def _picture_url(name: str | None) -> str:
    return ProductPicture._meta.get_field("image").storage.url(name) if name else ""


# --- pages --------------------------------------------------------------------------------------

PER_UNIT = Case(
    When(sold_by="weight", then=F("price")),
    When(net_quantity__gt=0, net_unit="piece", then=F("price") / F("net_quantity")),
    When(net_quantity__gt=0, then=F("price") * 1000 / F("net_quantity")),
    output_field=DecimalField(max_digits=16, decimal_places=6),
)
# Pieces have no price per kilogram: they come after what can be compared.
IS_COUNTED = Case(When(sold_by="piece", net_unit="piece", then=Value(1)), default=Value(0))
_BY_NAME = ("sort_name", "id")
SORTS: dict[str, tuple[str | Expression, ...]] = {
    RELEVANCE: ("-is_available", "-popularity", *_BY_NAME),
    "prix": ("price", *_BY_NAME),
    "prix-au-kg": (IS_COUNTED.asc(), PER_UNIT.asc(nulls_last=True), *_BY_NAME),
    "nom": _BY_NAME,
}


def aisle_page(
    place: AislePlace, depot_id: int | None, page: str | int = 1, sort: str = RELEVANCE
) -> Page[Card]:
    """A page of 24 cards of an aisle with its shelves, or of one shelf; beyond the end, the last. Two queries."""
    products = (
        shelved(depot_id).filter(shelf__in=place.shelf_ids).order_by(*SORTS.get(sort, SORTS[RELEVANCE]))
    )
    return _page_of_cards(products, page)


def search(query: str, depot_id: int | None, page: str | int = 1, sort: str = RELEVANCE) -> Page[Card]:
    """A page of 24 cards that match what was typed, the most relevant first, then the most bought.

    Accents, ligatures, case and endings are ignored; the last word may be unfinished; a barcode finds its
    product. Any text is accepted; nothing to look for is no result. Two queries, none without a word.
    """
    found = matching(query, depot_id)
    if sort in SORTS and sort != RELEVANCE:
        found = found.order_by(*SORTS[sort])
    return _page_of_cards(found, page)


def matching(query: str, depot_id: int | None) -> Shelved:
    """Products for a cleaned or raw query, by relevance, then availability, then popularity. Lazy."""
    cleaned = rules.clean_query(query)
    if ean := rules.barcode(cleaned):
        return shelved(depot_id).filter(ean=ean).order_by("id")
    text = rules.text_query(rules.search_words(cleaned))
    if not text:
        return shelved(depot_id).none()
    products = shelved(depot_id)
    wanted = SearchQuery(text, config=TEXT_CONFIG, search_type="raw")
    found: Shelved = products.filter(search=wanted)
    ranked: Shelved = found.annotate(rank=SearchRank(F("search"), wanted, weights=WEIGHTS))
    return ranked.order_by("-rank", *SORTS[RELEVANCE])


def suggestions(query: str, depot_id: int | None) -> list[Card]:
    """The first few products for what has been typed so far. One query, none below two characters."""
    if len("".join(rules.search_words(rules.clean_query(query)))) < 2:
        return []
    found = matching(query, depot_id)
    return _cards_of(found, found.values("pk")[:SUGGESTIONS])


def _page_of_cards(products: Shelved, page: str | int) -> Page[Card]:
    found: Page[Any] = Paginator(products.values("pk"), PAGE_SIZE).get_page(page)
    found.object_list = _cards_of(products, found.object_list)
    return found


def _cards_of(products: Shelved, chosen: Any) -> list[Card]:
    """Cards of a slice of ordered products. One query, that sorts thousands of ids but reads only those cards."""
    return cards(products.filter(pk__in=chosen))


# --- the home page ------------------------------------------------------------------------------


def _for_the_window(depot_id: int | None) -> Shelved:
    """What may stand in the window: on sale here, and neither alcohol nor first-age milk.

    Pushing these forward is advertising: CSP L3323-2; Code de la consommation L122-12 ff. for the milk.
    """
    return shelved(depot_id).filter(is_available=True, minimum_age__isnull=True, is_first_age_milk=False)


def _best(depot_id: int | None) -> Shelved:
    return _for_the_window(depot_id).filter(popularity__gt=0).order_by("-popularity", "id")


def _new(depot_id: int | None) -> Shelved:
    # Identifiers follow creation, and are indexed.
    return _for_the_window(depot_id).order_by("-id")


def best_sellers(depot_id: int | None, limit: int = RAIL_SIZE) -> list[Card]:
    """The most bought that can be had from this depot. One query."""
    return cards(_best(depot_id)[:limit])


def newest(depot_id: int | None, limit: int = RAIL_SIZE) -> list[Card]:
    """The last to join the shelves, among what can be had from this depot. One query."""
    return cards(_new(depot_id)[:limit])


def home_rails(depot_id: int | None) -> tuple[list[Card], list[Card]]:
    """Best sellers and newest. One query: each half reads its own index and stops."""
    best, new = (
        products.annotate(rail=Value(rail)).values("rail", *CARD_FIELDS)[:RAIL_SIZE]
        for rail, products in (("best", _best(depot_id)), ("new", _new(depot_id)))
    )
    rows = list(best.union(new, all=True))
    return _rail(rows, "best"), _rail(rows, "new")


def _rail(rows: Iterable[dict[str, Any]], rail: str) -> list[Card]:
    return [_card(row) for row in rows if row["rail"] == rail]


# --- the product page ---------------------------------------------------------------------------

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


def product_detail(slug: str, depot_id: int | None) -> ProductPage | None:
    """A published product with all its particulars, or None. One query."""
    described = shelved(depot_id).filter(slug=slug).annotate(picture_alt=_of_first_picture("alt"))
    row = described.values(*CARD_FIELDS, *DETAIL_FIELDS, "picture_alt").first()
    return _product_page(row) if row else None


def _product_page(row: dict[str, Any]) -> ProductPage:
    card = _card(row)
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
    return cards(others.order_by("-popularity", *_BY_NAME)[:limit])
