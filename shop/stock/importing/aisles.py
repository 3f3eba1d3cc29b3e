"""The aisle tree as the engine sees it, and the shelves it adds on demand."""

import csv
from decimal import Decimal
from pathlib import Path

import shop.catalogue
from shop.catalogue.models import Temperature
from shop.catalogue.queries import shelves_by_slug
from shop.catalogue.services import NewAisle, add_aisles, drop_empty_shelves
from shop.stock.importing.draft import Shelf
from shop.stock.importing.shelving import others_name

AISLES_FILE = Path(shop.catalogue.__file__).parent / "starter" / "aisles.csv"
_PLACE_OF_OTHERS = 900


def _usual() -> list[dict[str, str]]:
    with AISLES_FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def top_by_name() -> dict[str, str]:
    """Slugs of the usual aisles by their first name, which extracts keep when staff rename an aisle."""
    return {row["name"]: row["slug"] for row in _usual() if not row["parent"]}


def ensure_aisles() -> None:
    """Create the shop's usual aisles and shelves where their slug is free. 3 queries."""
    add_aisles(
        aisles=[
            NewAisle(
                slug=row["slug"], name=row["name"], parent=row["parent"], position=int(row["position"]),
                tint=row["tint"], vat_rate=Decimal(row["vat_rate"]),
                requires=[code for code in row["requires"].split("|") if code],
                temperature=row["temperature"] or Temperature.AMBIENT,
                life_days=int(row["life_days"]) if row["life_days"] else None,
                may_be_returned=row["returns"] == "oui",
            )
            for row in _usual()
        ]
    )  # fmt: skip


def ensure_other_shelves() -> None:
    """« Autres … » under each usual aisle, for what the words do not place. 4 queries."""
    known = shelves_by_slug()
    add_aisles(
        aisles=[
            NewAisle(
                slug=f"autres-{slug}", name=others_name(slug, known[slug]["name"]), parent=slug,
                position=_PLACE_OF_OTHERS, tint=known[slug]["tint"], vat_rate=known[slug]["default_vat_rate"],
                requires=known[slug]["requires"], temperature=known[slug]["temperature"],
                life_days=known[slug]["minimum_life_days"], may_be_returned=known[slug]["may_be_returned"],
            )
            for slug in top_by_name().values()
        ]
    )  # fmt: skip


def drop_empty_others() -> None:
    """« Autres … » shelves that caught nothing are shown to nobody. 2 queries."""
    drop_empty_shelves(slugs=[f"autres-{slug}" for slug in top_by_name().values()])


def known_shelves() -> dict[str, Shelf]:
    """Every aisle and shelf by slug. One query."""
    return {
        slug: Shelf(row["id"], slug, row["top"], row["default_vat_rate"], frozenset(row["requires"]))
        for slug, row in shelves_by_slug().items()
    }
