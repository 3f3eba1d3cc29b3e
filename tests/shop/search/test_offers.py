"""Promotions on cards and pages: the price paid, the price struck as the law wants it, to the second, everywhere."""

import json
import re
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from shop.catalogue.services import set_price
from shop.pricing.models import PriceChange
from shop.stock.models import StockItem
from tests.factories import ProductFactory, ZoneFactory
from tests.shop.pricing.promoting import promote

pytestmark = pytest.mark.django_db
PROMO = "price--promo"


@pytest.fixture
def product(indexed):
    ZoneFactory()
    own = ProductFactory(
        name="Yaourt fermier", slug="yaourt-fermier", price=Decimal("2.50"), net_quantity=500, popularity=9,
    )  # fmt: skip
    StockItem.objects.filter(product=own).update(unit_cost=Decimal("0.90"))
    PriceChange.objects.create(product=own, price=own.price, since=timezone.now() - timedelta(days=90))
    ProductFactory.create_batch(3, popularity=1)
    indexed()
    return own


def pages(client, product):
    return {
        "home": client.get("/").content.decode(),
        "aisle": client.get(reverse("aisle", args=[product.shelf.slug])).content.decode(),
        "search": client.get("/recherche/?q=fermier").content.decode(),
        "suggestions": client.get("/recherche/suggestions/?q=fermier").content.decode(),
        "product": client.get(reverse("product", args=[product.slug])).content.decode(),
    }


def test_a_reduced_price_shows_everywhere_with_the_price_it_is_struck_from(client, product):
    promote(products=[product])

    shown = pages(client, product)

    assert [name for name, page in shown.items() if "2,00\u00a0€" not in page] == []
    struck = [name for name, page in shown.items() if re.search(r"<s class.*?2,50\u00a0€</s>", page)]
    assert struck == ["home", "aisle", "search", "product"]
    assert "−20\u202f%" in shown["aisle"] and "4,00\u00a0€/kg" in shown["aisle"]


def test_engines_read_the_reduced_price(client, product):
    promote(products=[product])

    page = pages(client, product)["product"]

    data = [json.loads(found) for found in re.findall(r'ld\+json">(.*?)</script>', page, re.DOTALL)]
    flat = json.dumps(data)
    assert '"price": "2.00"' in flat and '"2.50"' not in flat


def test_what_shows_is_what_the_basket_charges(client, product):
    promote(products=[product])
    client.post(reverse("set_basket_line"), {"product": product.pk, "quantity": 3})

    assert "6,00\u00a0€" in client.get("/panier/").content.decode()


def test_without_thirty_days_of_prices_nothing_is_struck_nor_boasted(client, product):
    newcomer = ProductFactory(
        name="Nouveau",
        slug="nouveau",
        price=Decimal("2.50"),
    )
    StockItem.objects.filter(product=newcomer).update(unit_cost=Decimal("0.90"))
    promote(products=[newcomer])

    page = client.get(reverse("product", args=["nouveau"])).content.decode()

    assert "2,00\u00a0€" in page
    assert (
        PROMO not in page.partition('class="section')[0]
        and "<s class" not in page.partition('class="section')[0]
    )


def test_a_promotion_begins_and_ends_by_the_clock_without_anybody_writing(client, product):
    promote(products=[product], begins=1, ends=2)
    address = reverse("aisle", args=[product.shelf.slug])
    before = client.get(address).content.decode()

    with time_machine.travel(timezone.now() + timedelta(days=1, hours=1), tick=False):
        during = client.get(address).content.decode()
    with time_machine.travel(timezone.now() + timedelta(days=3), tick=False):
        after = client.get(address).content.decode()

    assert [PROMO in page for page in (before, during, after)] == [False, True, False]


def test_a_price_changed_under_a_promotion_shows_at_once(client, product, django_capture_on_commit_callbacks):
    promote(products=[product])
    pages(client, product)

    with django_capture_on_commit_callbacks(execute=True):
        set_price(product_id=product.pk, price=Decimal("3.00"))

    assert [name for name, page in pages(client, product).items() if "2,40\u00a0€" not in page] == []


def test_a_dearer_purchase_holds_the_reduction_up_at_once(client, product):
    promote(products=[product])
    cheap = pages(client, product)["aisle"]

    StockItem.objects.filter(product=product).update(unit_cost=Decimal("2.20"))

    dear = pages(client, product)["aisle"]
    assert "2,00\u00a0€" in cheap and "2,00\u00a0€" not in dear


def test_a_lot_says_so_and_keeps_the_price_of_one(client, product):
    promote("n_for_m", products=[product])

    page = pages(client, product)["aisle"]

    assert "3 pour 2" in page and "2,50\u00a0€" in page and "<s class" not in page


def test_fifty_promotions_cost_a_warm_page_no_query_more(client, product):
    address = reverse("aisle", args=[product.shelf.slug])
    promote(products=[product])
    client.get(address)
    with CaptureQueriesContext(connection) as one:
        client.get(address)

    for number in range(50):
        promote(
            products=[product],
            name=f"Offre {number}",
            percent=Decimal(number + 1) / 4,
            begins=-1 - number / 100,
        )
    client.get(address)
    with CaptureQueriesContext(connection) as fifty:
        client.get(address)

    assert len(fifty) == len(one)
