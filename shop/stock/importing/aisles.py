"""The aisle tree as the engine sees it, and the shelves it adds on demand."""

import csv
from decimal import Decimal
from pathlib import Path

import shop.catalogue
from shop.catalogue.models import Aisle
from shop.stock.importing.draft import Shelf
from shop.stock.importing.shelving import SHELVES, others_name

AISLES_FILE = Path(shop.catalogue.__file__).parent / "starter" / "aisles.csv"
_PLACE_OF_OTHERS = 900


def ensure_aisles() -> None:
    """Create the shop's usual aisles and shelves where their slug is free. Never changes one. 4 queries."""
    with AISLES_FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    Aisle.objects.bulk_create([_aisle(row, None) for row in rows if not row["parent"]], ignore_conflicts=True)
    tops = dict(Aisle.objects.values_list("slug", "pk"))
    shelves = [_aisle(row, tops[row["parent"]]) for row in rows if row["parent"]]
    Aisle.objects.bulk_create(shelves, ignore_conflicts=True)


def _aisle(row: dict[str, str], parent: int | None) -> Aisle:
    return Aisle(
        slug=row["slug"], name=row["name"], parent_id=parent, position=int(row["position"]), tint=row["tint"],
        default_vat_rate=Decimal(row["vat_rate"]),
        requires=[code for code in row["requires"].split("|") if code],
    )  # fmt: skip


def ensure_other_shelves() -> None:
    """« Autres … » under each aisle that the categories may fall through. 2 queries."""
    tops = Aisle.objects.filter(parent=None, slug__in=SHELVES)
    Aisle.objects.bulk_create(
        [
            Aisle(
                slug=f"autres-{top.slug}", name=others_name(top.slug, top.name), parent=top, tint=top.tint,
                position=_PLACE_OF_OTHERS, default_vat_rate=top.default_vat_rate, requires=top.requires,
            )
            for top in tops
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def drop_empty_others() -> None:
    """« Autres … » shelves that caught nothing are not shown to anybody. One query."""
    Aisle.objects.filter(
        slug__startswith="autres-", products=None, shelves=None, position=_PLACE_OF_OTHERS
    ).delete()


def known_shelves() -> dict[str, Shelf]:
    """Every aisle and shelf by slug. One query."""
    rows = Aisle.objects.values_list("slug", "pk", "parent__slug", "default_vat_rate", "requires")
    return {
        slug: Shelf(pk, slug, parent or slug, rate, frozenset(requires))
        for slug, pk, parent, rate, requires in rows
    }


def top_by_name() -> dict[str, str]:
    """Slugs of the aisles by name, as Open Food Facts' extracts name them. One query."""
    return {aisle.name: aisle.slug for aisle in Aisle.objects.filter(parent=None)}
