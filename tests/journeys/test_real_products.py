"""The same first order on real French groceries: both Open Food Facts files of the development data."""

import re
from pathlib import Path

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from shop.catalogue.models import Product
from shop.orders.models import Order
from tests.journeys import steps

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.exists(), reason="les données de développement ne sont pas à côté du projet"),
]


def load(*names):
    for name in names:
        call_command("import_products", str(DATA / name), demonstration=True, verbosity=0)


def test_a_stranger_orders_a_real_product(shop, open_page):
    load("catalogue_fr_reference.csv")
    page = open_page(phone=True)

    steps.order_as_a_stranger(page, shop, query="nutella", quantity=20)

    line = Order.objects.get().lines.get()
    assert "nutella" in line.name.lower()
    assert Product.objects.get(ean=line.ean).invented
    expect(page.locator("main")).to_contain_text(line.name)


@pytest.mark.heavy
def test_a_stranger_orders_among_fifteen_thousand(shop, open_page):
    load("catalogue_fr_reference.csv", "catalogue_fr_large.csv")
    page = open_page()

    steps.order_as_a_stranger(page, shop, query="thé noir", quantity=30)
    page.goto(f"{shop}/")
    page.get_by_role("link", name=re.compile("Épicerie sucrée")).first.click()

    expect(page.locator("h1")).to_contain_text("Épicerie sucrée")
    assert Product.objects.published().count() > 10_000
    assert Order.objects.get().status == Order.Status.PLACED
