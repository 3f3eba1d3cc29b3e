"""Reads of the catalogue that span models."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from django.conf import settings

from shop.catalogue.models import Aisle, Product, ProductPicture
from shop.catalogue.rules import (
    Particular,
    Particulars,
    missing_particulars,
    usual_side,
    variant_name,
)
from shop.catalogue.wording import missing_words as missing_words

_FIELDS = (
    "price", "vat_rate", "sold_by", "net_quantity", "ingredients", "allergens", "nutrition", "origin",
    "storage", "operator", "alcohol_degree", "minimum_age", "invented",
)  # fmt: skip


def missing_by_product(product_ids: Collection[int]) -> dict[int, list[Particular]]:
    """What each product lacks to be published, by the shop's own rule. One query."""
    rows = Product.objects.filter(pk__in=product_ids).values(
        "id", "shelf_id", "shelf__requires", "recalled_at", *_FIELDS
    )
    return {row["id"]: _missing(row) for row in rows.order_by("id").iterator()}


def missing_of(product: Product) -> list[Particular]:
    """The checklist of a product in memory, saved or not. One query at most, for its shelf."""
    row = {name: getattr(product, name) for name in _FIELDS}
    requires = product.shelf.requires if product.shelf else []
    told = {"shelf_id": product.shelf_id, "shelf__requires": requires, "recalled_at": product.recalled_at}
    return _missing(row | told)


def _missing(row: dict[str, Any]) -> list[Particular]:
    values = Particulars(
        has_shelf=row["shelf_id"] is not None,
        requires=frozenset(row["shelf__requires"] or ()),
        is_recalled=row["recalled_at"] is not None,
        **{name: row[name] for name in _FIELDS},
    )
    return missing_particulars(values, demonstration=settings.DEMONSTRATION)


def shelves_by_slug() -> dict[str, dict[str, Any]]:
    """Every aisle and shelf: id, name, its aisle's slug (``top``), tint, usual VAT, what it makes due and how it is kept. One query."""
    rows = Aisle.objects.values(
        "id", "slug", "name", "parent__slug", "tint", "default_vat_rate", "requires", "temperature",
        "minimum_life_days", "may_be_returned",
    )  # fmt: skip
    return {row["slug"]: row | {"top": row["parent__slug"] or row["slug"]} for row in rows}


class PictureSources(NamedTuple):
    """What an ``<img>`` says: its address, its smaller files ("" without any), the picture as it was uploaded."""

    url: str
    srcset: str
    original: str


def picture_sources(name: str, sides: Sequence[int]) -> PictureSources:
    """Addresses of a picture by its file's name and the sides of its variants. No query."""
    address = ProductPicture._meta.get_field("image").storage.url
    original = address(name)
    usual = usual_side(sides) or min(sides, default=0)
    srcset = ", ".join(f"{address(variant_name(name, side))} {side}w" for side in sides)
    return PictureSources(address(variant_name(name, usual)) if usual else original, srcset, original)
