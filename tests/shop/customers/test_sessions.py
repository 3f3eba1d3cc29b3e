"""Sessions that know their login: read at once, and believed no further than Django itself would."""

from datetime import timedelta

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.tasks import clear_sessions
from shop.customers.models import Session, User
from shop.customers.sessions import SessionStore
from tests.factories import CustomerFactory, UserFactory, ZoneFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def user(client):
    ZoneFactory()
    user = CustomerFactory(first_name="Zoé").user
    client.force_login(user)
    return user


def is_greeted(client):
    return "Bonjour Zoé" in client.get(reverse("home")).content.decode()


def queries_about(table, client):
    with CaptureQueriesContext(connection) as captured:
        client.get(reverse("home"))
    return [query["sql"] for query in captured if f"FROM {table} " in query["sql"]]


def stored():
    return Session.objects.get()


def test_session_login_and_customer_are_read_by_one_statement(client, user):
    client.get(reverse("home"))

    [asked] = queries_about("customers_session", client)

    assert "customers_user" in asked and "customers_customer" in asked
    assert not queries_about("customers_user", client)


def test_a_session_is_stored_with_its_login_and_without_one_with_none(client, user):
    assert stored().user == user

    client.logout()
    client.post(reverse("set_postcode"), {"code_postal": "75011"})

    assert stored().user is None


def test_a_session_from_before_logins_were_stored_still_signs_in_and_learns_its_own(client, user):
    Session.objects.update(user=None)

    assert is_greeted(client)

    session = client.session
    session["postcode"] = "75011"
    session.save()
    assert stored().user == user


def test_another_password_ends_the_session(client, user):
    user.set_password("un-autre-mot-de-passe")
    user.save()

    assert not is_greeted(client)


def test_an_account_that_was_closed_is_signed_out_at_once(client, user):
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert not is_greeted(client)


def test_a_deleted_login_takes_its_sessions_along(client):
    ZoneFactory()
    gone = UserFactory()
    client.force_login(gone)

    gone.delete()

    assert not Session.objects.exists()
    assert client.get(reverse("home")).status_code == 200


def test_a_login_deleted_behind_djangos_back_makes_no_page_fail(client):
    ZoneFactory()
    gone = UserFactory()
    client.force_login(gone)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM customers_customer WHERE user_id = %s", [gone.pk])
        cursor.execute("DELETE FROM customers_user WHERE id = %s", [gone.pk])

    answer = client.get(reverse("home"))

    assert answer.status_code == 200
    assert "Se connecter" in answer.content.decode()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (SESSION_KEY, "0"),
        (HASH_SESSION_KEY, "deviné"),
        (HASH_SESSION_KEY, ""),
        (BACKEND_SESSION_KEY, "ailleurs.Backend"),
    ],
)
def test_a_session_that_does_not_prove_its_login_is_nobodys(client, user, key, value):
    session = client.session
    session[key] = value
    session.save()
    # As if somebody had written the login beside a session that does not name it.
    Session.objects.update(user=user)

    assert not is_greeted(client)


def test_an_expired_session_holds_nothing(client, user):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

    assert SessionStore(stored().session_key).load() == {}
    assert not is_greeted(client)


def test_expired_sessions_are_forgotten_each_night(client, user):
    kept = SessionStore()
    kept.create()
    Session.objects.exclude(pk=kept.session_key).update(expire_date=timezone.now() - timedelta(days=1))

    clear_sessions()

    assert stored().session_key == kept.session_key
