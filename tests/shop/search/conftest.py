import pytest

from shop.catalogue.models import Product
from shop.catalogue.services import refresh_search


@pytest.fixture
def indexed():
    """Make every product findable, as the catalogue's own writes do."""

    def index():
        refresh_search(product_ids=list(Product.objects.values_list("id", flat=True)))

    return index
