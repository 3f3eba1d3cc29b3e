"""The budgets of every main page: queries of a process that knows nothing yet, constant with twice the rows; weight."""

import gzip
import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config import kept
from crm.outbox.models import Message
from shop.catalogue.models import Product
from shop.catalogue.services import refresh_search
from shop.lists.models import ListItem, ShoppingList
from shop.orders.models import Order, OrderEvent, OrderLine
from shop.reviews.models import ProductReview, ServiceReview
from shop.search.queries import PAGE_SIZE
from tests.addresses import DOORS, Owned
from tests.factories import (
    AddressFactory,
    AisleFactory,
    CustomerFactory,
    ProductFactory,
    SlotFactory,
    UserFactory,
    ZoneFactory,
)

pytestmark = pytest.mark.django_db
VISITOR, CUSTOMER = 6, 10
WEIGHT_KIB = 60


@pytest.fixture
def shelf():
    ZoneFactory()
    return AisleFactory(slug="yaourts", parent=AisleFactory(slug="cremerie"))


@pytest.fixture
def pages(shelf):
    """Addresses of the main pages; thirty products fill a page of an aisle, and of a search."""
    product = ProductFactory(name="Yaourt au lait entier")
    stock_shelves(30)
    return {
        "home": reverse("home"),
        "aisle": reverse("aisle", args=[shelf.parent.slug]),
        "shelf": reverse("aisle", args=[shelf.slug]),
        "product": reverse("product", args=[product.slug]),
        "search": reverse("search") + "?q=yaourt",
        "basket": reverse("basket"),
    }


def stock_shelves(number):
    """More products on sale, which can be found as well."""
    made = ProductFactory.create_batch(number)
    refresh_search(product_ids=list(Product.objects.values_list("id", flat=True)))
    return made


NAMES = ["home", "aisle", "shelf", "product", "search", "basket"]


def queries_of(client, address, django_assert_max_num_queries, most):
    """Of a process that has just started, in front of an empty cache."""
    cache.clear()
    kept.forget_everything()
    with django_assert_max_num_queries(most) as captured:
        answer = client.get(address)
    assert answer.status_code == 200
    return len(captured)


def test_a_search_finds_a_whole_page_as_an_aisle_shows_one(client, pages):
    cards = {name: client.get(pages[name]).content.count(b'class="card"') for name in ("aisle", "search")}

    assert cards == {"aisle": PAGE_SIZE, "search": PAGE_SIZE}


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
    for product in stock_shelves(31)[:5]:
        client.post(reverse("set_basket_line"), {"product": product.pk, "quantity": 2})

    assert queries_of(client, pages[name], django_assert_max_num_queries, CUSTOMER) == before


# --- staff lists ----------------------------------------------------------------------------------

STAFF_PAGES = {
    "orders": "admin:orders_order_changelist",
    "products": "admin:catalogue_product_changelist",
    "messages": "admin:outbox_message_changelist",
    "week of slots": "admin:slots_slot_changelist",
    "stock": "admin:stock_stockitem_changelist",
    "product reviews": "admin:reviews_productreview_changelist",
    "service reviews": "admin:reviews_servicereview_changelist",
    "customers": "admin:customers_customer_changelist",
}
STAFF = 20


@pytest.fixture
def owned(client):
    """A customer with an order, a list and an address, at the last step of the next order."""
    cache.clear()
    starts = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=2)
    slots = [SlotFactory(zone=ZoneFactory(), starts_at=starts + timedelta(hours=n)) for n in range(2)]
    return Owned(client, *slots)


def cost(client, address):
    """Queries of the second visit, everything remembered outside the process forgotten."""
    client.get(address)
    cache.clear()
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address)
    assert answer.status_code == 200
    return len(captured)


def copied(row, **changes):
    """The same row once more."""
    row.pk, row._state.adding = None, True
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(force_insert=True)
    return row


def another_order(order, number):
    made = copied(
        Order.objects.get(pk=order.pk),
        reference=f"{order.reference[:-2]}{number:02}",
        tracking_token=f"autre-{number}",
        basket_key=uuid4(),
    )
    for line in order.lines.all():
        copied(line, order=made)


def grow(owned, number):
    """Twice as much of everything a page may list."""
    start = owned.slot.starts_at + timedelta(hours=1 + number)
    SlotFactory(zone=owned.slot.zone, starts_at=start)
    another_order(owned.order, number)
    product = ProductFactory()
    copied(OrderLine.objects.filter(order=owned.order).first(), product=product, ean=product.ean)
    OrderEvent.objects.create(order=owned.order, kind=OrderEvent.Kind.PAYMENT_NEEDED)
    made = ShoppingList.objects.create(customer=owned.customer, name=f"Liste {number}")
    for shopping_list in (made, owned.list):
        ListItem.objects.create(shopping_list=shopping_list, product=ProductFactory())
    AddressFactory(customer=owned.customer)
    CustomerFactory()
    said = {"order_reference": f"CB-{number}", "rating": 3, "experienced_on": start, "written_at": start}
    ProductReview.objects.create(product=product, customer=owned.customer, **said)
    ServiceReview.objects.create(customer=owned.customer, **said)
    Message.objects.create(
        purpose="order_confirmation", occasion=f"essai {number}", recipient="a@exemple.fr", subject="?",
        customer=owned.customer,
    )  # fmt: skip


@pytest.mark.parametrize("times", [4])
def test_staff_lists_cost_the_same_with_twice_the_rows(owned, times):
    client = Client()
    client.force_login(UserFactory(staff=True, is_superuser=True))
    for number in range(times):
        grow(owned, number)
    before = {name: cost(client, reverse(page)) for name, page in STAFF_PAGES.items()}
    for number in range(times, 2 * times + 1):
        grow(owned, number)

    after = {name: cost(client, reverse(page)) for name, page in STAFF_PAGES.items()}

    assert after == before
    assert {name: queries for name, queries in after.items() if queries > STAFF} == {}


def test_the_home_page_costs_its_customer_the_same_with_twice_the_orders_and_lists(
    client, owned, django_assert_max_num_queries
):
    for number in range(3):
        grow(owned, number)
    before = queries_of(client, reverse("home"), django_assert_max_num_queries, CUSTOMER)
    for number in range(3, 8):
        grow(owned, number)

    assert queries_of(client, reverse("home"), django_assert_max_num_queries, CUSTOMER) == before


# --- weight ---------------------------------------------------------------------------------------


def weight_of(html):
    """Kibibytes over the wire: the page, its styles and its scripts."""
    parts = [html.encode()]
    for address in re.findall(r'(?:<script[^>]+src|<link rel="stylesheet" href)="/static/([^"?]+)', html):
        parts.append(Path(finders.find(address)).read_bytes())
    return len(parts), sum(len(gzip.compress(part, 6)) for part in parts) / 1024


@pytest.mark.parametrize("name", NAMES)
def test_a_page_its_styles_and_scripts_weigh_little(client, pages, name):
    full(client)

    parts, weight = weight_of(client.get(pages[name]).content.decode())

    assert parts > 5
    assert weight <= WEIGHT_KIB


def test_every_page_of_the_shop_weighs_little(client, owned):
    for number in range(8):
        grow(owned, number)
    ProductFactory.create_batch(30)

    weights = {}
    for name, door in DOORS.items():
        answer = client.get(owned.url(name)) if (door.ready or door.get) == 200 else None
        if answer and answer.headers["Content-Type"].startswith("text/html"):
            weights[name] = weight_of(answer.content.decode())[1]

    assert len(weights) > 20
    assert {name: round(weight) for name, weight in weights.items() if weight > WEIGHT_KIB} == {}
