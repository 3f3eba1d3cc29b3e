"""The aisle tree as the engine sees it, and the shelves it adds on demand."""

import csv
from decimal import Decimal
from pathlib import Path

import shop.catalogue
from shop.catalogue.models import Aisle
from shop.stock.importing.draft import Shelf
from shop.stock.importing.shelving import others_name

AISLES_FILE = Path(shop.catalogue.__file__).parent / "starter" / "aisles.csv"
_PLACE_OF_OTHERS = 900


def _usual() -> list[dict[str, str]]:
    with AISLES_FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def ensure_aisles() -> None:
    """Create the shop's usual aisles and shelves where their slug is free. Never changes one. 3 queries."""
    rows = _usual()
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
    tops = Aisle.objects.filter(slug__in=top_by_name().values())
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
    """Slugs of the usual aisles by their first name, which extracts keep when staff rename an aisle."""
    return {row["name"]: row["slug"] for row in _usual() if not row["parent"]}
