"""The public page: what was promised and kept, small numbers told as such, and the same figures as open data."""

import csv
import io
import re
import time
from datetime import timedelta
from html import unescape
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from config.cache import ForgivingRedisCache
from crm.desk.services import publish_page
from crm.insights import ports, queries
from delivery.promise.models import WeekRecord
from delivery.rounds.models import Carrier
from tests.factories import ZoneFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_known_figures():
    cache.delete_many(["insights.record", "insights.answers"])
    yield
    cache.delete_many(["insights.record", "insights.answers"])


def week(orders=0, *, back=0, carrier="cabas", zone=None, **figures):
    today = timezone.localdate()
    monday = today - timedelta(days=today.weekday(), weeks=back)
    counts = dict.fromkeys(
        [
            "kept",
            "on_time",
            "within_5",
            "within_30",
            "complete",
            "lacked",
            "told_before",
            "first_orders",
            "first_kept",
        ],
        0,
    )
    return WeekRecord.objects.create(
        zone=zone or ZoneFactory(), monday_on=monday, carrier=carrier, orders=orders,
        **(counts | {"compensations": 0, "compensation_cents": 0} | figures),
    )  # fmt: skip


def shown(client):
    return re.sub(r"\s+", " ", unescape(client.get(reverse("service_quality")).content.decode()))


def test_a_new_shop_says_that_there_is_not_enough_yet(client):
    page = shown(client)

    assert "Pas encore assez" in page
    assert "0 commande depuis" in page
    assert "%" not in page.split("complètes et à l’heure")[1].split("</dl>")[0]


def test_few_orders_are_counted_but_give_no_rate(client):
    week(29, kept=29, on_time=29)

    page = shown(client)

    assert "29 commandes depuis" in page
    assert "100" not in page.split("chiffres")[1].split("</section>")[0].replace("viewBox", "")


def test_the_headline_is_of_orders_both_complete_and_on_time(client):
    week(40, kept=30, on_time=36, complete=33, within_5=37, within_30=39)
    week(60, back=3, kept=58, on_time=59, complete=59, within_5=60, within_30=60)
    week(500, back=4, kept=0)

    page = shown(client)

    headline = page.split("record__headline")[1].split("</p>")[0]
    assert "88,0 %" in headline and "des 100 commandes" in headline
    assert "95,0 %" in page.split("À l’heure dite")[1][:60]


def test_thousands_are_set_apart(client):
    week(1_292, kept=1_200)

    page = shown(client)

    assert "des 1 292 commandes" in page and ">1 292</td>" in page


def test_zones_and_carriers_are_told_apart_by_name(client):
    Carrier.objects.create(code="velo", name="À vélo")
    lyon = ZoneFactory(slug="lyon", name="Lyon")
    week(50, kept=40, carrier="velo")
    week(50, kept=50, carrier="retrait", zone=lyon)
    week(10, kept=10, carrier="", zone=lyon)

    page = shown(client)

    for said in ("À vélo", "Retrait par le client", "Non relevé", "Lyon", "Paris"):
        assert said in page
    assert "pas assez" in page.split("Non relevé")[1][:80]


def test_what_was_paid_unasked_and_how_quickly_people_answer_is_told(client, monkeypatch):
    week(50, compensations=3, compensation_cents=1770)
    answered = SimpleNamespace(judged=80, share_within_24h=0.95, median_minutes=125)
    monkeypatch.setattr(ports, "_answer_times", lambda since, until: answered)

    page = shown(client)

    assert "17,70 €" in page and "3 fois, sans être demandées" in page
    assert "95,0 %" in page and "80 messages, la moitié en moins de 2 h 05" in page


def test_the_same_figures_are_open_data(client):
    week(40, kept=30)

    answer = client.get(reverse("service_record_file"))
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))

    assert answer["Content-Type"].startswith("text/csv")
    assert (rows[0]["zone"], rows[0]["commandes"], rows[0]["completes_et_a_l_heure"]) == ("Paris", "40", "30")


def test_reloading_the_page_counts_once(django_assert_num_queries):
    with django_assert_num_queries(2):
        first = queries.public_record()

    with django_assert_num_queries(0):
        assert queries.public_record() == first


@pytest.mark.parametrize("zones", [1, 5])
def test_the_record_takes_two_queries_however_many_rows(django_assert_num_queries, zones):
    for number in range(zones):
        week(40, zone=ZoneFactory(slug=f"zone-{number}", name=f"Zone {number}"))

    with django_assert_num_queries(2):
        queries.public_record()


def test_a_lost_cache_is_a_miss(monkeypatch):
    monkeypatch.setattr(ForgivingRedisCache, "_silent_until", time.monotonic() + 60)
    week(40, kept=30)

    assert queries.public_record().headline.orders == 40


def test_text_is_the_one_staff_edited(client):
    publish_page(slug="qualite-de-service", title="Notre parole", body="Nous la tenons **bien**.")

    page = shown(client)

    assert "<h1>Notre parole</h1>" in page
    assert "<strong>bien</strong>" in page
