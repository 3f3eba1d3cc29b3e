"""What the catalogue team teaches the search, what sells where, and what shoppers say is wrong."""

from shop.search.admin.finding import MissedSearchAdmin, SynonymAdmin, SynonymForm
from shop.search.admin.reports import ProductReportAdmin
from shop.search.admin.selling import ZonePopularityAdmin

__all__ = ["MissedSearchAdmin", "ProductReportAdmin", "SynonymAdmin", "SynonymForm", "ZonePopularityAdmin"]
