"""Counts at once take turns, and hold up nobody who saves a product."""

from decimal import Decimal

import pytest
from django.utils import timezone

from shop.catalogue.models import Product
from shop.catalogue.services import change_prices, refresh_search
from shop.orders.popularity import count_popularity
from shop.search.models import SearchEntry, ZonePopularity
from tests.concurrency.racing import together
from tests.factories import ProductFactory, ZoneFactory
from tests.shop.orders.sales import bought

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


def test_counts_and_new_prices_at_once_do_not_clash():
    zones = [ZoneFactory(), ZoneFactory(slug="lyon")]
    products = ProductFactory.create_batch(40)
    for zone in zones:
        bought(zone, *products)
    ids = [product.pk for product in products]
    refresh_search(product_ids=ids)
    now = timezone.now()

    def work(n):
        if n % 2:
            change_prices(prices=dict.fromkeys(reversed(ids), Decimal(n)))
            return refresh_search(product_ids=ids)
        return count_popularity(now=now, enough_lines=0)

    answers = together(8, work)

    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    assert sorted(answers[::2]) == [0, 0, 0, 40 + 80]
    assert set(Product.objects.values_list("popularity", flat=True)) == {12}
    assert set(SearchEntry.objects.values_list("popularity", flat=True)) == {12}
    assert list(ZonePopularity.objects.values_list("popularity", flat=True)) == [6] * 80
