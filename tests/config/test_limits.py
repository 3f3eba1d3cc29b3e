"""Tries are counted exactly, in PostgreSQL, without keeping who tried."""

import threading

import pytest
import time_machine
from django.core.cache import cache
from django.db import connections
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from config.limits import Limit, forget_past, limited_by_machine, machine_of
from config.models import Tries
from delivery.slots.models import Hold
from delivery.zones.models import CoverageRequest
from shop.basket.views import COVERAGE_BY_MACHINE, EMPTY_HANDED_HOLDS
from shop.orders.models import Order
from shop.orders.views import CANCELS_BY_TOKEN
from tests.factories import ProductFactory
from tests.shop.checkout.conftest import ready, slot, terms, walk, zone  # noqa: F401

pytestmark = pytest.mark.django_db
THREE = Limit("test", most=3)


def test_limit_holds_until_the_window_ends():
    with time_machine.travel("2026-11-26 09:59:50+00:00", tick=False) as clock:
        assert [THREE.spend("a") for _ in range(5)] == [True, True, True, False, False]
        assert THREE.spend("b")

        clock.move_to("2026-11-26 10:00:01+00:00")

        assert THREE.spend("a")


def test_limits_of_another_name_are_apart():
    for _ in range(4):
        THREE.spend("a")

    assert Limit("other", most=3).spend("a")


def test_capitals_and_spaces_give_no_fresh_start():
    assert [THREE.spend(said) for said in ("a@b.fr", "A@b.fr ", " a@B.FR", "a@b.fr")][-1] is False


def test_wiping_valkey_forgives_nothing():
    for _ in range(3):
        THREE.spend("a")
        cache.clear()

    assert not THREE.spend("a")


def test_neither_machine_nor_address_is_kept():
    THREE.spend("192.0.2.7")
    THREE.spend("lou@exemple.fr")

    kept = " ".join(Tries.objects.values_list("key", flat=True))
    assert "192.0.2.7" not in kept
    assert "lou" not in kept


def test_digests_depend_on_the_shops_secret(settings):
    THREE.spend("192.0.2.7")
    settings.SECRET_KEY = "another" * 10
    THREE.spend("192.0.2.7")

    assert Tries.objects.count() == 2


def test_windows_that_ended_are_forgotten():
    with time_machine.travel("2026-11-26 09:10:00+00:00", tick=False) as clock:
        THREE.spend("a")
        clock.move_to("2026-11-26 10:10:00+00:00")
        THREE.spend("b")

        assert forget_past() == 1

    assert Tries.objects.count() == 1


def burst(spend, tries=12):
    """How many of a burst from several connections were let through."""
    passed, barrier = [], threading.Barrier(tries)

    def one():
        barrier.wait()
        try:
            passed.append(spend())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(tries)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(passed)


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_burst_passes_no_more_than_the_limit():
    assert burst(lambda: THREE.spend("a")) == 3
    assert Tries.objects.get().number == 12


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_control_reading_before_writing_lets_the_burst_through():
    Tries.objects.create(key="a", number=0, ends_at="2099-01-01T00:00Z")
    all_read = threading.Barrier(12)

    def careless():
        read = Tries.objects.get()
        all_read.wait(20)
        Tries.objects.update(number=read.number + 1)
        return read.number < 3

    assert burst(careless) == 12


@pytest.mark.parametrize(("proxies", "expected"), [(0, "10.0.0.1"), (1, "198.51.100.4"), (2, "203.0.113.9")])
def test_client_address_trusts_our_proxies_only(settings, proxies, expected):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    request = RequestFactory().get(
        "/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.9, 198.51.100.4"}
    )

    assert machine_of(request) == expected


def test_forged_header_gives_no_fresh_start(settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    view = limited_by_machine(THREE)(lambda request: HttpResponse())

    answers = [
        view(RequestFactory().get("/", headers={"X-Forwarded-For": f"6.6.6.{turn}, 198.51.100.4"}))
        for turn in range(3)
    ]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert Tries.objects.get().number == 3


# --- where they are held --------------------------------------------------------------------------


def is_french_refusal(answer):
    page = answer.content.decode()
    return answer.status_code == 429 and "Un instant" in page and "variable indéfinie" not in page


def test_machine_without_a_product_holds_six_slots_an_hour(slot):  # noqa: F811
    address = reverse("hold_slot", args=[slot.pk])
    for _ in range(EMPTY_HANDED_HOLDS.most):
        assert Client().post(address).status_code == 302

    refused = Client().post(address)

    assert is_french_refusal(refused)
    assert Hold.objects.count() == EMPTY_HANDED_HOLDS.most
    assert Client(REMOTE_ADDR="203.0.113.9").post(address).status_code == 302


def test_shopper_with_a_basket_is_not_counted(walk, slot):  # noqa: F811
    for _ in range(EMPTY_HANDED_HOLDS.most + 1):
        EMPTY_HANDED_HOLDS.spend("127.0.0.1")

    walk.fill(ProductFactory()).hold(slot)

    assert Hold.objects.count() == 1


def test_machine_asks_for_coverage_ten_times_an_hour(zone, client):  # noqa: F811
    for turn in range(COVERAGE_BY_MACHINE.most):
        client.post(reverse("ask_for_coverage"), {"email": f"a{turn}@exemple.fr", "code_postal": "64000"})

    refused = client.post(reverse("ask_for_coverage"), {"email": "z@exemple.fr", "code_postal": "64000"})

    assert is_french_refusal(refused)
    assert CoverageRequest.objects.count() == COVERAGE_BY_MACHINE.most


def test_address_that_confirms_a_cancellation_cannot_be_guessed(ready):  # noqa: F811
    ready.come_back(ready.pay(ready.order()))
    order = Order.objects.get()
    address = reverse("cancel_as_guest", args=[order.tracking_token])
    for turn in range(CANCELS_BY_TOKEN.most):
        guesser = Client(REMOTE_ADDR=f"203.0.113.{turn}")
        assert guesser.post(address, {"email": f"a{turn}@exemple.fr"}).status_code == 302

    refused = Client(REMOTE_ADDR="203.0.113.99").post(address, {"email": order.email})

    assert is_french_refusal(refused)
    order.refresh_from_db()
    assert order.status == Order.Status.PLACED


def test_one_machine_cannot_guess_over_many_orders(ready):  # noqa: F811
    from shop.orders.views import CANCELS_BY_MACHINE

    ready.come_back(ready.pay(ready.order()))
    order = Order.objects.get()
    for _ in range(CANCELS_BY_MACHINE.most):
        CANCELS_BY_MACHINE.spend("127.0.0.1")

    refused = ready.client.post(
        reverse("cancel_as_guest", args=[order.tracking_token]), {"email": order.email}
    )

    assert is_french_refusal(refused)
    order.refresh_from_db()
    assert order.status == Order.Status.PLACED


def test_a_try_given_back_does_not_count():
    limit = Limit("essai.rendu", most=2)

    for _right in range(5):
        assert limit.spend("a@exemple.fr")
        limit.give_back("A@exemple.fr ")
    assert [limit.spend("a@exemple.fr") for _wrong in range(3)] == [True, True, False]


def test_giving_back_what_was_never_spent_earns_nothing():
    limit = Limit("essai.rendu", most=1)
    limit.give_back("b@exemple.fr")

    assert [limit.spend("b@exemple.fr") for _try in range(2)] == [True, False]
