import pytest
from django.conf import settings as given
from django.contrib.auth.models import Permission
from django.test import override_settings

from tests.factories import AisleFactory, DepotFactory, UserFactory


@pytest.fixture
def shop(db, settings, tmp_path):
    settings.STATE_DIR = tmp_path / "state"
    AisleFactory(slug="yaourts", parent=AisleFactory(slug="cremerie"))
    return DepotFactory()


@pytest.fixture
def demonstration(shop, settings):
    settings.DEMONSTRATION = True
    return shop


@pytest.fixture(scope="module")
def lenient_templates():
    """Django's and Unfold's own admin templates count on undefined variables being empty."""
    first = given.TEMPLATES[0]
    lenient = [first | {"OPTIONS": first["OPTIONS"] | {"string_if_invalid": ""}}]
    with override_settings(TEMPLATES=lenient):
        yield


@pytest.fixture
def staff(client):
    user = UserFactory(staff=True)
    names = ["view_product", "change_product", "add_product", "view_stockitem", "change_stockitem",
             "view_stockmovement", "view_aisle",
             "change_aisle", "add_aisle", "delete_aisle", "view_brand", "change_brand", "add_brand",
             "view_productpicture", "add_productpicture", "change_productpicture", "delete_productpicture"]  # fmt: skip
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)
    return client
