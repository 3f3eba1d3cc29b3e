"""Several reads in one statement."""

from decimal import Decimal

import pytest

from config.rows import gathered
from shop.catalogue.models import Product
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db


def test_several_reads_are_one_query_each_with_its_rows_in_order(django_assert_num_queries):
    ProductFactory(name="Brie", price=Decimal("3.35"))
    ProductFactory(name="Abricots", price=Decimal("12.10"))
    by_name = Product.objects.filter(price__gt=1).order_by("name").values("name", "price")

    with django_assert_num_queries(1):
        named, written, none = gathered(
            by_name, ("SELECT %s AS said, now() AS at", ["100 %"]), by_name.filter(name="?")
        )

    assert [row["name"] for row in named] == ["Abricots", "Brie"]
    assert [row["price"] for row in named] == [Decimal("12.10"), Decimal("3.35")]
    assert written[0]["said"] == "100 %" and isinstance(written[0]["at"], str)
    assert none == []


def test_no_read_is_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert gathered() == []
