"""The starter catalogue: the shop's own aisles and made-up products, complete in every particular."""

from shop.stock.importing.aisles import AISLES_FILE, ensure_aisles
from shop.stock.importing.engine import run_import
from shop.stock.importing.report import ImportReport

STARTER_FILE = AISLES_FILE.with_name("starter.csv")


def load_starter() -> ImportReport:
    """Create the aisles and the starter products, stocked in every depot.

    Products that already exist are left as staff made them. Needs a depot. Raises queries.UnknownDepot.
    """
    ensure_aisles()
    return run_import(STARTER_FILE, every_depot=True, only_new=True)
