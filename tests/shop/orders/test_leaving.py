"""Goods that left with their courier lie on no shelf, whoever forgot to say so."""

from datetime import timedelta

import pytest
import time_machine

from shop.orders import services, tasks
from shop.orders.models import Order
from shop.orders.queries import left_unsaid
from shop.orders.tasks import take_off_shelves
from shop.stock.models import StockItem, StockMovement
from tests.shop.checkout.conftest import ready, slot, terms, walk, zone  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def placed(ready):  # noqa: F811
    ready.come_back(ready.pay(ready.order()))
    return Order.objects.select_related("slot").get()


def shelf():
    return StockItem.objects.filter(reservations__isnull=False).values_list("on_hand", "reserved").get()


def test_it_lies_there_until_its_slot_is_long_over(placed):
    before = shelf()

    for late in (timedelta(0), timedelta(hours=11)):
        with time_machine.travel(placed.slot.ends_at + late):
            take_off_shelves()

    assert before[1] > 0 and shelf() == before


def test_it_is_taken_off_once(placed):
    on_hand, reserved = shelf()

    with time_machine.travel(placed.slot.ends_at + timedelta(hours=13)):
        take_off_shelves()
        take_off_shelves()

    assert shelf() == (on_hand - reserved, 0)
    assert StockMovement.objects.filter(kind="picked", source=placed.reference).count() == 1


def test_a_cancelled_order_left_nothing(placed):
    services.cancel_order(reference=placed.reference)

    with time_machine.travel(placed.slot.ends_at + timedelta(hours=13)):
        assert left_unsaid(placed.slot.ends_at + timedelta(hours=13)) == []
        take_off_shelves()

    assert not StockMovement.objects.exists()


def test_one_order_that_fails_keeps_no_other_on_the_shelf(placed, monkeypatch, caplog):
    real = services.take_off_shelf

    def broken(*, reference):
        if reference == "CB-CASSEE":
            raise RuntimeError("secret")
        return real(reference=reference)

    monkeypatch.setattr(tasks, "take_off_shelf", broken)
    monkeypatch.setattr(tasks, "left_unsaid", lambda _now: ["CB-CASSEE", placed.reference])

    take_off_shelves()

    assert shelf()[1] == 0
    assert "of order CB-CASSEE failed: RuntimeError" in caplog.text and "secret" not in caplog.text
