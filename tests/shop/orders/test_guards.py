"""Each guard of an order's life is taken away in turn: the machine of `living` must find out."""

import pytest

from tests.shop.orders.guards import GUARDS
from tests.shop.orders.living import brief_letters, live  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.heavy]


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.__name__)
def test_without_a_guard_the_machine_finds_out(guard, monkeypatch):
    guard(monkeypatch)

    caught = None
    try:
        live(40, 50)
    except Exception as fault:
        caught = fault

    assert caught is not None
