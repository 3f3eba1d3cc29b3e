"""A file as rows of text cells, whatever its format. Faults of the whole file raise FileRefused."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext as _

from shop.stock.importing.draft import Cells
from shop.stock.importing.report import FileRefused, RowRefused

MAX_FILE_BYTES = 200 * 1024 * 1024
Row = tuple[int, Cells | RowRefused]

OFF_COLUMNS = (
    "ean", "name", "brand", "brand_source", "quantity", "rayon", "category", "category_path", "category_source",
    "nutriscore", "nutriscore_source", "ingredients", "allergens_marked", "allergens_found", "kcal_100g",
    "kcal_source", "fat_100g", "saturated_fat_100g", "carbohydrates_100g", "sugars_100g", "fiber_100g",
    "proteins_100g", "salt_100g", "image_path",
)  # fmt: skip
NATIVE_COLUMNS = (
    "ean", "name", "brand", "aisle", "packaging", "packshot", "net_quantity", "net_unit", "sold_by",
    "weight_step_g", "price", "vat_rate", "cost", "ingredients", "allergens", "nutrition", "labels", "origin",
    "storage", "alcohol_degree", "minimum_age", "deposit", "stock", "description", "best_seller_rank",
    "stated_nutriscore", "traces", "allergens_checked_on", "legal_name", "operator", "instructions",
)  # fmt: skip
# What an export of the stock tells besides: read over, so that a file counted in a spreadsheet comes back as it left.
READ_OVER = (
    "depot", "reserved", "available", "weekly_sales", "to_reorder", "cost_since", "shelf_position",
    "expected_restock_on",
)  # fmt: skip


@dataclass
class Source:
    """An opened file: its columns, its rows one by one, and what the reader noticed."""

    columns: tuple[str, ...]
    rows: Iterator[Row]
    notes: list[str] = field(default_factory=list)

    @property
    def is_open_food_facts(self) -> bool:
        return "rayon" in self.columns


def open_source(path: Path) -> Source:
    """Open a CSV or XLSX file and check its heading. Raises FileRefused."""
    from shop.stock.importing import csv_source, xlsx_source

    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as missing:
        raise FileRefused(_("Fichier illisible\u202f: %(path)s") % {"path": path}) from missing
    if not size:
        raise FileRefused(_("Le fichier est vide."))
    if size > MAX_FILE_BYTES:
        raise FileRefused(_("Le fichier dépasse 200\u202fMio\u202f: découpez-le."))
    source = xlsx_source.read(path) if start.startswith(b"PK") else csv_source.read(path)
    _check_columns(source.columns)
    return source


def _check_columns(columns: tuple[str, ...]) -> None:
    if len(set(columns)) != len(columns):
        raise FileRefused(_("Une colonne figure deux fois dans l’en-tête."))
    known = OFF_COLUMNS if "rayon" in columns else (*NATIVE_COLUMNS, *READ_OVER)
    if unknown := [column for column in columns if column not in known]:
        raise FileRefused(_("Colonnes inconnues\u202f: %(names)s") % {"names": ", ".join(unknown)[:200]})
    if "sold_by" in columns and "weight_step_g" not in columns:
        raise FileRefused(_("La colonne sold_by va avec la colonne weight_step_g."))
    if "net_quantity" in columns and "net_unit" not in columns and "rayon" not in columns:
        raise FileRefused(_("La colonne net_quantity va avec la colonne net_unit."))
