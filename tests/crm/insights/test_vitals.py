import json
import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.insights import queries, services
from crm.insights.buffer import Key
from crm.insights.forms import PAGES
from tests.factories import UserFactory

BROWSER = {"User-Agent": "Mozilla/5.0 Firefox/145.0"}


@pytest.fixture(autouse=True)
def empty_buffer():
    services.flusher.buffer.drain()
    yield
    services.flusher.buffer.drain()


def send(sent, **headers):
    body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    return Client(enforce_csrf_checks=True).generic(
        "POST", reverse("vitals"), body, content_type="application/json", headers=BROWSER | headers
    )


def test_measure_is_counted_in_its_buckets():
    answer = send({"page": "accueil", "lcp_ms": 1180, "inp_ms": 40})

    assert answer.status_code == 204
    day = timezone.localdate().isoformat()
    assert services.flusher.buffer.drain() == {
        Key(day=day, page="accueil", metric="lcp", bucket=1200): 1,
        Key(day=day, page="accueil", metric="inp", bucket=50): 1,
    }


def test_browser_without_interactions_sends_one_measure():
    assert send({"page": "accueil", "lcp_ms": 900, "inp_ms": None}).status_code == 204
    assert len(services.flusher.buffer) == 1


@pytest.mark.parametrize(
    "sent",
    [
        b"", b"null", b"[]", b"{", b"\xff\xfe", b"[" * 900, b'"accueil"',
        {}, {"page": "accueil"}, {"page": "accueil", "lcp_ms": None},
        {"page": "compta", "lcp_ms": 1}, {"page": ["accueil"], "lcp_ms": 1}, {"page": None, "lcp_ms": 1},
        {"page": "accueil", "lcp_ms": -1}, {"page": "accueil", "lcp_ms": 60_001}, {"page": "accueil", "lcp_ms": 1.5},
        {"page": "accueil", "lcp_ms": "12"}, {"page": "accueil", "lcp_ms": True}, {"page": "accueil", "lcp_ms": 10**30},
        {"page": "accueil", "lcp_ms": 1, "inp_ms": -5}, {"page": "accueil", "lcp_ms": 1, "email": "a@b.fr"},
        b'{"page": "accueil", "lcp_ms": NaN}',
        b'{"page": "accueil", "lcp_ms": 1, "inp_ms": null' + b" " * 1024 + b"}",
    ],
)  # fmt: skip
def test_anything_else_is_refused_and_counts_nothing(sent):
    assert send(sent).status_code == 400
    assert len(services.flusher.buffer) == 0


def test_every_page_of_the_shop_may_be_measured():
    """A page named in no list would silently never be."""
    templates = Path(__file__).resolve().parents[3] / "templates"
    named = {
        name
        for path in templates.rglob("*.html")
        for name in re.findall(r"block page_name %}([^{]+){%", path.read_text(encoding="utf-8"))
    }

    assert named - PAGES <= {"autre", "erreur"}


def test_another_site_cannot_send_measures():
    assert send({"page": "accueil", "lcp_ms": 1}, **{"Sec-Fetch-Site": "cross-site"}).status_code == 400
    assert len(services.flusher.buffer) == 0


def test_robots_are_answered_and_not_counted():
    assert send({"page": "accueil", "lcp_ms": 1}, **{"User-Agent": "Googlebot/2.1"}).status_code == 204
    assert len(services.flusher.buffer) == 0


def test_measures_cannot_be_asked_for():
    assert Client().get(reverse("vitals")).status_code == 405


@pytest.mark.django_db
def test_measure_sets_no_cookie_and_makes_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = send({"page": "accueil", "lcp_ms": 900})

    assert not answer.cookies


@pytest.mark.django_db
def test_p75_is_computed_per_page_and_day_with_one_query(django_assert_num_queries):
    days = queries.last_days(7)
    today, before = days[0].isoformat(), days[1].isoformat()
    services.record_counts(
        {
            Key(day=today, page="accueil", metric="lcp", bucket=900): 3,
            Key(day=today, page="accueil", metric="lcp", bucket=4000): 1,
            Key(day=before, page="accueil", metric="lcp", bucket=4000): 9,
            Key(day=today, page="produit", metric="inp", bucket=100): 1,
        }
    )

    with django_assert_num_queries(1):
        home, product = queries.vitals(days)

    assert (home.page, home.views, home.p75_ms, home.is_slow) == ("accueil", 13, 4000, True)
    assert home.days[:3] == [900, 4000, None]
    assert (product.metric, product.p75_ms, product.is_slow) == ("inp", 100, False)


@pytest.mark.django_db
def test_staff_read_the_slow_page_in_words_too(client):
    today = timezone.localdate().isoformat()
    services.record_counts({Key(day=today, page="accueil", metric="lcp", bucket=4000): 1})
    client.force_login(UserFactory(staff=True, is_superuser=True))

    page = client.get(reverse("admin:insights_vitalcount_changelist")).content.decode()

    assert "4000 (lent)" in page
    assert "variable indéfinie" not in page[page.index("<table") :]
