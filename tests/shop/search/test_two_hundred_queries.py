"""What French shoppers type, and a product that must be among the first three."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from shop.catalogue.models import Product
from shop.search.queries import results
from shop.search.synonyms import seed_synonyms
from shop.stock.importing import load_starter
from tests.factories import DepotFactory

pytestmark = pytest.mark.django_db
QUERIES = list(csv.DictReader((Path(__file__).parent / "queries.csv").open(encoding="utf-8")))
ENOUGH = 0.95
AT_LEAST = {
    "typo": 40, "accents": 20, "brand": 20, "plural": 15, "synonym": 10, "units": 10, "ean": 5, "shelf": 15,
    "unfinished": 15,
}  # fmt: skip


def expected_of(row):
    return [name.strip() for name in row["expected"].split(" | ")]


def test_queries_are_many_and_of_every_kind():
    kinds = Counter(row["kind"] for row in QUERIES)

    assert len({row["query"] for row in QUERIES}) >= 200
    assert {kind: kinds[kind] for kind in AT_LEAST if kinds[kind] < AT_LEAST[kind]} == {}


def test_shoppers_find_what_they_type_among_the_first_three():
    depot = DepotFactory()
    load_starter()
    seed_synonyms()
    on_sale = set(Product.objects.filter(is_published=True).values_list("name", flat=True))

    misses = []
    for row in QUERIES:
        wanted = expected_of(row)
        assert on_sale & set(wanted), f"{row['query']}: none of {wanted} is on sale"
        page = results(row["query"], depot.id).page
        first = [card["name"] for card in list(page)[:3]]
        if not set(first) & set(wanted):
            misses.append(f"{row['query']} ({row['kind']}): {first}")

    print("\n".join(misses))
    assert len(misses) <= (1 - ENOUGH) * len(QUERIES), "\n".join(misses)
