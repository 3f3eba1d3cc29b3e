"""``manage.py bench picking``: told in one table, and nothing of it is left."""

import pytest
from django.core.management import call_command

from config.bench import picking
from shop.orders.models import Order
from shop.picking.models import Wave
from tests.factories import CustomerFactory, ProductFactory, ZoneFactory

pytestmark = pytest.mark.django_db


def test_a_wave_is_measured_and_taken_back(monkeypatch, capsys):
    monkeypatch.setattr(picking, "ORDERS", 20)
    ZoneFactory(), CustomerFactory()
    ProductFactory.create_batch(5)

    call_command("bench", "picking")

    assert "a wave of 20" in capsys.readouterr().out
    assert not Order.objects.exists() and not Wave.objects.exists()


@pytest.mark.heavy
def test_a_wave_of_two_hundred_orders_of_forty_lines():
    """Two seconds at most, and memory that follows its few rows, not their lines."""
    ZoneFactory(), CustomerFactory()
    ProductFactory.create_batch(40)

    _name, ms, kib, beside = next(iter(picking.rows()))

    assert float(ms) <= 2000
    assert float(kib) <= 2.5 * float(beside.split()[0]) and float(kib) < 5000
