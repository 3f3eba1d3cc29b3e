"""A product as a file states it, ready for the staging table."""

from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal

from shop.catalogue.rules import sort_name
from shop.catalogue.services import slug_of


@dataclass(slots=True)
class Draft:
    """One row. Names and order are those of the staging table's columns."""

    line: int
    ean: str
    name: str = ""
    slug: str = ""
    sort_name: str = ""
    brand: str = ""
    brand_slug: str = ""
    shelf_id: int | None = None
    description: str = ""
    packaging: str = ""
    packshot: str = "box"
    sold_by: str = "piece"
    weight_step_g: int | None = None
    net_quantity: Decimal | None = None
    net_unit: str = "g"
    price: Decimal | None = None
    vat_rate: Decimal | None = None
    deposit: Decimal = Decimal(0)
    is_food: bool = True
    legal_name: str = ""
    operator: str = ""
    instructions: str = ""
    ingredients: str = ""
    allergens: list[str] | None = None
    traces: list[str] = field(default_factory=list)
    allergens_checked_on: date | None = None
    nutrition: dict[str, float] = field(default_factory=dict)
    stated_nutriscore: str = ""
    labels: list[str] = field(default_factory=list)
    origin: str = ""
    storage: str = ""
    alcohol_degree: Decimal | None = None
    minimum_age: int | None = None
    is_first_age_milk: bool = False
    source: str = ""
    popularity: int = 0
    stock: int | None = None
    cost: Decimal | None = None
    invented: list[str] = field(default_factory=list)

    def named(self, name: str) -> None:
        self.name = name
        self.sort_name = sort_name(name)[:200]
        self.slug = slug_of(name, self.ean)

    def branded(self, brand: str) -> None:
        from django.utils.text import slugify

        slug = slugify(sort_name(brand))[:120]
        self.brand, self.brand_slug = (brand, slug) if slug else ("", "")


COLUMNS = tuple(item.name for item in fields(Draft))


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the engine needs to know of an aisle or shelf."""

    id: int
    slug: str
    top: str
    vat_rate: Decimal
    requires: frozenset[str]

    @property
    def is_food(self) -> bool:
        return "allergens" in self.requires or "alcohol_degree" in self.requires


Cells = dict[str, str]
