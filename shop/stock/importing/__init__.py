"""Products from files: read, check, complete for a demonstration, apply once (ADR 0005)."""

from shop.stock.importing.engine import ImportBusy, run_import
from shop.stock.importing.rejects import RejectsGone, open_rejects
from shop.stock.importing.report import FileRefused, ImportReport
from shop.stock.importing.sources import NATIVE_COLUMNS
from shop.stock.importing.starter import load_starter

__all__ = [
    "NATIVE_COLUMNS",
    "FileRefused",
    "ImportBusy",
    "ImportReport",
    "RejectsGone",
    "load_starter",
    "open_rejects",
    "run_import",
]
