"""More products: variations of the starter's, by brand, format and label."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from django.db.models import Max
from django.utils.text import slugify

from config.demonstration.marks import EAN_PREFIX, ean13
from config.demonstration.plan import Refused
from config.demonstration.words import FORMATS, GROWN, MAKERS, NOTES, NOTES_AS_GROWN, PLACES
from config.demonstration.work import Work
from shop.catalogue.models import Product
from shop.catalogue.rules import sort_name
from shop.catalogue.services import refresh_search, slug_of
from shop.stock.models import StockItem, StockMovement
from shop.stock.services import lay_out

INVENTED = ["price", "net_quantity", "stock", "cost"]
_BATCH = 5000
_ORGANIC = "AB"
_VARIED = ("ean", "slug", "name", "sort_name", "brand_id", "net_quantity", "price", "labels", "invented")
_FRESH = ("id", "popularity", "version", "created_at", "updated_at")
_STAGED = (
    "number", "template", "ean", "slug", "name", "sort_name", "brand_slug", "net_quantity", "price", "cost", "labels"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Variation:
    """What distinguishes an article from the one it varies."""

    note: str
    factor: Decimal
    format: str
    tier: Decimal
    is_organic: bool


def brands() -> list[str]:
    return [f"{maker} {place}" for maker in MAKERS for place in PLACES]


def make_products(work: Work) -> None:
    """Bring the shop to ``plan.products`` articles, those it has included; published, stocked in every depot."""
    missing = work.plan.products - Product.objects.count()
    if missing <= 0:
        return
    templates = _templates()
    if not templates:
        raise Refused(
            "Aucun produit de départ à varier\u202f: installez le catalogue de départ (manage.py demo)."
        )
    _stage(work, _rows(templates, missing, Random(work.plan.seed)))  # noqa: S311 - reproducible on purpose
    work.run(_BRANDS, names=brands(), slugs=[slugify(sort_name(name)) for name in brands()])
    _insert(work)
    _stock(work)
    lay_out()
    ids = [pk for (pk,) in work.rows(_NEW_IDS)]
    for first in range(0, len(ids), _BATCH):
        refresh_search(product_ids=ids[first : first + _BATCH])
        if len(ids) > _BATCH:
            work.say(f"  recherche\u202f: {min(100, 100 * (first + _BATCH) // len(ids))}\u202f%")
    work.run("ANALYZE catalogue_product, catalogue_brand, stock_stockitem")


def _templates() -> list[dict[str, Any]]:
    """What the shop states in full: nothing imported, nothing varied already. One query."""
    found = Product.objects.filter(is_published=True, source="", invented=[]).exclude(
        ean__startswith=EAN_PREFIX
    )
    fields = ("id", "ean", "name", "packaging", "sold_by", "net_quantity", "net_unit", "price", "vat_rate", "labels",
              "is_food", "minimum_age", "shelf__parent__slug")  # fmt: skip
    return list(found.order_by("ean").values(*fields, cost=Max("stock_items__unit_cost")))


def _rows(templates: list[dict[str, Any]], count: int, draw: Random) -> Iterator[tuple[Any, ...]]:
    names = brands()
    slugs = {name: slugify(sort_name(name)) for name in names}
    for number in range(count):
        template = templates[number % len(templates)]
        variation = _vary(template, number // len(templates), draw)
        name = named(template["name"], variation)
        ean = ean13(number)
        price, cost = _priced(template, variation)
        quantity = template["net_quantity"] and (template["net_quantity"] * variation.factor).quantize(
            Decimal(1)
        )
        labels = [*template["labels"], _ORGANIC] if variation.is_organic else template["labels"]
        yield (number, template["id"], ean, slug_of(name, ean), name, sort_name(name)[:200],
               slugs[draw.choice(names)], quantity, price, cost, labels)  # fmt: skip


def _vary(template: dict[str, Any], turn: int, draw: Random) -> Variation:
    factor, words = FORMATS[draw.randrange(len(FORMATS))] if _has_formats(template) else FORMATS[0]
    is_organic = (
        template["is_food"] and not template["minimum_age"] and _ORGANIC not in template["labels"]
        and "bio" not in template["name"].lower() and draw.random() < 0.15
    )  # fmt: skip
    tier = Decimal(draw.choice(("0.85", "0.95", "1", "1.1", "1.25"))) * (
        Decimal("1.2") if is_organic else Decimal(1)
    )
    notes = NOTES_AS_GROWN if template["shelf__parent__slug"] in GROWN else NOTES
    return Variation(notes[turn % len(notes)], Decimal(str(factor)), words, tier, is_organic)


def _has_formats(template: dict[str, Any]) -> bool:
    """Not where the name or the packaging tells a quantity, nor where half of it would be no article."""
    says_how_much = any(char.isdigit() for char in template["name"] + template["packaging"])
    return template["sold_by"] == "piece" and template["net_unit"] != "piece" and not says_how_much


def named(base: str, variation: Variation) -> str:
    organic = " bio" if variation.is_organic else ""
    return ", ".join(part for part in (base[:140] + organic, variation.note, variation.format) if part)


def _priced(template: dict[str, Any], variation: Variation) -> tuple[Decimal, Decimal]:
    """Larger formats cost less by the kilogram; prices end in 5 or 9; the margin stays the template's."""
    by_size = Decimal(str(float(variation.factor) ** 0.92))
    aimed = max(template["price"] * variation.tier * by_size, Decimal("0.45"))
    tenths = (aimed * 10).quantize(Decimal(1), rounding=ROUND_HALF_UP) / 10
    price = tenths + (Decimal("0.05") if int(tenths * 10) % 2 else Decimal("-0.01"))
    cost = (template["cost"] or Decimal(0)) * price / template["price"]
    return price, cost.quantize(Decimal("0.01"))


