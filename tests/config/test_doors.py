"""What every browser and search engine asks for without being told to, and addresses opened the wrong way."""

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from config.doors import PRIVATE
from tests.factories import ZoneFactory

pytestmark = pytest.mark.django_db
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def test_a_demonstration_keeps_search_engines_out(client, settings):
    settings.DEMONSTRATION = True

    answer = client.get("/robots.txt")

    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.content.decode() == "User-agent: *\nDisallow: /\n"


def test_a_real_shop_keeps_them_out_of_what_is_somebodys_own(client):
    lines = client.get("/robots.txt").content.decode().splitlines()

    assert "Disallow: /" not in lines
    closed = [reverse(name) for name in ("basket", "checkout", "orders", "account", "lists", "account_login")]
    assert all(f"Disallow: {path}" in lines or path.startswith(PRIVATE) for path in closed)
    assert not any(reverse(name).startswith(PRIVATE) for name in ("home", "slots", "help", "service_quality"))


def test_the_old_address_of_the_icon_leads_to_it(client):
    answer = client.get("/favicon.ico")

    assert answer.status_code == 302
    assert finders.find(answer.headers["Location"].removeprefix("/static/"))


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_an_address_opened_the_wrong_way_says_what_to_do_and_what_it_takes(method):
    ZoneFactory()

    answer = getattr(Client(), method)(reverse("set_basket_line"), headers=BROWSER)

    page = answer.content.decode()
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"
    assert "Cette adresse ne s’ouvre pas ainsi" in page and 'role="search"' in page
    assert "variable indéfinie" not in page


def test_a_page_that_is_only_read_names_its_methods(client):
    answer = client.post(reverse("home"), headers=BROWSER)

    assert answer.headers["Allow"] == "GET, HEAD"
    assert "Cette adresse ne s’ouvre pas ainsi" in answer.content.decode()


def test_a_machine_is_refused_without_a_query(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get(reverse("stripe_webhook"), headers={"Accept": "*/*"})

    assert (answer.status_code, answer.headers["Allow"], answer.content) == (405, "POST", b"")
