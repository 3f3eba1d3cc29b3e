"""What finds products, what sells where, and what shoppers say of their pages."""

from shop.search.models.finding import (
    TEXT_MAX_LENGTH,
    KnownWord,
    MissedSearch,
    SearchEntry,
    Synonym,
    SynonymPhrase,
)
from shop.search.models.reports import ProductReport
from shop.search.models.selling import ZonePopularity

__all__ = [
    "TEXT_MAX_LENGTH",
    "KnownWord",
    "MissedSearch",
    "ProductReport",
    "SearchEntry",
    "Synonym",
    "SynonymPhrase",
    "ZonePopularity",
]
