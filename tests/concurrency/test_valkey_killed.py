"""Valkey dies: browsing and ordering go on, nothing is lost, the letter leaves later."""

import pytest
from django.core import mail
from django.core.cache import cache
from django.urls import reverse

from config.cache import ForgivingRedisCache
from config.celery import app
from config.facts import deliver_all
from crm.outbox.models import Message, State
from crm.outbox.tasks import send_queued
from shop.orders.models import Order
from tests.shop.checkout.conftest import ready, slot, terms, walk, zone  # noqa: F401

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def no_valkey(settings, tmp_path):
    """Cache and broker at an address where nobody answers."""
    nowhere = f"unix://{tmp_path}/gone.sock?db=0"
    settings.CACHES = settings.CACHES | {"default": settings.CACHES["default"] | {"LOCATION": nowhere}}
    ForgivingRedisCache._silent_until = 0.0
    before = app.conf.broker_url
    app.conf.broker_url = nowhere.replace("unix://", "redis+socket://")
    app.pool.force_close_all()
    yield
    app.conf.broker_url = before
    app.pool.force_close_all()
    ForgivingRedisCache._silent_until = 0.0


def test_a_dead_cache_is_a_miss(no_valkey):
    cache.set("key", "value")

    assert cache.get("key", "other") == "other"
    assert cache.get_many(["key"]) == {}
    assert cache.add("key", "value") is False


@pytest.mark.parametrize("name", ["home", "basket", "slots", "help"])
def test_pages_open_without_valkey(client, zone, no_valkey, name):  # noqa: F811
    assert client.get(reverse(name)).status_code == 200


def test_an_order_is_placed_and_its_letter_leaves_later(ready, no_valkey):  # noqa: F811
    ready.come_back(ready.pay(ready.order()))
    deliver_all()
    assert Order.objects.get().status == Order.Status.PLACED
    assert Message.objects.get(purpose="order_confirmation").state == State.QUEUED

    send_queued()

    assert [letter.to for letter in mail.outbox] == [["lea@exemple.fr"]]
    assert Message.objects.get(purpose="order_confirmation").state == State.SENT