def _stage(work: Work, rows: Iterator[tuple[Any, ...]]) -> None:
    work.run(_STAGING)
    with work.cursor.copy(f"COPY demo_product ({', '.join(_STAGED)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    work.run("ANALYZE demo_product")


_STAGING = """
CREATE TEMPORARY TABLE demo_product (
    number integer PRIMARY KEY, template bigint, ean varchar, slug varchar, name varchar, sort_name varchar,
    brand_slug varchar, net_quantity numeric, price numeric, cost numeric, labels varchar[]
)
"""
_BRANDS = """
INSERT INTO catalogue_brand (slug, name)
SELECT * FROM unnest(%(slugs)s::varchar[], %(names)s::varchar[]) ON CONFLICT (slug) DO NOTHING
"""
_NEW_IDS = "SELECT p.id FROM catalogue_product p JOIN demo_product d USING (ean) ORDER BY p.id"


def _insert(work: Work) -> None:
    """As their templates in all that is not varied: what a room adds to products is copied like the rest."""
    columns = [str(field.column) for field in Product._meta.concrete_fields]
    copied = [name for name in columns if name not in {*_VARIED, *_FRESH}]
    varied = {
        **{name: f"d.{name}" for name in ("ean", "slug", "name", "sort_name", "net_quantity", "price", "labels")},
        "brand_id": "b.id", "invented": "%(invented)s::varchar[]", "popularity": "0", "version": "1",
        "created_at": "%(since)s::timestamptz", "updated_at": "%(since)s::timestamptz",
    }  # fmt: skip
    work.insert(
        Product,
        varied | {name: f"t.{name}" for name in copied},
        "FROM demo_product d JOIN catalogue_product t ON t.id = d.template JOIN catalogue_brand b ON b.slug = d.brand_slug"
        " ORDER BY d.number",
        invented=INVENTED,
    )


def _stock(work: Work) -> None:
    """One article in fifty is out of stock in a depot, so that the shop shows what that looks like."""
    units = """CASE WHEN pg_temp.demo_draw(d.number * 64 + depot.place, 11) < 0.02 THEN 0 ELSE
               (10 + floor(190 * pg_temp.demo_draw(d.number * 64 + depot.place, 12)))::int
               * CASE WHEN p.sold_by = 'weight' THEN p.weight_step_g ELSE 1 END END"""
    work.insert(
        StockItem,
        {"product_id": "p.id", "depot_id": "depot.id", "on_hand": units, "unit_cost": "d.cost",
         "cost_since": "(%(since)s::timestamptz)::date"},
        """FROM demo_product d JOIN catalogue_product p USING (ean)
           CROSS JOIN (SELECT id, row_number() OVER (ORDER BY code) AS place FROM zones_depot) depot
           ORDER BY p.id, depot.id""",
    )  # fmt: skip
    work.insert(
        StockMovement,
        {"item_id": "i.id", "kind": "'opening'", "quantity": "i.on_hand", "on_hand_after": "i.on_hand",
         "at": "%(since)s::timestamptz"},
        "FROM demo_product d JOIN catalogue_product p USING (ean) JOIN stock_stockitem i ON i.product_id = p.id ORDER BY i.id",
    )  # fmt: skip
