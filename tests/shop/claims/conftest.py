"""An order that was delivered and paid: cheese by the piece, apples by weight, soap; and the limits a shop ships with."""

from decimal import Decimal

import pytest
from django.core.files.storage import FileSystemStorage

from shop.claims.models import Claim
from shop.claims.seed import seed_limits
from tests.factories import ProductFactory, ZoneFactory
from tests.shop.checkout.conftest import terms  # noqa: F401
from tests.shop.claims.reporting import delivered_order


@pytest.fixture(autouse=True)
def limits(db):
    seed_limits()


@pytest.fixture(autouse=True)
def private_files(monkeypatch, tmp_path):
    """Photographs of a test go with it."""
    folder = FileSystemStorage(location=tmp_path / "private")
    monkeypatch.setattr(Claim._meta.get_field("photo"), "storage", folder)
    return tmp_path / "private"


@pytest.fixture
def zone(terms):  # noqa: F811
    return ZoneFactory(minimum_order=Decimal(0), free_delivery_from=Decimal(50))


@pytest.fixture
def comte():
    return ProductFactory(name="Comté", sort_name="comte", price=Decimal("4.00"), stock=50)


@pytest.fixture
def apples():
    return ProductFactory(name="Pommes", weighed=True)


@pytest.fixture
def soap():
    return ProductFactory(
        name="Lessive", price=Decimal("9.00"), stock=50, vat_rate=20, shelf__slug="lessives"
    )


@pytest.fixture
def order(zone, comte, apples, soap):
    return delivered_order(zone, {comte: 5, apples: 1000, soap: 4})
