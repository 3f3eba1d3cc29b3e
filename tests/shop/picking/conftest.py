from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from config.staff import StaffGroup, seed_groups
from shop.picking.models import PickTask
from shop.picking.services import build_waves, take_tasks
from shop.stock.models import StockItem
from tests.factories import ProductFactory
from tests.shop.checkout.conftest import terms, zone  # noqa: F401
from tests.shop.orders.depot import close, place
from tests.shop.orders.test_orders import member


@pytest.fixture
def picker(db):
    seed_groups()
    return member(StaffGroup.PICKING)


@pytest.fixture
def depot(picker):
    """A picker's browser."""
    browser = Client()
    browser.force_login(picker)
    return browser


@pytest.fixture
def comte():
    return shelved(ProductFactory(name="Comté", price=Decimal("4.00"), stock=90), "B2")


@pytest.fixture
def apples():
    return shelved(ProductFactory(name="Pommes", weighed=True, stock=90_000), "B10")


def shelved(product, position, temperature="ambient"):
    StockItem.objects.filter(product=product).update(shelf_position=position)
    product.shelf.temperature = temperature
    product.shelf.save()
    return product


def wave(*orders):
    """Their cut-off has passed and they are up for the taking."""
    for order in orders:
        close(order)
    build_waves(now=timezone.now())
    return PickTask.objects.get(order=orders[0]).wave


def on_trolley(picker, *orders, number=6):
    return take_tasks(picker_id=picker.pk, wave_id=wave(*orders).pk, number=number)


__all__ = ["on_trolley", "place", "shelved", "wave"]
