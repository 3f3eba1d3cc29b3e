"""``manage.py bench pages`` on a small shop: every page is asked for, and nothing is left behind."""

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import CommandError, call_command

from config.bench import search
from config.bench.bare import BareHandler
from config.bench.browser import Browser, Unexpected
from config.bench.clock import ratio
from shop.basket.models import Basket
from shop.customers.models import Customer, Session, User
from tests.factories import AisleFactory, ProductFactory, ZoneFactory


@pytest.fixture
def shop(transactional_db, settings):
    settings.SITE_URL = "https://testserver"
    ZoneFactory()
    shelf = AisleFactory(slug="yaourts", parent=AisleFactory(slug="cremerie"))
    ProductFactory.create_batch(60, shelf=shelf)


def test_every_page_is_measured_and_nothing_stays(shop, capsys):
    call_command("bench", "pages", rounds=1, calls=1)

    table = capsys.readouterr().out
    for page in ("home", "aisle", "search", "product", "basket", "add to basket"):
        assert f"| {page}, visitor" in table and f"| {page}, customer" in table
    assert not User.objects.exists() and not Customer.objects.exists()
    assert not Basket.objects.exists()
    assert not Session.objects.exists()


def test_a_shop_without_products_is_told_what_to_do(transactional_db):
    with pytest.raises(CommandError, match="produits publiés"):
        call_command("bench", "pages", rounds=1, calls=1)


@pytest.mark.parametrize("options", [{"rounds": 0}, {"calls": 0}, {"rounds": -3}])
def test_impossible_counts_are_refused(transactional_db, options):
    with pytest.raises(CommandError, match="au moins 1"):
        call_command("bench", "pages", **options)


def test_a_page_that_fails_is_never_measured(shop):
    with pytest.raises(Unexpected, match="404"):
        Browser(WSGIHandler()).get("/nulle-part/")


def test_ratio_is_the_median_of_each_round_with_its_own_baseline():
    assert ratio([1.0, 1.0, 4.0], [2.0, 1.0, 8.0]) == 0.5


def test_bare_view_shows_twenty_four_cards_in_one_query(shop, django_assert_num_queries):
    with django_assert_num_queries(1):
        page = Browser(BareHandler()).get("/").decode()

    assert page.count('<li class="card">') == 24


def test_search_is_measured_by_its_percentiles(shop, capsys, monkeypatch):
    monkeypatch.setattr(search, "ROUNDS", 1)
    monkeypatch.setattr(search, "QUERIES", ("lait", "camenbert"))
    monkeypatch.setattr(search, "BEGUN", ("la",))

    call_command("bench", "search")

    table = capsys.readouterr().out
    assert "| search " in table and "| suggestions " in table and "p95 ms" in table
