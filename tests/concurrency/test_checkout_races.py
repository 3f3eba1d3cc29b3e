"""Two tabs, two clicks, the last unit and the last place, with real threads on the real database."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from crm.desk.services import publish_page
from delivery.slots import services as slots
from delivery.slots.models import Hold
from shop.basket import services as baskets
from shop.basket.models import Basket
from shop.orders import services as orders
from shop.orders.models import Order
from shop.orders.rules import new_reference
from shop.payments import services as payments
from shop.payments.models import PaymentOperation
from shop.stock.models import StockItem
from tests.factories import CustomerFactory, ProductFactory, SlotFactory, ZoneFactory
from tests.shop.checkout.conftest import Walk, total_seen

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


def at_once(jobs):
    """Run callables in threads that start together; their results in order."""
    barrier = threading.Barrier(len(jobs))

    def run(job):
        try:
            barrier.wait(10)
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


@pytest.fixture
def zone():
    publish_page(slug="cgv", title="CGV", body="Conditions.")
    return ZoneFactory()


@pytest.fixture
def product(zone):
    return ProductFactory(stock=20)


def ready_to_order(slot, product, cookies=None):
    walk = Walk(Client())
    walk.fill(product).hold(slot).say_who()
    return walk, total_seen(walk.recap())


def press(walk, seen):
    """A tab of its own with the same session."""
    tab = Client()
    tab.cookies = walk.client.cookies
    return tab.post(reverse("checkout_recap"), {"terms": "on", "seen_total": seen})


def test_eight_presses_of_the_button_make_one_order_and_one_payment(zone, product):
    walk, seen = ready_to_order(SlotFactory(zone=zone), product)

    answers = at_once([lambda: press(walk, seen)] * 8)

    assert Order.objects.count() == 1 and PaymentOperation.objects.count() == 1
    assert StockItem.objects.get().available == 0
    pages = {
        answer.headers["Location"] for answer in answers if "/paiement/" in answer.headers.get("Location", "")
    }
    assert len(pages) == 1


@pytest.fixture
def no_unique_basket():
    """The guard removed, and put back."""
    guard = next(rule for rule in Order._meta.constraints if rule.name == "one_order_per_basket")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Order, guard)
    yield
    Order.objects.all().delete()
    with connection.schema_editor() as editor:
        editor.add_constraint(Order, guard)


def test_control_without_the_guard_one_basket_makes_two_orders(zone, product, no_unique_basket):
    """Look first whether the basket has an order, then insert one: both tabs look before either inserts."""
    slot, customer, basket_key = SlotFactory(zone=zone), CustomerFactory(), uuid4()
    both_looked = threading.Barrier(2)

    def look_then_insert():
        if not Order.objects.filter(basket_key=basket_key).exists():
            both_looked.wait(10)
            Order.objects.create(
                reference=new_reference(), basket_key=basket_key, customer=customer, zone=zone, depot=zone.depot,
                slot=slot, goods_total=1, delivery_fee=0, total=1,
            )  # fmt: skip

    at_once([look_then_insert, look_then_insert])

    assert Order.objects.filter(basket_key=basket_key).count() == 2


def test_six_baskets_want_the_last_twenty_units(zone, product):
    ready = [ready_to_order(SlotFactory(zone=zone), product) for _ in range(6)]

    answers = at_once([lambda one=one: press(*one) for one in ready])

    said = Counter("/paiement/" in answer.headers["Location"] for answer in answers)
    assert said == {True: 1, False: 5}
    assert Order.objects.count() == 1
    assert StockItem.objects.get().available == 0
    assert Hold.objects.filter(state=Hold.State.PINNED).count() == 1


def test_paying_while_the_order_expires_is_one_or_the_other(zone, product):
    walk, seen = ready_to_order(SlotFactory(zone=zone), product)
    answer = press(walk, seen)
    reference = Order.objects.get().reference

    def pay():
        paid = walk.pay(answer)
        if paid.status_code == 302:  # else the page was closed first
            walk.come_back(paid)

    at_once([pay, lambda: orders.abandon_order(reference=reference)])

    order = Order.objects.get()
    available = StockItem.objects.get().available
    assert (order.status, available) in {("placed", 0), ("abandoned", 20)}
    hold = Hold.objects.get()
    assert hold.state == (Hold.State.BOOKED if order.status == "placed" else Hold.State.HELD)


def test_twenty_cancellations_give_back_once(zone, product):
    slot = SlotFactory(zone=zone)
    walk, seen = ready_to_order(slot, product)
    walk.come_back(walk.pay(press(walk, seen)))
    reference = Order.objects.get().reference

    at_once([lambda: orders.cancel_order(reference=reference)] * 20)

    slot.refresh_from_db()
    assert slot.booked == 0
    assert StockItem.objects.get().available == 20
    assert Order.objects.get().events.filter(kind="cancelled").count() == 1


def test_two_tabs_adding_the_same_product_leave_one_line(zone, product):
    walk = Walk(Client())
    walk.fill(product, quantity=1)

    def put(quantity):
        tab = Client()
        tab.cookies = walk.client.cookies
        return tab.post(reverse("set_basket_line"), {"product": product.pk, "quantity": quantity}).status_code

    answers = at_once([lambda n=n: put(n) for n in range(2, 10)])

    from shop.basket.models import BasketLine

    assert set(answers) == {302}
    assert BasketLine.objects.count() == 1


@pytest.fixture
def in_between(monkeypatch):
    """What another tab does once the button has read its recap, and before it takes the place."""
    acts = []
    real = payments.prepare_payment

    def prepare_payment(**wanted):
        for act in acts:
            at_once([act])
        return real(**wanted)

    monkeypatch.setattr(payments, "prepare_payment", prepare_payment)
    return acts


def changing_slot(walk, slot):
    tab = Client()
    tab.cookies = walk.client.cookies
    return lambda: tab.post(reverse("hold_slot", args=[slot.pk]))


def test_a_slot_changed_in_another_tab_is_not_sold_as_the_one_before(zone, product, in_between):
    seen_slot, other = SlotFactory(zone=zone), SlotFactory(zone=zone)
    walk, seen = ready_to_order(seen_slot, product)
    in_between.append(changing_slot(walk, other))

    press(walk, seen)

    assert not Order.objects.exists() and not PaymentOperation.objects.exists()
    hold = Hold.objects.live().get()
    assert (hold.slot_id, hold.state) == (other.pk, Hold.State.HELD)
    assert StockItem.objects.get().available == 20


def test_control_without_a_look_at_the_place_pinned_another_one_is_sold(
    zone, product, in_between, monkeypatch
):
    seen_slot, other = SlotFactory(zone=zone), SlotFactory(zone=zone)
    walk, seen = ready_to_order(seen_slot, product)
    in_between.append(changing_slot(walk, other))
    pin = slots.pin_hold

    def unlooked(**wanted):
        hold = pin(**wanted)
        hold.slot_id = seen_slot.pk
        return hold

    monkeypatch.setattr(slots, "pin_hold", unlooked)

    press(walk, seen)

    assert (Order.objects.get().slot, Hold.objects.live().get().slot) == (seen_slot, other)


def test_two_sign_ins_at_once_end_in_one_basket(zone, product):
    customer = CustomerFactory()
    visitors = [baskets.obtain_basket(key=None, customer_id=None) for _ in range(2)]
    for visitor in visitors:
        baskets.set_line(basket=visitor, product_id=product.pk, quantity=2)

    at_once(
        [
            lambda key=visitor.key: baskets.merge_at_sign_in(visitor_key=key, customer_id=customer.pk)
            for visitor in visitors
        ]
    )

    basket = Basket.objects.get(is_open=True)
    assert (basket.customer, basket.lines.get().quantity) == (customer, 2)
