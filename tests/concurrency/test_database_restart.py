"""PostgreSQL dies and comes back in the middle of checkout: the order is whole or absent, the same key resumes."""

import os
import shutil
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import close_old_connections, connections
from django.test import Client
from django.urls import reverse

from config.embedded import Postgres, reachable_home
from crm.desk.services import publish_page
from delivery.slots import services as slots
from delivery.slots.models import Hold
from shop.basket import services as baskets
from shop.checkout import services as checkout
from shop.orders import services as orders
from shop.orders.models import Order
from shop.payments import services as payments
from shop.payments.gateways import demo
from shop.payments.models import PaymentOperation
from shop.stock import services as stock
from shop.stock.models import StockItem
from tests.factories import ProductFactory, SlotFactory, ZoneFactory
from tests.shop.checkout.conftest import Walk, total_seen

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.concurrency


@pytest.fixture(scope="module")
def own_server(worker_id):
    """A durable PostgreSQL of this test alone, which it may crash."""
    binaries = os.environ.get("POSTGRES_BIN")
    home = reachable_home(ROOT / ".run" / f"fault-{worker_id}{'-other' if binaries else ''}")
    # What an earlier state of the migrations left behind is not what these tests are about.
    shutil.rmtree(home, ignore_errors=True)
    server = Postgres(home, binaries=Path(binaries) if binaries else None)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def server(own_server, django_db_setup, django_db_blocker):
    """Django speaks to that server for the length of a test; migrated once, emptied each time."""
    settings = connections["default"].settings_dict
    before = {name: settings[name] for name in ("HOST", "PORT", "USER", "PASSWORD", "NAME")}
    with django_db_blocker.unblock():
        connections["default"].close()
        settings.update(HOST=str(own_server.sockets), PORT="", USER="cabas", PASSWORD="", NAME="cabas")
        try:
            call_command("migrate", verbosity=0)
            call_command("createcachetable", verbosity=0)
            call_command("flush", verbosity=0, interactive=False)
            yield own_server
        finally:
            connections["default"].close()
            settings.update(before)


def crash_once(monkeypatch, server, module, name, *, after=False):
    """Crash and restart the server the first time this function is called, before or after its work."""
    original = getattr(module, name)
    crashes = []

    def wrapper(*args, **kwargs):
        result = original(*args, **kwargs) if after or crashes else None
        if not crashes:
            crashes.append(name)
            server.stop(crash=True)
            server.start()
            return result if after else original(*args, **kwargs)
        return result

    monkeypatch.setattr(module, name, wrapper)
    return crashes


@pytest.fixture
def walk(server):
    publish_page(slug="cgv", title="CGV", body="Conditions.")
    walk = Walk(Client(raise_request_exception=False))
    zone = ZoneFactory()
    walk.fill(ProductFactory()).hold(SlotFactory(zone=zone)).say_who()
    return walk


def assert_whole_or_absent():
    for order in Order.objects.exclude(status="abandoned"):
        assert sum(line.total for line in order.lines.all()) == order.goods_total
        assert StockItem.objects.get().available == 80
        assert Hold.objects.get().state in {Hold.State.PINNED, Hold.State.BOOKED}
        assert PaymentOperation.objects.get().amount == order.total
    if not Order.objects.exists():
        assert StockItem.objects.get().available == 100
        assert Hold.objects.get().state == Hold.State.HELD
        assert not PaymentOperation.objects.exists()


POINTS = {
    "as the stock is taken": (stock, "take_stock", False),
    "once the stock is taken, before the commit": (stock, "take_stock", True),
    "after the commit, before the provider": (payments, "open_payment_page", False),
    "at the provider's": (demo.DemoGateway, "open_page", False),
    "after the provider's answer": (demo.DemoGateway, "open_page", True),
}


@pytest.mark.parametrize("where", POINTS)
def test_pressing_the_button_survives_a_restart(walk, server, monkeypatch, where):
    module, name, after = POINTS[where]
    seen = total_seen(walk.recap())
    crashes = crash_once(monkeypatch, server, module, name, after=after)

    first = walk.client.post(reverse("checkout_recap"), {"terms": "on", "seen_total": seen})
    close_old_connections()
    assert_whole_or_absent()
    again = walk.order() if first.status_code == 500 else first
    walk.come_back(walk.pay(again))

    assert crashes
    assert Order.objects.get().status == Order.Status.PLACED
    assert PaymentOperation.objects.count() == 1
    assert_whole_or_absent()


@pytest.mark.parametrize("after", [False, True])
def test_coming_back_from_the_payment_survives_a_restart(walk, server, monkeypatch, after):
    paid = walk.pay(walk.order())
    crashes = crash_once(monkeypatch, server, slots, "book_hold", after=after)

    walk.come_back(paid)
    close_old_connections()
    walk.come_back(paid)

    assert crashes
    assert Order.objects.get().status == Order.Status.PLACED
    assert_whole_or_absent()


def test_control_without_the_transaction_a_crash_leaves_half_an_order(walk, server, monkeypatch):
    """The guard removed: the same use case, each of its steps committing by itself."""
    monkeypatch.setattr(checkout, "submit", checkout.submit.__wrapped__)
    monkeypatch.setattr(orders, "create_order", orders.create_order.__wrapped__)
    monkeypatch.setattr(baskets, "lock_untouched", lambda *, basket: True)
    crash_once(monkeypatch, server, stock, "take_stock", after=True)

    walk.order()
    close_old_connections()

    assert StockItem.objects.get().available == 80
    assert Order.objects.get().lines.count() == 0
