"""What the web server does before its workers are there."""

import gc

import pytest
from django.db import connection, connections

from config import gunicorn, kept
from tests.factories import ProductFactory, ZoneFactory


@pytest.fixture(autouse=True)
def _thawed():
    yield
    gc.unfreeze()


@pytest.mark.django_db(transaction=True)
def test_a_page_is_built_ahead_and_no_line_to_the_database_stays_open(settings):
    settings.SITE_URL = "https://testserver"
    ZoneFactory()
    ProductFactory()

    gunicorn.when_ready(None)

    assert any(key[0] == "page" for key in kept._store if isinstance(key, tuple))
    assert all(one.connection is None for one in connections.all(initialized_only=True))


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_keeps_no_worker_from_starting(settings, monkeypatch):
    settings.SITE_URL = "https://testserver"
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")

    gunicorn.when_ready(None)

    assert not any(key[0] == "page" for key in kept._store if isinstance(key, tuple))
