"""What delivery is told of an order, as it is placed, changed, packed or called off."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.facts import deliver_all
from delivery.rounds.models import Drop
from shop.orders import services
from shop.orders.models import Order
from tests.factories import AisleFactory, PickupPointFactory, ProductFactory
from tests.shop.orders.depot import packed, place

pytestmark = pytest.mark.django_db


@pytest.fixture
def brie():
    return ProductFactory(
        name="Brie", price=Decimal("4.00"), stock=90, net_quantity=Decimal(200), net_unit="g"
    )


@pytest.fixture
def ice():
    return ProductFactory(
        name="Glace", price=Decimal("5.00"), stock=90, net_quantity=Decimal(900), net_unit="ml",
        shelf=AisleFactory(temperature="frozen"),
    )  # fmt: skip


def told(order):
    deliver_all()
    return Drop.objects.get(order_reference=order.reference)


def test_a_placed_order_is_to_be_delivered_where_and_when_it_was_promised(zone, brie, ice):
    order = place(zone, {brie: 10, ice: 2}, rank=2)
    Order.objects.filter(pk=order.pk).update(door_code="B12", floor="4")

    drop = told(order)

    assert (drop.slot_starts_at, drop.zone, drop.depot_id) == (order.slot.starts_at, zone, order.depot_id)
    assert drop.recipient == f"{order.first_name} {order.last_name}"
    assert (drop.door_code, drop.floor, drop.postcode) == ("B12", "4", order.postcode)
    assert drop.grams == 10 * 200 + 2 * 900
    assert drop.crates == {"ambient": 1, "frozen": 1}
    assert {line["name"]: line["quantity"] for line in drop.articles} == {
        "Brie": "10\u00a0×",
        "Glace": "2\u00a0×",
    }
    assert drop.ready_at is None


def test_what_was_packed_is_what_comes(zone, brie, ice):
    order = place(zone, {brie: 10, ice: 2})
    packed(order, {ice: 0})

    drop = told(order)

    assert [line["name"] for line in drop.articles] == ["Brie"]
    assert drop.grams == 2000
    assert drop.ready_at


def test_a_cancelled_order_is_delivered_by_nobody(zone, brie):
    order = place(zone, {brie: 12})
    told(order)

    services.cancel_order(reference=order.reference)

    assert told(order).cancelled_at


def test_facts_out_of_order_tell_the_same(zone, brie):
    """Cancelled before it was told as placed: it never comes to be delivered."""
    order = place(zone, {brie: 12})
    services.cancel_order(reference=order.reference)
    deliver_all()
    services.tell_rounds(reference=order.reference)

    assert not Drop.objects.filter(order_reference=order.reference, cancelled_at=None).exists()


def test_an_order_that_is_fetched_is_in_no_van(zone, brie):
    order = place(zone, {brie: 12})
    Drop.objects.all().delete()
    Order.objects.filter(pk=order.pk).update(zone=PickupPointFactory())

    services.tell_rounds(reference=order.reference)

    assert not Drop.objects.exists()


def test_what_weighs_nobody_knows_how_much_weighs_something(zone):
    loose = ProductFactory(name="Sans poids", price=Decimal("4.00"), stock=90, net_quantity=None)
    apples = ProductFactory(name="Pommes", weighed=True, stock=90_000)

    drop = told(place(zone, {loose: 10, apples: 1500}))

    assert drop.grams == 10 * 400 + 1500


def test_telling_takes_as_many_queries_for_a_longer_order(zone):
    counts = []
    for number in (2, 8):
        order = place(zone, {ProductFactory(price=Decimal("9.00"), stock=90): 9 for _n in range(number)})
        deliver_all()
        with CaptureQueriesContext(connection) as asked:
            services.tell_rounds(reference=order.reference)
        counts.append(len(asked))

    assert counts[0] == counts[1] <= 13
