"""A unit of stock is never sold twice and baskets never deadlock; each guard is shown to be needed."""

import random
import threading

import pytest
from django.db import OperationalError, connection, transaction

from shop.stock.models import StockItem, StockMovement, StockReservation
from shop.stock.queries import drifted
from shop.stock.services import (
    Receipt,
    StockShort,
    change_stock,
    pick_as_ordered,
    pick_stock,
    receive_goods,
    return_stock,
    take_stock,
)
from shop.stock.services.books import moved, write
from tests.concurrency.racing import together
from tests.factories import DepotFactory, ProductFactory

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
BUYERS = 40
Kind = StockMovement.Kind


def random_baskets(products, seed):
    dice = random.Random(seed)
    return [{pk: dice.randint(1, 3) for pk in dice.sample(products, 6)} for _n in range(BUYERS)]


def test_overlapping_baskets_never_oversell_nor_deadlock():
    products = [product.pk for product in ProductFactory.create_batch(10, stock=30)]
    depot, baskets = DepotFactory().pk, random_baskets(products, 1)

    answers = together(
        BUYERS, lambda n: take_stock(order_reference=f"R{n}", depot_id=depot, quantities=baskets[n])
    )

    assert all(isinstance(answer, dict | StockShort) for answer in answers), answers
    served = [basket for basket, answer in zip(baskets, answers, strict=True) if isinstance(answer, dict)]
    assert 0 < len(served) < BUYERS
    for item in StockItem.objects.all():
        sold = sum(basket.get(item.product_id, 0) for basket in served)
        assert (item.available, item.available >= 0) == (30 - sold, True)
    assert StockReservation.objects.count() == sum(map(len, served))


def test_control_reading_then_writing_oversells():
    product = ProductFactory(stock=10)
    item = StockItem.objects.get(product=product)
    read = threading.Barrier(BUYERS)

    def careless(_n):
        with transaction.atomic():
            available = StockItem.objects.get(pk=item.pk).available
            read.wait(30)
            if available < 1:
                return False
            StockItem.objects.filter(pk=item.pk).update(on_hand=available - 1)
            return True

    sold = sum(answer is True for answer in together(BUYERS, careless))

    assert sold > 10


def test_control_locking_in_basket_order_deadlocks():
    first, second = (ProductFactory(stock=100).pk for _ in range(2))
    held = threading.Barrier(2)

    def unordered(n):
        one, other = (first, second) if n else (second, first)
        with transaction.atomic():
            StockItem.objects.filter(product_id=one).update(on_hand=1)
            held.wait(30)
            StockItem.objects.filter(product_id=other).update(on_hand=1)

    answers = together(2, unordered)

    assert [isinstance(answer, OperationalError) for answer in answers].count(True) == 1


def test_double_submit_of_one_order_takes_once():
    products = [product.pk for product in ProductFactory.create_batch(4, stock=3)]
    depot = DepotFactory().pk

    answers = together(
        20,
        lambda _n: take_stock(
            order_reference="R1", depot_id=depot, quantities=dict.fromkeys(random.sample(products, 4), 2)
        ),
    )

    assert all(answer == answers[0] and isinstance(answer, dict) for answer in answers), answers
    assert set(StockItem.objects.values_list("available", flat=True)) == {1}
    assert StockReservation.objects.count() == 4


def test_many_returns_give_back_once():
    products = [product.pk for product in ProductFactory.create_batch(4, stock=10)]
    take_stock(order_reference="R1", depot_id=DepotFactory().pk, quantities=dict.fromkeys(products, 7))

    answers = together(20, lambda _n: return_stock(order_reference="R1"))

    assert sorted(map(len, answers)) == [0] * 19 + [4], answers
    assert set(StockItem.objects.values_list("available", flat=True)) == {10}


def test_control_returning_without_lock_gives_back_twice():
    product = ProductFactory(stock=20)
    for reference in ("R1", "R2"):
        take_stock(order_reference=reference, depot_id=DepotFactory().pk, quantities={product.pk: 7})
    read = threading.Barrier(2)

    def careless(_n):
        with transaction.atomic():
            reservation = StockReservation.objects.get(order_reference="R1", returned_at=None)
            read.wait(30)
            with connection.cursor() as cursor:
                cursor.execute("UPDATE stock_stockitem SET reserved = reserved - %s", [reservation.quantity])
                cursor.execute(
                    "UPDATE stock_stockreservation SET returned_at = now() WHERE order_reference = 'R1'"
                )

    together(2, careless)

    # What R2 still waits for is for sale again.
    assert StockItem.objects.get().available == 20


def test_orders_and_returns_cross_without_loss():
    products = [product.pk for product in ProductFactory.create_batch(6, stock=1000)]
    depot, baskets = DepotFactory().pk, random_baskets(products, 2)

    def order_and_cancel(n):
        take_stock(order_reference=f"R{n}", depot_id=depot, quantities=baskets[n])
        return return_stock(order_reference=f"R{n}")

    answers = together(BUYERS, order_and_cancel)

    assert answers == baskets
    assert set(StockItem.objects.values_list("available", flat=True)) == {1000}


def test_counts_receipts_picks_and_orders_cross_without_loss():
    """Whatever the interleaving, figures are what the movements and open reservations add up to."""
    products = [product.pk for product in ProductFactory.create_batch(5, stock=0)]
    depot = DepotFactory().pk
    receive_goods(depot_id=depot, receipts=[Receipt(pk, 1000) for pk in products])
    items = list(StockItem.objects.values_list("pk", flat=True))
    baskets = random_baskets(products * 2, 3)

    def work(n):
        if n % 4 == 0:
            return receive_goods(depot_id=depot, receipts=[Receipt(pk, 5) for pk in reversed(products)])
        if n % 4 == 1:
            return change_stock(item_ids=items[::-1], how=Kind.WRITE_OFF, quantity=2, reason="broken")
        take_stock(order_reference=f"R{n}", depot_id=depot, quantities=baskets[n])
        if n % 4 == 2:
            return return_stock(order_reference=f"R{n}")
        return pick_stock(order_reference=f"R{n}", depot_id=depot, quantities=baskets[n])

    answers = together(BUYERS, work)

    assert not [answer for answer in answers if isinstance(answer, Exception)]
    picked = [sum(baskets[n].get(pk, 0) for n in range(3, BUYERS, 4)) for pk in products]
    left = [1000 + 5 * 10 - 2 * 10 - out for out in picked]
    assert list(StockItem.objects.order_by("product_id").values_list("on_hand", flat=True)) == left
    assert drifted() == [] and not StockItem.objects.exclude(reserved=0).exists()


def test_an_order_leaves_the_shelf_once():
    product = ProductFactory(stock=0)
    depot = DepotFactory().pk
    receive_goods(depot_id=depot, receipts=[Receipt(product.pk, 50)])
    take_stock(order_reference="R1", depot_id=depot, quantities={product.pk: 7})

    answers = together(20, lambda _n: pick_as_ordered(order_reference="R1"))

    assert sorted(answers) == [0] * 19 + [1]
    assert StockItem.objects.get().on_hand == 43 and drifted() == []


def test_control_counting_without_lock_drifts():
    product = ProductFactory(stock=0)
    depot = DepotFactory().pk
    receive_goods(depot_id=depot, receipts=[Receipt(product.pk, 50)])
    read = threading.Barrier(2)

    def careless(_n):
        with transaction.atomic():
            item = StockItem.objects.select_related("product").get()
            read.wait(30)
            write([item], [moved(item, Kind.RECEIPT, 10)])

    together(2, careless)

    assert StockItem.objects.get().on_hand == 60 and drifted() != []
