"""What every page needs is read together by a page, alone by whoever writes, and again once it changed."""

from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from config import kept
from delivery.zones.models import Zone
from delivery.zones.queries import known_zones
from shop.pricing.queries import book_for, fresh_book
from shop.search.queries import menu
from shop.stock.models import StockItem
from tests.factories import AisleFactory, BrandFactory, ProductFactory, ZoneFactory
from tests.shop.pricing.promoting import promote

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_with():
    """Begins a request, which ends with the test; Django's own signal would close the test's connection."""
    yield lambda method: kept._open(environ={"REQUEST_METHOD": method})
    kept._close()


def everything():
    return known_zones(), menu(), book_for(None).terms


def cost():
    """Queries of asking for everything."""
    with CaptureQueriesContext(connection) as captured:
        everything()
    return len(captured)


@pytest.mark.parametrize(("method", "queries"), [("GET", 1), ("HEAD", 1), ("POST", 3)])
def test_a_page_reads_all_at_once_and_a_change_each_for_itself(request_with, method, queries):
    ZoneFactory()
    request_with(method)

    assert (cost(), cost()) == (queries, 0)


def test_no_zone_no_aisle_and_no_promotion_are_known_too(request_with):
    request_with("GET")

    assert (cost(), cost()) == (1, 0)
    assert book_for(None).terms == menu() == []


@pytest.mark.django_db(transaction=True)
def test_only_what_changed_is_read_again(request_with):
    ZoneFactory()
    AisleFactory(slug="cremerie")
    request_with("GET")
    everything()
    Zone.objects.update(peak_price=Decimal("9.90"))
    kept.changed("zones")

    with CaptureQueriesContext(connection) as captured:
        found = known_zones().default()
        everything()

    assert found.peak_price == Decimal("9.90")
    assert len(captured) == 1 and "catalogue_aisle" not in captured[0]["sql"]


@pytest.mark.django_db(transaction=True)
def test_a_change_given_up_is_not_kept_by_whoever_read_something_else(request_with):
    request_with("POST")
    with transaction.atomic():
        AisleFactory(slug="regrets")
        known_zones()
        transaction.set_rollback(True)

    assert menu() == []


def test_promotions_read_with_the_rest_are_those_of_the_database(request_with):
    zone, aisle, brand = ZoneFactory(), AisleFactory(slug="yaourts"), BrandFactory()
    product = ProductFactory(shelf=aisle, brand=brand, price=Decimal("2.50"))
    StockItem.objects.update(unit_cost=Decimal("0.10"))
    everywhere = {"products": [product], "aisles": [aisle], "brands": [brand], "zones": [zone]}
    promote("percent", percent=Decimal("12.50"), budget=Decimal(500), **everywhere)
    promote("n_for_m", slot_weekdays="13", slot_from_hour=9, slot_until_hour=12, **everywhere)
    promote("free_delivery", off_peak_only=True, zones=[zone])
    request_with("GET")

    assert book_for(None).terms == fresh_book(None).terms
    assert len(book_for(None).terms) == 3
