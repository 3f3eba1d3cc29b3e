"""Articles and an order that was delivered: one of them may be given back, the other may not."""

from decimal import Decimal

import pytest

from shop.orders import services
from shop.orders.models import Order
from tests.factories import ProductFactory
from tests.shop.checkout.conftest import terms, zone  # noqa: F401
from tests.shop.orders.depot import packed, place, settle


@pytest.fixture
def comte():
    return ProductFactory(name="Comté", price=Decimal("4.00"), stock=50)


@pytest.fixture
def soap():
    product = ProductFactory(
        name="Lessive", price=Decimal("9.00"), stock=50, vat_rate=20, shelf__slug="lessives"
    )
    product.shelf.may_be_returned = True
    product.shelf.save()
    return product


@pytest.fixture
def delivered(zone, comte, soap):  # noqa: F811
    order = packed(place(zone, {comte: 5, soap: 4}))
    settle()
    services.hand_over(reference=order.reference)
    return Order.objects.select_related("slot", "zone").get(pk=order.pk)
