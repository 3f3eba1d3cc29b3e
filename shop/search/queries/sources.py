"""What the index reads of products."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from shop.catalogue.models import Product
from shop.search.words import Described

_READ = (
    "pk", "popularity", "sold_by", "weight_step_g", "brand_id", "name", "brand__name", "shelf__name",
    "shelf__parent__name", "packaging", "labels", "ean", "net_quantity", "net_unit",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ToIndex:
    """A product on sale. ``smallest`` is the least one can buy, in pieces or grams."""

    product_id: int
    popularity: int
    smallest: int
    brand_id: int | None
    described: Described


def rows_to_index(product_ids: Collection[int]) -> list[ToIndex]:
    """Those of the products that are on sale, with every word they are found by. One query."""
    rows = Product.objects.filter(pk__in=product_ids, is_published=True).order_by("pk")
    return [_to_index(row) for row in rows.values(*_READ)]


def ids_on_sale() -> list[int]:
    """One query."""
    return list(Product.objects.filter(is_published=True).order_by("pk").values_list("pk", flat=True))


def _to_index(row: dict[str, Any]) -> ToIndex:
    by_weight = row["sold_by"] == Product.SoldBy.WEIGHT
    described = Described(
        name=row["name"],
        brand=row["brand__name"] or "",
        shelf=row["shelf__name"] or "",
        aisle=row["shelf__parent__name"] or "",
        packaging=row["packaging"],
        labels=row["labels"],
        ean=row["ean"],
        net_quantity=None if by_weight else row["net_quantity"],
        net_unit=row["net_unit"],
    )
    smallest = row["weight_step_g"] or 1 if by_weight else 1
    return ToIndex(row["pk"], row["popularity"], smallest, row["brand_id"], described)
