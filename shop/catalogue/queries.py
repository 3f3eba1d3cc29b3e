"""Reads of the catalogue that span models."""

from collections.abc import Collection, Iterable
from typing import Any

from django.conf import settings

from shop.catalogue.models import Aisle, Product
from shop.catalogue.rules import Particular, Particulars, missing_particulars
from shop.catalogue.wording import missing_words as missing_words

_FIELDS = (
    "price", "vat_rate", "sold_by", "net_quantity", "ingredients", "allergens", "nutrition", "origin",
    "storage", "alcohol_degree", "minimum_age", "invented",
)  # fmt: skip


def missing_by_product(product_ids: Collection[int]) -> dict[int, list[Particular]]:
    """What each product lacks to be published, by the shop's own rule. One query."""
    rows = Product.objects.filter(pk__in=product_ids).values("id", "shelf_id", "shelf__requires", *_FIELDS)
    return {row["id"]: _missing(row) for row in rows.order_by("id").iterator()}


def missing_of(product: Product) -> list[Particular]:
    """The checklist of a product in memory, saved or not. One query at most, for its shelf."""
    row = {name: getattr(product, name) for name in _FIELDS}
    requires = product.shelf.requires if product.shelf else []
    return _missing(row | {"shelf_id": product.shelf_id, "shelf__requires": requires})


def _missing(row: dict[str, Any]) -> list[Particular]:
    values = Particulars(
        has_shelf=row["shelf_id"] is not None,
        requires=frozenset(row["shelf__requires"] or ()),
        **{name: row[name] for name in _FIELDS},
    )
    return missing_particulars(values, demonstration=settings.DEMONSTRATION)


def shelves_by_slug() -> dict[str, dict[str, Any]]:
    """Every aisle and shelf: id, name, its aisle's slug (``top``), tint, usual VAT and what it makes due. One query."""
    rows = Aisle.objects.values("id", "slug", "name", "parent__slug", "tint", "default_vat_rate", "requires")
    return {row["slug"]: row | {"top": row["parent__slug"] or row["slug"]} for row in rows}


def products_by_ean(eans: Iterable[str]) -> dict[str, int]:
    """Ids of the known codes. One query."""
    return dict(Product.objects.filter(ean__in=list(eans)).values_list("ean", "id"))
