from datetime import timedelta

import pytest
import time_machine

from tests.delivery.slots import NOON
from tests.factories import SlotFactory


@pytest.fixture
def clock(db):
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def slot(clock):
    return SlotFactory(starts_at=NOON + timedelta(days=1), capacity=2)


@pytest.fixture
def other(slot):
    return SlotFactory(starts_at=NOON + timedelta(days=1, hours=1), capacity=2)
