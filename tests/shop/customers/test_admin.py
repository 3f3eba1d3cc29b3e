import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.template import engines

from shop.customers.models import User
from tests.factories import AddressFactory, CustomerFactory, UserFactory

pytestmark = pytest.mark.django_db
USERS, CUSTOMERS = "/admin/customers/user/", "/admin/customers/customer/"


@pytest.fixture(autouse=True)
def _admin_templates(monkeypatch):
    """Unfold's templates rely on missing variables being empty."""
    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", "")


def staff_with(*rights):
    user = UserFactory(staff=True)
    user.user_permissions.add(
        *Permission.objects.filter(codename__in=rights, content_type__app_label="customers")
    )
    return user


@pytest.fixture
def manager(client):
    user = staff_with("view_user", "add_user", "change_user")
    client.force_login(user)
    client.user = user
    return client


def test_a_new_colleague_gets_groups_and_no_password(manager):
    group = Group.objects.create(name="essai")

    manager.post(
        USERS + "add/",
        {"email": "marie@cabas.example", "is_staff": "on", "is_active": "on", "groups": [group.pk]},
    )

    user = User.objects.get(email="marie@cabas.example")
    assert user.is_staff
    assert not user.has_usable_password()
    assert list(user.groups.all()) == [group]
    assert not EmailAddress.objects.get(user=user).verified


def test_no_page_shows_a_password(manager):
    colleague = UserFactory(staff=True)

    body = manager.get(f"{USERS}{colleague.pk}/change/").content.decode()

    assert colleague.password not in body
    assert 'type="password"' not in body
    assert 'name="is_superuser"' not in body
    assert 'name="user_permissions"' not in body


def test_a_manager_neither_sees_nor_makes_a_superuser(manager):
    chief = UserFactory(staff=True, is_superuser=True, email="chef@cabas.example")

    assert "chef@cabas.example" not in manager.get(USERS).content.decode()
    assert manager.get(f"{USERS}{chief.pk}/change/").status_code == 302
    manager.post(
        f"{USERS}{manager.user.pk}/change/", {"is_superuser": "on", "is_staff": "on", "is_active": "on"}
    )
    manager.user.refresh_from_db()
    assert not manager.user.is_superuser


def test_nobody_raises_their_own_rights(manager):
    group = Group.objects.create(name="essai")

    manager.post(
        f"{USERS}{manager.user.pk}/change/", {"is_staff": "on", "is_active": "on", "groups": [group.pk]}
    )

    assert not manager.user.groups.exists()


def test_groups_are_for_superusers(manager):
    assert manager.get("/admin/auth/group/").status_code == 403


def test_customers_are_found_by_address_and_hardly_written(client):
    client.force_login(staff_with("view_customer", "change_customer", "view_address", "view_consent"))
    customer, _other = CustomerFactory(email="lou@exemple.fr", user=None), CustomerFactory()
    AddressFactory(customer=customer)

    assert "lou@exemple.fr" in client.get(CUSTOMERS, {"q": "lou@"}).content.decode()
    body = client.get(f"{CUSTOMERS}{customer.pk}/change/").content.decode()
    assert 'name="email"' not in body
    assert client.get(CUSTOMERS + "add/").status_code == 403
    assert client.get(f"{CUSTOMERS}{customer.pk}/delete/").status_code == 403


def test_staff_correct_a_telephone_number_as_customers_do(client):
    client.force_login(staff_with("view_customer", "change_customer"))
    customer = CustomerFactory()
    given = {"first_name": "Lou", "last_name": "B"}

    client.post(f"{CUSTOMERS}{customer.pk}/change/", given | {"phone": "12"})
    customer.refresh_from_db()
    assert customer.phone == "0612345678"

    client.post(f"{CUSTOMERS}{customer.pk}/change/", given | {"phone": "+33 7 11 22 33 44"})
    customer.refresh_from_db()
    assert (customer.first_name, customer.phone) == ("Lou", "0711223344")


def test_consents_are_only_read(client):
    client.force_login(staff_with("view_consent", "change_consent", "delete_consent", "add_consent"))

    assert client.get("/admin/customers/consent/").status_code == 200
    assert client.get("/admin/customers/consent/add/").status_code == 403
