"""What the browsing pages cost: statements, weight, well-formed HTML, and nothing written."""

import gzip
import re
from decimal import Decimal
from pathlib import Path

import html5lib
import pytest
from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.urls import reverse

from tests.factories import (
    AisleFactory,
    ProductFactory,
    UserFactory,
)  # fmt: skip
from tests.shop.search.pages import addresses

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("place", range(4))
def test_page_stays_within_four_queries_and_the_session(
    visitor, full_shop, place, django_assert_max_num_queries
):
    address = addresses()[place]

    with django_assert_max_num_queries(6):
        visitor.get(address)


@pytest.mark.parametrize("place", range(4))
def test_page_stays_within_its_budget_signed_in(client, full_shop, place, django_assert_max_num_queries):
    client.force_login(UserFactory())
    address = addresses()[place]

    with django_assert_max_num_queries(10):
        client.get(address)


@pytest.mark.parametrize("place", range(4))
def test_queries_do_not_grow_with_twice_the_products(
    client, full_shop, indexed, place, django_assert_max_num_queries, django_assert_num_queries
):

    address = addresses()[place]
    with django_assert_max_num_queries(6) as before:
        client.get(address)
    ProductFactory.create_batch(15, popularity=5)
    AisleFactory.create_batch(5)
    indexed()
    cache.clear()

    with django_assert_num_queries(len(before)):
        client.get(address)


def test_nothing_is_written_on_a_read(visitor, full_shop, django_assert_max_num_queries):
    for address in [*addresses(), "/recherche/suggestions/?q=yaourt"]:
        with django_assert_max_num_queries(6) as queries:
            visitor.get(address)

        written = [
            query["sql"] for query in queries if re.search("(?i)\\b(insert|update|delete)\\b", query["sql"])
        ]
        assert written == []


@pytest.mark.parametrize("name", ["home", "search", "search_suggestions"])
def test_pages_are_only_read(client, name):
    assert client.post(reverse(name)).status_code == 405


def test_full_aisle_weighs_at_most_60_kib_compressed(client, zone):
    ProductFactory.create_batch(30, brand__name="Laiterie du Val d’Ourse")

    page = client.get("/rayons/yaourts/").content
    files = re.findall(rb'(?:href|src)="/static/([^"]+\.(?:css|js))"', page)
    code = [Path(finders.find(name.decode())).read_bytes() for name in files]

    assert len(files) > 5
    assert sum(len(gzip.compress(part)) for part in (page, *code)) <= 60 * 1024


def test_pages_parse_without_an_error(client, full_shop):
    ProductFactory(slug="vin", alcohol=True, nutrition={"fat_g": 1}, deposit=Decimal("0.30"), labels=["AOP"])
    more = ["/produits/vin/", "/recherche/", "/recherche/?q=rien", f"/rayons/{AisleFactory().slug}/"]

    for address in [*addresses(), *more]:
        parser = html5lib.HTMLParser()
        parser.parse(client.get(address).content.decode())

        assert parser.errors == [], address
