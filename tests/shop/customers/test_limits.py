"""Sign-in limits are counted in PostgreSQL: wiping Valkey must not give a guesser a fresh start."""

import pytest
from django.core.cache import caches
from django.test import override_settings
from django.urls import reverse

from crm.outbox.models import Message
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _limits():
    with override_settings(
        ACCOUNT_RATE_LIMITS={
            "login_failed": "3/5m/key",
            "request_login_code": "4/m/ip,2/m/key",
            "login": "6/m/ip",
            "reset_password": "2/m/ip",
        }
    ):
        yield


def try_password(client, email, password="une-erreur-42"):
    return client.post(reverse("account_login"), {"login": email, "password": password})


def wipe():
    caches["default"].clear()


def test_too_many_wrong_passwords_close_the_door_even_when_valkey_is_wiped(client):
    user = UserFactory()
    for _ in range(3):
        try_password(client, user.email)
        wipe()

    response = try_password(client, user.email, "mot-de-passe-solide")

    assert "_auth_user_id" not in client.session
    assert response.status_code == 200
    assert "Trop d’essais. Attendez" in response.content.decode()


def test_control_in_the_default_cache_a_wipe_opens_the_door_again(client, monkeypatch):
    from allauth.core.internal import ratelimit
    from django.core.cache import cache

    monkeypatch.setattr(ratelimit, "cache", cache)
    user = UserFactory()
    for _ in range(3):
        try_password(client, user.email)
        wipe()

    try_password(client, user.email, "mot-de-passe-solide")

    assert "_auth_user_id" in client.session or Message.objects.exists()


def test_codes_are_not_asked_for_without_end(client):
    user = UserFactory()
    for _ in range(2):
        type(client)().post(reverse("account_request_login_code"), {"email": user.email})

    response = type(client)().post(reverse("account_request_login_code"), {"email": user.email})

    assert "Trop d’essais. Attendez" in response.content.decode()
    assert Message.objects.count() == 2


def test_too_many_requests_are_answered_in_french_in_the_shops_look(client):
    for _ in range(6):
        try_password(client, "x@exemple.fr")
        wipe()

    response = try_password(client, "x@exemple.fr")

    body = response.content.decode()
    assert response.status_code == 429
    assert "Trop d’essais" in body
    assert "variable indéfinie" not in body
    assert 'class="footer"' in body


def test_an_unknown_address_is_limited_like_a_known_one(client):
    answers = []
    for email in (UserFactory().email, "inconnu@exemple.fr"):
        visitor = type(client)(REMOTE_ADDR=f"10.0.0.{len(answers) + 1}")
        answers.append(
            [visitor.post(reverse("account_reset_password"), {"email": email}).status_code for _ in range(3)]
        )

    assert answers[0] == answers[1] == [302, 302, 429]
