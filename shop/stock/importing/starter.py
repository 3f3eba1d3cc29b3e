"""The starter catalogue: the shop's own aisles and made-up products, complete in every particular."""

from pathlib import Path

from django.db import transaction

from shop.stock.importing.aisles import AISLES_FILE, ensure_aisles
from shop.stock.importing.engine import run_import
from shop.stock.importing.report import ImportReport
from shop.stock.services import lay_out


def starter_files() -> list[Path]:
    """One file an aisle, in the order of the aisles."""
    return sorted((AISLES_FILE.parent / "products").glob("*.csv"))


@transaction.atomic
def load_starter() -> ImportReport:
    """Create the aisles and the starter products, stocked in every depot, all or nothing.

    Products that already exist are left as staff made them. Needs a depot. Raises queries.UnknownDepot.
    """
    ensure_aisles()
    whole = ImportReport()
    # What comes last is the newest, which the home page shows: peaches rather than soap.
    for path in reversed(starter_files()):
        whole.absorb(run_import(path, every_depot=True, only_new=True))
    lay_out()
    return whole
