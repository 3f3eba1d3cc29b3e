"""What to order again follows from what a week sells, and from what orders already took."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from shop.orders.popularity import note_sales
from shop.stock.models import StockItem
from shop.stock.queries import to_reorder
from shop.stock.rules import to_reorder as amount
from tests.factories import DepotFactory, ProductFactory, ZoneFactory
from tests.shop.orders.sales import bought
from tests.shop.stock.admin_pages import STOCK, page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("lenient_templates")]


@pytest.mark.parametrize(
    ("on_hand", "reserved", "weekly", "expected"),
    [
        (5, 0, 7, 0),  # five days left
        (4, 0, 7, 10),  # a fortnight is 14
        (10, 8, 7, 12),  # what orders took counts as gone
        (2, 5, 0, 3),  # nobody else buys it, but three are promised
        (0, 0, 0, 0),
        (0, 0, 1, 2),
        (0, 0, 3, 6),
        (1000, 0, 2500, 4000),
    ],
)
def test_how_much_to_order(on_hand, reserved, weekly, expected):
    assert amount(on_hand=on_hand, reserved=reserved, weekly_sales=weekly) == expected


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 100_000))
def test_what_is_ordered_lasts_a_fortnight_and_never_less(on_hand, reserved, weekly):
    ordered = amount(on_hand=on_hand, reserved=reserved, weekly_sales=weekly)

    assert ordered >= 0
    if ordered:
        assert 0 <= on_hand + ordered - reserved - 2 * weekly < 1
        assert amount(on_hand=on_hand + ordered, reserved=reserved, weekly_sales=weekly) == 0


def test_the_night_notes_what_a_week_sells_in_each_depot():
    paris, lyon = ZoneFactory(), ZoneFactory(slug="lyon", depot=DepotFactory(code="lyon", is_default=False))
    milk, bread = ProductFactory(), ProductFactory()
    StockItem.objects.create(product=milk, depot=lyon.depot, weekly_sales=40)
    StockItem.objects.filter(product=bread).update(weekly_sales=9)
    bought(paris, milk, households=30)
    bought(paris, milk, households=30, age=timedelta(days=31))
    bought(paris, milk, households=5, status="cancelled")
    bought(lyon, milk, households=4)

    note_sales(now=timezone.now())

    assert set(StockItem.objects.values_list("product", "depot__code", "weekly_sales")) == {
        (milk.pk, "paris", 7), (milk.pk, "lyon", 1), (bread.pk, "paris", 0),
    }  # fmt: skip


def test_the_list_shows_what_the_rule_says(staff):
    for number, (on_hand, reserved, weekly) in enumerate(
        [(4, 0, 7), (5, 0, 7), (2, 5, 0), (50, 0, 0), (0, 0, 0)]
    ):
        StockItem.objects.filter(product=ProductFactory(name=f"Article{number}")).update(
            on_hand=on_hand, reserved=reserved, weekly_sales=weekly
        )

    listed = set(to_reorder(StockItem.objects.all()).values_list("product__name", flat=True))
    text = page(staff, STOCK, dispo="commander")

    assert listed == {"Article0", "Article2"}
    assert listed == {
        item.product.name for item in StockItem.objects.select_related("product") if item.to_reorder
    }
    assert "Article0" in text and "Article1" not in text


def test_counting_again_with_more_products_costs_the_same():
    def cost(count):
        zone = ZoneFactory()
        for product in ProductFactory.create_batch(count):
            bought(zone, product)
        with CaptureQueriesContext(connection) as spent:
            note_sales(now=timezone.now())
        return len(spent)

    assert cost(1) == cost(6)
