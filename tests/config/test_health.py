"""GET /sante/: what a monitor is told when a server is away, by taking it away."""

import pytest
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from config.cache import ForgivingRedisCache
from config.embedded import Valkey
from config.health import SILENCE_ALLOWED, record_beat
from config.models import Heartbeat
from crm.desk.checks import terms_are_published
from crm.desk.services import publish_page


@pytest.fixture
def terms(db):
    publish_page(slug="cgv", title="CGV", body="Conditions de vente.")


@pytest.fixture
def alive(terms):
    record_beat("worker")
    record_beat("relay")


@pytest.fixture
def own_valkey(tmp_path, settings):
    """A Valkey of this test's own, that it may kill."""
    import os
    import shutil

    home = tmp_path
    if os.geteuid() == 0:
        shutil.chown(home, "nobody")
    server = Valkey(home, durable=False)
    server.start()
    settings.CACHES = settings.CACHES | {"default": settings.CACHES["default"] | {"LOCATION": server.url()}}
    ForgivingRedisCache._silent_until = 0.0
    yield server
    server.kill()
    ForgivingRedisCache._silent_until = 0.0


@pytest.fixture
def no_database(db):
    """The address of a server that is not there, for the length of a test."""
    at = connections["default"].settings_dict
    known = dict(at)
    connection.close()
    at["HOST"], at["PORT"] = "/nonexistent", ""
    yield
    connection.close()
    at.update(known)


def ask(query=""):
    answer = Client().get(f"/sante/{query}")
    return answer.status_code, answer.json()


def test_all_well(alive):
    assert ask() == (200, {"status": "ok", "degraded": []})
    assert ask("?strict=1") == (200, {"status": "ok", "degraded": []})


def test_dead_cache_is_degraded_and_selling_goes_on(alive, own_valkey):
    assert ask() == (200, {"status": "ok", "degraded": []})

    own_valkey.kill()

    assert ask() == (200, {"status": "degraded", "degraded": ["cache"]})
    assert ask("?strict=1") == (503, {"status": "degraded", "degraded": ["cache"]})


def test_silent_worker_and_relay_are_named(terms):
    record_beat("worker")
    Heartbeat.objects.create(process="relay", beat_at=timezone.now() - SILENCE_ALLOWED * 2)

    assert ask() == (200, {"status": "degraded", "degraded": ["relay"]})
    assert ask("?strict=1")[0] == 503


def test_shop_without_terms_of_sale_says_so(db):
    record_beat("worker")
    record_beat("relay")

    assert ask() == (200, {"status": "degraded", "degraded": ["terms"]})


def test_deployment_is_warned_of_missing_terms(db):
    assert [fault.id for fault in terms_are_published()] == ["desk.E002"]

    publish_page(slug="cgv", title="CGV", body="Conditions de vente.")

    assert terms_are_published() == []


@pytest.mark.django_db(transaction=True)
def test_deployment_check_needs_no_database(no_database):
    assert terms_are_published() == []


def test_head_is_answered_like_get(alive):
    assert Client().head("/sante/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_without_the_database_the_shop_is_down(no_database):
    assert ask() == (503, {"status": "down", "degraded": ["database"]})
    assert ask("?strict=1") == (503, {"status": "down", "degraded": ["database"]})


def test_health_is_only_asked_for(alive):
    assert Client().post("/sante/").status_code == 405


def test_health_sets_no_cookie_and_says_nothing_more(alive):
    answer = Client().get("/sante/")

    assert not answer.cookies
    assert set(answer.json()) == {"status", "degraded"}
