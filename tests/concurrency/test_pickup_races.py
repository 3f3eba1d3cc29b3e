"""Two clerks and one code; many orders and one code drawn: one is handed over, none shares a code."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from shop.orders import services
from shop.orders.models import Order, OrderEvent, Pickup
from shop.orders.services import collecting, pickup_codes
from tests.factories import CustomerFactory, PickupPointFactory, SlotFactory, UserFactory

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
CLERKS, ORDERS = 6, 8


@pytest.fixture
def window():
    starts = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=30)
    return SlotFactory(zone=PickupPointFactory(), starts_at=starts)


def order_for(window, customer, number):
    return Order.objects.create(
        reference=f"CB-{number}", basket_key=uuid4(), customer=customer, status=Order.Status.PACKED,
        zone_id=window.zone_id, depot_id=window.zone.depot_id, slot=window, email="lea@exemple.fr", first_name="Léa",
        last_name="Martin", phone="0612345678", line1="14 rue de la Roquette", postcode="75011", city="Paris",
        goods_total=20, delivery_fee=0, total=20, terms_version="1",
    )  # fmt: skip


def at_once(jobs):
    def run(job):
        try:
            return job()
        except services.PickupClosed:
            return "refused"
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


@pytest.fixture
def packed(window):
    order = order_for(window, CustomerFactory(), 1)
    with transaction.atomic():
        pickup_codes.open_pickup(order=order)
    return order


def all_clerks(packed, monkeypatch, *, met_at):
    """All of them have looked the code up so many times before any goes on."""
    looked_up = threading.Barrier(CLERKS)
    real = collecting.order_at_counter
    own = threading.local()

    def order_at_counter(**wanted):
        order = real(**wanted)
        own.looks = getattr(own, "looks", 0) + 1
        if own.looks == met_at:
            looked_up.wait(10)
        return order

    monkeypatch.setattr(collecting, "order_at_counter", order_at_counter)
    code, clerks = Pickup.objects.get().code, [UserFactory(staff=True).pk for _clerk in range(CLERKS)]
    return at_once(
        [
            lambda by=by: services.hand_over_at_point(point_id=packed.zone_id, code=code, by_id=by) and by
            for by in clerks
        ]
    )


def test_one_of_many_clerks_hands_an_order_over(packed, monkeypatch):
    answers = all_clerks(packed, monkeypatch, met_at=1)

    gave = [answer for answer in answers if answer != "refused"]
    assert gave == [Pickup.objects.get().handed_by_id]
    assert OrderEvent.objects.filter(kind=OrderEvent.Kind.DELIVERED).count() == 1


def test_without_the_lock_several_clerks_believe_they_did(packed, monkeypatch):
    monkeypatch.setattr(collecting, "locked", lambda reference: None)

    answers = all_clerks(packed, monkeypatch, met_at=2)

    assert "refused" not in answers


def drawing(monkeypatch, codes):
    """Every thread draws the same codes in the same order."""
    own = threading.local()

    def new_code():
        own.drawn = getattr(own, "drawn", -1) + 1
        return codes[own.drawn]

    monkeypatch.setattr(pickup_codes, "new_code", new_code)


def test_orders_that_draw_the_same_code_at_once_get_different_ones(window, monkeypatch):
    customer = CustomerFactory()
    orders = [order_for(window, customer, number) for number in range(ORDERS)]
    drawing(monkeypatch, [f"{code:06d}" for code in range(ORDERS)])

    def open_one(order):
        with transaction.atomic():
            pickup_codes.open_pickup(order=order)

    at_once([lambda order=order: open_one(order) for order in orders])

    assert sorted(Pickup.objects.values_list("code", flat=True)) == [f"{code:06d}" for code in range(ORDERS)]
