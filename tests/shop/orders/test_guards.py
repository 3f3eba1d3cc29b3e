"""Each guard of an order's life is taken away in turn: the machine of `living` must find out, and say what is wrong."""

import pytest

from tests.shop.orders.guards import GUARDS
from tests.shop.orders.living import a_life, live  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.heavy]
MOST_TURNS = 8


@pytest.mark.parametrize(("guard", "wrong"), GUARDS.items(), ids=lambda one: getattr(one, "__name__", ""))
def test_without_a_guard_the_machine_finds_out(guard, wrong, monkeypatch):
    guard(monkeypatch)

    with pytest.raises(AssertionError, match=wrong):
        for turn in range(MOST_TURNS):
            live(10, 50, turn)
