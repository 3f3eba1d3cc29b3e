"""Each slot says how often its zone came on time, once enough orders tell."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from delivery.promise.models import WeekRecord
from delivery.promise.queries import on_time_shares
from delivery.promise.rules import week_of
from tests.factories import SlotFactory, ZoneFactory

pytestmark = pytest.mark.django_db
KEY = "promise.on_time_shares"


@pytest.fixture(autouse=True)
def nothing_known():
    cache.delete(KEY)
    yield
    cache.delete(KEY)


@pytest.fixture
def zone():
    zone = ZoneFactory()
    SlotFactory(zone=zone, starts_at=timezone.now() + timedelta(hours=30))
    return zone


def measured(zone, orders, on_time, *, weeks_ago=0):
    figures = ("kept", "within_5", "within_30", "complete", "lacked", "told_before", "first_orders", "first_kept",
               "compensations", "compensation_cents")  # fmt: skip
    WeekRecord.objects.create(
        zone=zone, monday_on=week_of(timezone.now()) - timedelta(weeks=weeks_ago), carrier="cabas", orders=orders,
        on_time=on_time, **dict.fromkeys(figures, 0),
    )  # fmt: skip


def shown(client):
    return client.get(reverse("slots") + "?code_postal=75011").content.decode()


def test_the_rate_of_the_last_weeks_stands_in_each_slot_and_in_its_name(client, zone):
    measured(zone, 40, 30)
    measured(zone, 60, 64 - 4, weeks_ago=3)
    measured(zone, 500, 0, weeks_ago=4)

    page = shown(client)

    assert page.count("90\u202f% à l’heure") == 2


def test_few_orders_tell_nothing(client, zone):
    measured(zone, 29, 29)
    measured(ZoneFactory(slug="lyon", name="Lyon"), 400, 400)

    assert "à l’heure</span>" not in shown(client)


def test_the_rate_is_read_once_for_all_pages(client, zone, django_assert_num_queries):
    measured(zone, 40, 30)
    with django_assert_num_queries(1):
        on_time_shares(timezone.now())
        on_time_shares(timezone.now())
