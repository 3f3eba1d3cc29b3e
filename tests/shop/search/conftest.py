import pytest

from shop.catalogue.models import Product
from shop.catalogue.services import refresh_search
from tests.factories import ProductFactory, SlotFactory, ZoneFactory


@pytest.fixture
def indexed():
    """Make every product findable, as the catalogue's own writes do."""

    def index():
        refresh_search(product_ids=list(Product.objects.values_list("id", flat=True)))

    return index


@pytest.fixture
def zone():
    return ZoneFactory()


@pytest.fixture
def visitor(client, zone):
    """A stranger who gave a postcode and whose cookie is known."""
    session = client.session
    session["postcode"] = "75011"
    session.save()
    return client


@pytest.fixture
def full_shop(zone, indexed):
    ProductFactory.create_batch(15, popularity=5)
    SlotFactory(zone=zone)
    indexed()
