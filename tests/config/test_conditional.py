"""A browser that has a page already is told so, and only then."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from shop.catalogue.services import set_price
from tests.factories import ProductFactory, UserFactory, ZoneFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def product():
    ZoneFactory()
    return ProductFactory(name="Yaourt nature", price=Decimal("2.50"))


@pytest.fixture
def address(product):
    return reverse("aisle", args=[product.shelf.slug])


def again(client, address, first):
    return client.get(address, headers={"If-None-Match": first["ETag"]})


def test_the_same_page_is_not_sent_twice(client, address):
    first = client.get(address)

    answer = again(client, address, first)

    assert first["Cache-Control"] == "private, no-cache"
    assert (answer.status_code, answer.content) == (304, b"")


def test_a_price_changed_is_sent(client, address, product, django_capture_on_commit_callbacks):
    first = client.get(address)

    with django_capture_on_commit_callbacks(execute=True):
        set_price(product_id=product.pk, price=Decimal("3.75"))

    answer = again(client, address, first)
    assert answer.status_code == 200 and "3,75" in answer.content.decode()


def test_a_basket_filled_is_sent(client, address, product):
    first = client.get(address)

    client.post(reverse("set_basket_line"), {"product": product.pk, "quantity": 2})

    assert again(client, address, first).status_code == 200


def test_signing_in_and_out_is_sent(client, address):
    first = client.get(address)
    client.force_login(UserFactory())
    signed_in = again(client, address, first)
    client.logout()
    signed_out = again(client, address, signed_in)

    assert (signed_in.status_code, signed_out.status_code) == (200, 200)


def test_another_visitor_s_page_is_another(client, address, product):
    client.post(reverse("set_basket_line"), {"product": product.pk, "quantity": 2})
    theirs = client.get(address)

    assert again(Client(), address, theirs).status_code == 200


def test_a_token_of_another_secret_is_another_page(client, address):
    first = client.get(address)
    client.cookies.clear()

    assert again(client, address, first).status_code == 200


def test_compressed_pages_are_recognised_too(client, address):
    first = client.get(address, headers={"Accept-Encoding": "gzip"})

    answer = client.get(address, headers={"Accept-Encoding": "gzip", "If-None-Match": first["ETag"]})

    assert first["Content-Encoding"] == "gzip"
    assert answer.status_code == 304


@pytest.mark.parametrize("address", ["/panier/", "/accounts/login/"])
def test_what_must_not_be_stored_gets_no_name(client, product, address):
    answer = client.get(address)

    assert "no-store" in answer["Cache-Control"] and not answer.has_header("ETag")
