import pytest

from tests.factories import AisleFactory, DepotFactory


@pytest.fixture
def shop(db, settings, tmp_path):
    settings.STATE_DIR = tmp_path / "state"
    AisleFactory(slug="yaourts", parent=AisleFactory(slug="cremerie"))
    return DepotFactory()


@pytest.fixture
def demonstration(shop, settings):
    settings.DEMONSTRATION = True
    return shop
