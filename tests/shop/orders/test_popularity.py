"""What sells is counted from orders that stand: the shop's popularity, and each zone's."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.models import JobRun
from shop.catalogue.models import Product
from shop.catalogue.services import refresh_search
from shop.orders import popularity
from shop.orders.models import Order
from shop.orders.tasks import count_popularity
from shop.search.models import SearchEntry, ZonePopularity
from tests.factories import CustomerFactory, ProductFactory, ZoneFactory
from tests.shop.orders.sales import bought, bought_by

pytestmark = pytest.mark.django_db


@pytest.fixture
def paris():
    return ZoneFactory()


@pytest.fixture
def lyon():
    return ZoneFactory(slug="lyon", name="Lyon")


def count():
    return popularity.count_popularity(now=timezone.now(), enough_lines=0)


def in_zones():
    """(zone, product) → points."""
    rows = ZonePopularity.objects.values_list("zone__slug", "product__name", "popularity")
    return {(zone, product): points for zone, product, points in rows}


def in_shop():
    return dict(Product.objects.values_list("name", "popularity"))


def test_each_zone_counts_its_own_orders_and_the_shop_all_of_them(paris, lyon):
    milk, bread = ProductFactory(name="Lait"), ProductFactory(name="Pain")
    bought(paris, milk, households=2)
    bought(lyon, milk, bread, households=3)

    count()

    assert in_zones() == {("paris", "Lait"): 6, ("lyon", "Lait"): 9, ("lyon", "Pain"): 9}
    assert in_shop() == {"Lait": 15, "Pain": 9}


@pytest.mark.parametrize(
    ("age", "points"), [(1, 3), (29, 3), (31, 2), (59, 2), (61, 1), (89, 1), (91, None), (-1, None)]
)
def test_the_older_an_order_the_less_it_counts(paris, age, points):
    bought(paris, ProductFactory(name="Lait"), age=timedelta(days=age))

    count()

    assert in_zones() == ({("paris", "Lait"): 2 * points} if points else {})
    assert in_shop() == {"Lait": 2 * (points or 0)}


@pytest.mark.parametrize("status", sorted(set(Order.Status) - {Order.Status.PLACED}))
def test_what_was_never_placed_or_was_called_off_does_not_count(paris, status):
    bought(paris, ProductFactory(name="Lait"), status=status)

    count()

    assert in_zones() == {} and in_shop() == {"Lait": 0}


def test_what_one_household_alone_buys_is_no_best_seller_of_its_zone(paris):
    milk, own = ProductFactory(name="Lait"), ProductFactory(name="Son lait")
    customer = CustomerFactory()
    for _ in range(5):
        bought_by(customer, paris, milk, own)
    bought(paris, milk, households=1)

    count()

    assert in_zones() == {("paris", "Lait"): 18}
    assert in_shop() == {"Lait": 18, "Son lait": 15}


def test_counted_again_nothing_changes(paris):
    bought(paris, ProductFactory(name="Lait"))
    count()
    before = list(ZonePopularity.objects.values_list("pk", "popularity"))

    assert count() == 0
    assert list(ZonePopularity.objects.values_list("pk", "popularity")) == before


def test_what_no_longer_sells_leaves_and_what_changed_is_told(paris):
    milk, bread = ProductFactory(name="Lait"), ProductFactory(name="Pain")
    [*orders] = bought(paris, bread)
    bought(paris, milk)
    count()

    Order.objects.filter(pk__in=[order.pk for order in orders]).update(status=Order.Status.CANCELLED)
    bought(paris, milk)
    count()

    assert in_zones() == {("paris", "Lait"): 12}
    assert in_shop() == {"Lait": 12, "Pain": 0}


def test_the_index_ranks_by_the_new_figures_and_cards_keep_their_version(paris):
    milk = ProductFactory(name="Lait", version=4)
    refresh_search(product_ids=[milk.pk])
    bought(paris, milk)

    count()

    assert SearchEntry.objects.get().popularity == 6
    assert Product.objects.get().version == 4


def test_a_product_deleted_since_is_left_out(paris):
    milk = ProductFactory(name="Lait")
    bought(paris, milk)
    count()

    milk.stock_items.all().delete()
    milk.delete()

    assert in_zones() == {}
    assert count() == 0


def test_few_orders_leave_the_ranks_that_the_catalogue_came_with(paris):
    milk = ProductFactory(name="Lait")
    ProductFactory(name="Premier", popularity=100_000)
    bought(paris, milk, households=4)

    popularity.count_popularity(now=timezone.now(), enough_lines=5)
    kept = in_shop()
    popularity.count_popularity(now=timezone.now(), enough_lines=4)

    assert kept == {"Lait": 0, "Premier": 100_000}
    assert in_shop() == {"Lait": 12, "Premier": 0}


def test_the_task_counts_once_a_day_and_again_after_a_failure(paris, monkeypatch):
    bought(paris, ProductFactory(name="Lait"))
    with monkeypatch.context() as broken:
        broken.setattr(popularity, "count_popularity", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            count_popularity()
    assert not JobRun.objects.filter(job="orders.count_popularity").exists()

    count_popularity()
    ZonePopularity.objects.all().delete()
    count_popularity()

    assert JobRun.objects.filter(job="orders.count_popularity").count() == 1
    assert in_zones() == {}


def test_it_takes_the_same_queries_whatever_was_sold(paris):
    def statements():
        with CaptureQueriesContext(connection) as captured:
            popularity.count_popularity(now=timezone.now(), enough_lines=20)
        return [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]

    before = statements()
    bought(paris, *ProductFactory.create_batch(5), households=4)

    # Without enough lines the shop's own is not counted.
    assert (len(before), len(statements())) == (4, 5)
