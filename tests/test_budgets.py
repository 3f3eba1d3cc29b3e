"""The budgets of every main page: queries with a cold cache, constant with twice the rows, and weight."""

import gzip
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from tests.factories import AisleFactory, CustomerFactory, ProductFactory, SlotFactory, ZoneFactory

pytestmark = pytest.mark.django_db
VISITOR, CUSTOMER = 6, 10
WEIGHT_KIB = 60


@pytest.fixture
def shelf():
    ZoneFactory()
    return AisleFactory(slug="yaourts", parent=AisleFactory(slug="cremerie"))


@pytest.fixture
def pages(shelf):
    """Addresses of the main pages; thirty products fill a page of an aisle."""
    ProductFactory.create_batch(30)
    product = ProductFactory(name="Yaourt au lait entier")
    return {
        "home": reverse("home"),
        "aisle": reverse("aisle", args=[shelf.parent.slug]),
        "shelf": reverse("aisle", args=[shelf.slug]),
        "product": reverse("product", args=[product.slug]),
        "search": reverse("search") + "?q=yaourt",
        "basket": reverse("basket"),
    }


NAMES = ["home", "aisle", "shelf", "product", "search", "basket"]


def queries_of(client, address, django_assert_max_num_queries, most):
    cache.clear()
    with django_assert_max_num_queries(most) as captured:
        answer = client.get(address)
    assert answer.status_code == 200
    return len(captured)


@pytest.mark.parametrize("name", NAMES)
def test_a_visitor_with_a_basket_stays_in_budget(client, pages, name, django_assert_max_num_queries):
    client.post(reverse("set_postcode"), {"code_postal": "75011"})
    client.post(reverse("set_basket_line"), {"product": ProductFactory().pk, "quantity": 2})

    queries_of(client, pages[name], django_assert_max_num_queries, VISITOR)


@pytest.mark.parametrize("name", NAMES)
def test_a_customer_with_a_basket_and_a_slot_stays_in_budget(
    client, pages, name, django_assert_max_num_queries
):
    full(client)

    queries_of(client, pages[name], django_assert_max_num_queries, CUSTOMER)


def full(client):
    client.force_login(CustomerFactory().user)
    client.post(reverse("set_postcode"), {"code_postal": "75011"})
    for product in ProductFactory.create_batch(5):
        client.post(reverse("set_basket_line"), {"product": product.pk, "quantity": 2})
    starts = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=3)
    client.post(reverse("hold_slot", args=[SlotFactory(starts_at=starts).pk]))


@pytest.mark.parametrize("name", NAMES)
def test_twice_the_rows_cost_no_more_queries(client, pages, name, django_assert_max_num_queries):
    full(client)
    before = queries_of(client, pages[name], django_assert_max_num_queries, CUSTOMER)
    for product in ProductFactory.create_batch(31)[:5]:
        client.post(reverse("set_basket_line"), {"product": product.pk, "quantity": 2})

    assert queries_of(client, pages[name], django_assert_max_num_queries, CUSTOMER) == before


@pytest.mark.parametrize("name", NAMES)
def test_a_page_its_styles_and_scripts_weigh_little(client, pages, name):
    full(client)
    html = client.get(pages[name]).content.decode()
    parts = [html.encode()]
    for address in re.findall(r'(?:<script[^>]+src|<link rel="stylesheet" href)="/static/([^"?]+)', html):
        parts.append(Path(finders.find(address)).read_bytes())

    weight = sum(len(gzip.compress(part, 6)) for part in parts) / 1024

    assert len(parts) > 5
    assert weight <= WEIGHT_KIB
