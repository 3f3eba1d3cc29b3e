import time
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from config.cache import ForgivingRedisCache
from crm.desk.services import publish_page
from crm.insights import queries
from crm.insights.queries import OrdersSoFar

pytestmark = pytest.mark.django_db


def page_with(client, **figures):
    found = {"placed": 0, "cancelled": 0, "since": None} | figures
    with patch("crm.insights.queries.orders_so_far", return_value=OrdersSoFar(**found)):
        return client.get(reverse("service_quality")).content.decode()


def test_new_shop_says_there_is_no_figure_yet(client):
    page = page_with(client)

    assert "Aucune commande n’a encore été confirmée" in page
    assert page.count("pas encore assez de commandes") == 4
    assert "variable indéfinie" not in page


def test_few_orders_are_counted_but_give_no_rate(client):
    page = page_with(client, placed=29, cancelled=1, since=timezone.now() - timedelta(days=3))

    assert "<strong>29</strong> commandes confirmées" in page
    assert "1 a été annulée" in page
    assert page.count("pas encore assez de commandes") == 4


def test_enough_orders_still_invent_nothing(client):
    page = page_with(client, placed=30, since=timezone.now())

    assert "pas encore assez de commandes" not in page
    assert page.count("pas encore mesuré") == 4
    assert "%" not in page.split("Où nous en sommes")[1].split("</section>")[0]


def test_one_order_is_singular(client):
    assert "<strong>1</strong> commande confirmée depuis" in page_with(client, placed=1, since=timezone.now())


@pytest.fixture
def no_known_figures():
    cache.delete("insights.orders_so_far")
    yield
    cache.delete("insights.orders_so_far")


def test_reloading_the_page_counts_orders_once(no_known_figures, django_assert_num_queries):
    with django_assert_num_queries(1):
        first = queries.orders_so_far()

    with django_assert_num_queries(0):
        assert queries.orders_so_far() == first


def test_lost_cache_is_a_miss(no_known_figures, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(ForgivingRedisCache, "_silent_until", time.monotonic() + 60)

    with django_assert_num_queries(2):
        assert queries.orders_so_far() == queries.orders_so_far() == OrdersSoFar(0, 0, None)


def test_text_is_the_one_staff_edited(client):
    publish_page(slug="qualite-de-service", title="Notre parole", body="Nous la tenons **bien**.")

    page = client.get(reverse("service_quality")).content.decode()

    assert "<h1>Notre parole</h1>" in page
    assert "<strong>bien</strong>" in page
