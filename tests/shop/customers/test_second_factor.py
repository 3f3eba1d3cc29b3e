import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.cache import caches
from django.urls import reverse

from shop.customers.services import trust_email
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PASSWORD = "carotte-poireau-42"


@pytest.fixture
def staff():
    user = UserFactory(staff=True, password=PASSWORD, is_superuser=True)
    trust_email(user)
    return user


def code_of(secret):
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


@pytest.mark.parametrize("address", ["/admin/", "/preparation/", "/livreur/"])
def test_staff_without_a_second_factor_are_sent_to_set_one_up(client, staff, settings, address):
    settings.STAFF_SECOND_FACTOR = True
    client.force_login(staff)

    assert client.get(address)["Location"] == reverse("mfa_activate_totp")


def test_customers_are_never_asked(client, settings):
    settings.STAFF_SECOND_FACTOR = True
    client.force_login(UserFactory())

    assert client.get("/compte/").status_code == 200


def test_staff_with_a_second_factor_pass(client, staff, settings):
    settings.STAFF_SECOND_FACTOR = True
    TOTP.activate(staff, generate_totp_secret())
    client.force_login(staff)

    assert client.get("/admin/").status_code == 200


def test_the_admin_has_no_door_of_its_own(client, staff):
    response = client.post("/admin/login/?next=/admin/", {"username": staff.email, "password": PASSWORD})

    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")
    assert "_auth_user_id" not in client.session


def test_a_password_alone_does_not_pass_a_second_factor(client, staff):
    secret = generate_totp_secret()
    TOTP.activate(staff, secret)

    response = client.post(
        reverse("account_login"), {"login": staff.email, "password": PASSWORD}, follow=True
    )

    assert response.redirect_chain[-1][0] == reverse("mfa_authenticate")
    assert "variable indéfinie" not in response.content.decode()
    assert "_auth_user_id" not in client.session

    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert client.session["_auth_user_id"] == str(staff.pk)


def test_a_code_serves_once_even_when_valkey_is_wiped(client, staff):
    secret = generate_totp_secret()
    TOTP.activate(staff, secret)
    code = code_of(secret)
    given = {"login": staff.email, "password": PASSWORD}
    client.post(reverse("account_login"), given)
    client.post(reverse("mfa_authenticate"), {"code": code})
    caches["default"].clear()
    thief = type(client)()

    thief.post(reverse("account_login"), given)
    thief.post(reverse("mfa_authenticate"), {"code": code})

    assert "_auth_user_id" not in thief.session


def test_a_second_factor_is_set_up_by_hand(client, staff):
    client.post(reverse("account_login"), {"login": staff.email, "password": PASSWORD})
    asked = client.get(reverse("mfa_activate_totp"), follow=True)
    assert "Confirmez que c’est vous" in asked.content.decode()
    page = client.post(asked.redirect_chain[-1][0], {"password": PASSWORD}, follow=True)
    body = page.content.decode()
    assert "data:image/svg+xml;base64," in body
    assert "variable indéfinie" not in body

    response = client.post(
        reverse("mfa_activate_totp"), {"code": code_of(page.context["form"].secret)}, follow=True
    )

    assert response.redirect_chain[-1][0] == reverse("mfa_view_recovery_codes")
    body = response.content.decode()
    assert "variable indéfinie" not in body
    assert "Il reste 10 codes sur 10." in body
    assert Authenticator.objects.filter(user=staff).count() == 2
    for name in ("mfa_index", "mfa_deactivate_totp", "mfa_generate_recovery_codes"):
        assert "variable indéfinie" not in client.get(reverse(name)).content.decode()


def test_a_recovery_code_replaces_the_telephone_once(client, staff):
    TOTP.activate(staff, generate_totp_secret())
    code = RecoveryCodes.activate(staff).get_unused_codes()[0]
    given = {"login": staff.email, "password": PASSWORD}
    client.post(reverse("account_login"), given)

    client.post(reverse("mfa_authenticate"), {"code": code})

    assert "_auth_user_id" in client.session
    again = type(client)()
    again.post(reverse("account_login"), given)
    again.post(reverse("mfa_authenticate"), {"code": code})
    assert "_auth_user_id" not in again.session
