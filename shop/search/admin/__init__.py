"""What the catalogue team teaches the search, and what shoppers say is wrong."""

from shop.search.admin.finding import MissedSearchAdmin, SynonymAdmin, SynonymForm
from shop.search.admin.reports import ProductReportAdmin

__all__ = ["MissedSearchAdmin", "ProductReportAdmin", "SynonymAdmin", "SynonymForm"]
