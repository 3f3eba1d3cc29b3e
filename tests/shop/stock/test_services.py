from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shop.catalogue.models import Product
from shop.stock import queries, services
from shop.stock.models import StockItem, StockMovement, StockReservation
from tests.factories import DepotFactory, ProductFactory
from tests.shop.stock.counting import count_shelf

pytestmark = pytest.mark.django_db
Kind = StockMovement.Kind


def take(reference, **quantities_or_products):
    return services.take_stock(
        order_reference=reference, depot_id=DepotFactory().pk, **quantities_or_products
    )


def left():
    return list(StockItem.objects.order_by("pk").values_list("available", flat=True))


def test_basket_is_taken_with_its_dated_costs():
    cheese, apples = ProductFactory(stock=5), ProductFactory(weighed=True, stock=2000)

    costs = take("A1", quantities={apples.pk: 750, cheese.pk: 5})

    assert left() == [0, 1250]
    assert costs == {pk: (Decimal("1.5000"), date.today()) for pk in (cheese.pk, apples.pk)}
    assert set(StockReservation.objects.values_list("item__product_id", "quantity")) == {
        (cheese.pk, 5), (apples.pk, 750),
    }  # fmt: skip


def test_one_short_article_takes_nothing_and_says_what_is_left():
    cheese, apples, bread = (ProductFactory(stock=stock) for stock in (5, 1, 0))
    elsewhere = ProductFactory(stock=9)
    StockItem.objects.filter(product=elsewhere).update(depot=DepotFactory(code="lyon", is_default=False))

    with pytest.raises(services.StockShort) as short:
        take("A1", quantities={cheese.pk: 5, apples.pk: 2, bread.pk: 1, elsewhere.pk: 1})

    assert short.value.available == {apples.pk: 1, bread.pk: 0, elsewhere.pk: 0}
    assert left() == [5, 1, 0, 9]
    assert not StockReservation.objects.exists()


def test_same_order_takes_once():
    product = ProductFactory(stock=5)

    first = take("A1", quantities={product.pk: 4})
    again = take("A1", quantities={product.pk: 4})

    assert first == again
    assert left() == [1]


@pytest.mark.parametrize("quantity", [0, -1, 3_000_000_000])
def test_absurd_quantities_are_refused(quantity):
    product = ProductFactory(stock=5)

    with pytest.raises(ValueError, match="above zero"):
        take("A1", quantities={product.pk: quantity})
    with pytest.raises(ValueError, match="above zero"):
        take("A2", quantities={})

    assert left() == [5]


def test_taking_a_large_basket_costs_as_many_queries_as_a_small_one():
    products = ProductFactory.create_batch(6, stock=5)
    DepotFactory()

    with CaptureQueriesContext(connection) as small:
        take("A1", quantities={products[0].pk: 1})
    with CaptureQueriesContext(connection) as large:
        take("A2", quantities={product.pk: 1 for product in products})

    assert len(small) == len(large)


def test_stock_is_returned_exactly_once():
    product = ProductFactory(stock=5)
    take("A1", quantities={product.pk: 3})

    first = services.return_stock(order_reference="A1")
    again = services.return_stock(order_reference="A1")

    assert (first, again, left()) == ({product.pk: 3}, {}, [5])
    assert services.return_stock(order_reference="unknown") == {}


def test_order_that_gave_back_takes_no_more():
    product = ProductFactory(stock=5)
    take("A1", quantities={product.pk: 3})
    services.return_stock(order_reference="A1")

    with pytest.raises(services.StockAlreadyReturned):
        take("A1", quantities={product.pk: 3})

    assert left() == [5]


def test_a_new_cost_is_dated_and_the_same_one_is_not():
    product, depot = ProductFactory(stock=5, invented=["price", "stock"]), DepotFactory().pk
    StockItem.objects.update(cost_since=date(2026, 1, 1))
    receipts = [services.Receipt(product.pk, 1, unit_cost=Decimal(cost)) for cost in ("1.5", "1.6")]

    services.receive_goods(depot_id=depot, receipts=receipts[:1])
    kept = StockItem.objects.get().cost_since
    services.receive_goods(depot_id=depot, receipts=receipts[1:])

    assert (kept, StockItem.objects.get().cost_since) == (date(2026, 1, 1), date.today())
    assert Product.objects.get().invented == ["price"]


def test_negative_counts_are_refused():
    product = ProductFactory(stock=5)

    with pytest.raises(services.StockRefused):
        count_shelf(product, -1)

    assert left() == [5]


def test_bulk_change_is_all_or_nothing():
    ProductFactory(stock=5), ProductFactory(stock=2)
    ids = list(StockItem.objects.values_list("pk", flat=True))

    services.change_stock(item_ids=ids, how=Kind.RECEIPT, quantity=10)
    with pytest.raises(services.StockRefused):
        services.change_stock(item_ids=ids, how=Kind.WRITE_OFF, quantity=13, reason="broken")

    assert left() == [15, 12]


def test_availability_is_one_query_and_zero_when_unknown(django_assert_num_queries):
    product, depot = ProductFactory(stock=4), DepotFactory()

    with django_assert_num_queries(1):
        assert queries.availability(depot.pk, [product.pk, 10**9]) == {product.pk: 4, 10**9: 0}


def test_stock_outs_are_published_and_short_of_a_step():
    empty = ProductFactory(stock=0)
    crumbs = ProductFactory(weighed=True, stock=50)
    ProductFactory(stock=1), ProductFactory(stock=0, is_published=False)

    outs = queries.stock_outs(DepotFactory().pk)

    assert {item.product_id for item in outs} == {empty.pk, crumbs.pk}


def test_depots_are_named_default_or_all():
    with pytest.raises(queries.UnknownDepot):
        queries.depots()
    paris, lyon = DepotFactory(), DepotFactory(code="lyon", is_default=False)

    assert queries.depots() == {"paris": paris.pk}
    assert queries.depots(every=True) == {"paris": paris.pk, "lyon": lyon.pk}
    assert queries.depots(["lyon"]) == {"lyon": lyon.pk}
    with pytest.raises(queries.UnknownDepot, match="pau"):
        queries.depots(["pau"])
