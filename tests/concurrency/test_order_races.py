"""Placing an order against a second press and against a sign-in: baskets are locked before orders."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.urls import reverse

from crm.desk.services import publish_page
from shop.basket import services as baskets
from shop.basket.models import Basket
from shop.orders import services as orders
from shop.orders.models import Order
from tests.factories import CustomerFactory, ProductFactory, SlotFactory, ZoneFactory
from tests.shop.checkout.conftest import Walk, total_seen

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
MOMENT = 0.5


@pytest.fixture
def waiting():
    """A walk whose order waits for its payment, and the total it saw."""
    publish_page(slug="cgv", title="CGV", body="Conditions.")
    walk = Walk(Client())
    walk.fill(ProductFactory(stock=50)).hold(SlotFactory(zone=ZoneFactory())).say_who()
    seen = total_seen(walk.recap())
    walk.client.post(reverse("checkout_recap"), {"terms": "on", "seen_total": seen})
    return walk, seen, Order.objects.get()


def both(*jobs):
    def run(job):
        try:
            return job()
        except OperationalError as fault:
            return "deadlock" if "deadlock" in str(fault) else repr(fault)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


@pytest.fixture
def half_placed(monkeypatch):
    """An event set while an order is being placed, which then waits for the other side to come as far as it can."""
    placing, other = threading.Event(), threading.Event()
    real = baskets.close

    def close(**wanted):
        placing.set()
        other.wait(MOMENT)
        return real(**wanted)

    monkeypatch.setattr(baskets, "close", close)
    return placing


def test_a_press_while_the_order_is_placed_waits_its_turn(waiting, half_placed):
    walk, seen, order = waiting

    def press():
        half_placed.wait(5)
        tab = Client()
        tab.cookies = walk.client.cookies
        return tab.post(reverse("checkout_recap"), {"terms": "on", "seen_total": seen}).status_code

    placed, pressed = both(lambda: orders.place_order(reference=order.reference).status, press)

    assert (placed, pressed) == ("placed", 302)
    assert Order.objects.count() == 1


@pytest.mark.parametrize("whose", ["visitor", "customer"])
def test_a_sign_in_while_the_order_is_placed_waits_its_turn(waiting, half_placed, whose):
    _walk, _seen, order = waiting
    customer = CustomerFactory()
    other = baskets.obtain_basket(key=None, customer_id=None if whose == "customer" else customer.pk)
    baskets.set_line(basket=other, product_id=ProductFactory().pk, quantity=1)
    if whose == "customer":
        Basket.objects.filter(key=order.basket_key).update(customer=customer)
    visitor_key = other.key if whose == "customer" else order.basket_key

    def sign_in():
        half_placed.wait(5)
        baskets.merge_at_sign_in(visitor_key=visitor_key, customer_id=customer.pk)
        return "merged"

    placed, merged = both(lambda: orders.place_order(reference=order.reference).status, sign_in)

    assert (placed, merged) == ("placed", "merged")
    assert Order.objects.get().status == Order.Status.PLACED


def test_control_locking_the_order_before_the_basket_deadlocks(waiting):
    _walk, _seen, order = waiting
    both_hold_one = threading.Barrier(2)

    @transaction.atomic
    def order_first():
        Order.objects.select_for_update().get(pk=order.pk)
        both_hold_one.wait(5)
        Basket.objects.select_for_update().get(key=order.basket_key)

    @transaction.atomic
    def basket_first():
        Basket.objects.select_for_update().get(key=order.basket_key)
        both_hold_one.wait(5)
        Order.objects.select_for_update().get(pk=order.pk)

    assert both(order_first, basket_first).count("deadlock") == 1
