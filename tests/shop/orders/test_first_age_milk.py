"""First-age milk stands in for its like alone, at its price, and brings no advantage to anybody."""

from decimal import Decimal

import pytest

from shop.orders.models import OrderLine
from shop.orders.services import OfferGone
from shop.orders.services.substituting import add_stand_in, stand_ins
from shop.stock.models import StockReservation
from tests.factories import ProductFactory
from tests.shop.checkout.conftest import terms, zone  # noqa: F401
from tests.shop.orders.depot import place, started

pytestmark = pytest.mark.django_db
D = Decimal


def milk(shelf_of=None, **facts):
    """Milk on the shelf of another."""
    where = {"shelf": shelf_of.shelf, "brand": shelf_of.brand} if shelf_of else {}
    return ProductFactory(stock=50, **where, **facts)


def line_of(zone, product):  # noqa: F811
    order = started(place(zone, {product: 10}))
    return order, order.lines.get(product=product)


def names(order, line):
    return {stand.product.name for stand in stand_ins(order, line, 4)}


def test_it_never_stands_in_for_ordinary_milk(zone):  # noqa: F811
    ordinary = milk(name="Lait entier", price=D("4.00"))
    milk(ordinary, name="Premier âge", price=D("3.00"), is_first_age_milk=True)
    milk(ordinary, name="Lait demi-écrémé", price=D("4.40"))

    assert names(*line_of(zone, ordinary)) == {"Lait demi-écrémé"}


def test_for_its_like_it_stands_in_where_it_is_no_dearer(zone):  # noqa: F811
    first = milk(name="Premier âge", price=D("14.00"), is_first_age_milk=True)
    milk(first, name="Dearer", price=D("14.50"), is_first_age_milk=True)
    milk(first, name="As dear", price=D("14.00"), is_first_age_milk=True)
    milk(first, name="Cheaper", price=D("13.00"), is_first_age_milk=True)

    assert names(*line_of(zone, first)) == {"As dear", "Cheaper"}


def test_whose_price_rose_since_the_order_it_is_not_sold_at_the_old_one(zone):  # noqa: F811
    first = milk(name="Premier âge", price=D("14.00"), is_first_age_milk=True)
    other = milk(first, name="Other", price=D("15.00"), is_first_age_milk=True)
    order, line = line_of(zone, first)
    first.price = line.product.price = D("15.00")
    first.save()
    reserved = set(StockReservation.objects.values_list("item__product", "quantity"))

    assert names(order, line) == set()
    with pytest.raises(OfferGone):
        add_stand_in(order=order, line=line, product=other, quantity=4)

    assert not OrderLine.objects.filter(replaces=line).exists()
    assert set(StockReservation.objects.values_list("item__product", "quantity")) == reserved


def test_it_takes_no_voucher_and_multiplies_no_points(zone):  # noqa: F811
    """Offered before this was known of it."""
    ordinary = milk(name="Lait entier", price=D("4.00"))
    first = milk(ordinary, name="Premier âge", price=D("3.00"), is_first_age_milk=True)
    order, line = line_of(zone, ordinary)
    line.points_factor, line.voucher_room = 3, D("5.00")
    line.save()

    stand = add_stand_in(order=order, line=line, product=first, quantity=4)

    assert (stand.takes_voucher, stand.points_factor, stand.voucher_room) == (False, 1, 0)
    assert (stand.total, stand.discount) == (D("12.00"), 0)
