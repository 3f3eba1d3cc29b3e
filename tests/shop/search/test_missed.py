"""What was looked for in vain, and what people ask for: by week, never by whom."""

from datetime import date, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.models import JobRun
from shop.catalogue.services import refresh_search
from shop.search import missed, tasks
from shop.search.models import MissedSearch
from tests.factories import ProductFactory, UserFactory, ZoneFactory

pytestmark = pytest.mark.django_db
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
MONDAY = date(2026, 11, 23)


@pytest.fixture
def visitor(client):
    client.defaults["HTTP_USER_AGENT"] = BROWSER
    ZoneFactory()
    return client


def collected(moment="2026-11-25T10:00:00Z"):
    """What the table holds once the minute has passed."""
    with time_machine.travel(moment, tick=False):
        missed.collect()
    return {(row.words, row.kind): row.count for row in MissedSearch.objects.all()}


def look_for(visitor, *queries, moment="2026-11-25T09:30:00Z", **how):
    with time_machine.travel(moment, tick=False):
        for query in queries:
            assert visitor.get(reverse("search"), {"q": query, **how}).status_code == 200


def test_searches_that_find_nothing_are_counted_by_week_and_words(visitor):
    look_for(visitor, "Kombucha", "kombucha ", "KOMBUCHA  gingembre")

    assert collected() == {("kombucha", "search"): 2, ("kombucha gingembre", "search"): 1}
    assert {row.week for row in MissedSearch.objects.all()} == {MONDAY}


def test_a_read_writes_nothing(visitor):
    with CaptureQueriesContext(connection) as made:
        look_for(visitor, "kombucha")

    assert all(query["sql"].lstrip("( \n").startswith(("SELECT", "WITH")) for query in made)
    assert not MissedSearch.objects.exists()


def test_what_was_found_is_not_counted(visitor):
    product = ProductFactory(name="Kombucha")
    missed_before = collected()
    refresh_search(product_ids=[product.pk])
    look_for(visitor, "kombucha", "", "!!!")

    assert collected() == missed_before == {}


@pytest.mark.parametrize(
    "typed", ["marie@exemple.fr", "06 98 76 54 32", "livrez moi au 0698765432", "4970 1012 3456 7890"]
)
def test_what_may_name_somebody_is_not_counted(visitor, typed):
    look_for(visitor, typed)

    assert collected() == {}


def test_robots_and_next_pages_are_not_counted(visitor):
    look_for(visitor, "kombucha", page="2")
    visitor.defaults["HTTP_USER_AGENT"] = "Googlebot/2.1"
    look_for(visitor, "kombucha")

    assert collected() == {}


def test_no_search_is_counted_twice(visitor):
    look_for(visitor, "kombucha")

    first, again = collected(), collected()

    assert first == again == {("kombucha", "search"): 1}


def test_flood_of_one_minute_is_bounded(visitor, monkeypatch):
    monkeypatch.setattr(missed, "PER_MINUTE", 3)

    look_for(visitor, "kombucha", "kimchi", "natto", "tempeh", "miso")

    assert len(collected()) == 3


def test_lost_cache_loses_counts_and_nothing_else(visitor):
    look_for(visitor, "kombucha")
    cache.clear()

    assert collected() == {}


def test_counts_older_than_thirteen_months_are_forgotten_once_a_day():
    old = MONDAY - timedelta(weeks=58)
    MissedSearch.objects.create(week=old, kind="search", words="vieux", count=1)
    MissedSearch.objects.create(week=MONDAY - timedelta(weeks=50), kind="search", words="récent", count=1)

    with time_machine.travel("2026-11-25T02:50:00Z", tick=False):
        tasks.forget_missed()
        tasks.forget_missed()

    assert [row.words for row in MissedSearch.objects.all()] == ["récent"]
    assert JobRun.objects.filter(job="search.forget_missed").count() == 1


# --- the form -------------------------------------------------------------------------------------


def ask(visitor, product, **fields):
    return visitor.post(reverse("request_product"), {"product": product, **fields})


def test_empty_page_asks_what_is_missing_and_thanks(visitor):
    page = visitor.get(reverse("search"), {"q": "kombucha"}).content.decode()
    answer = visitor.post(reverse("request_product"), {"product": "Kombucha gingembre 1 L"}, follow=True)

    assert "Dites-nous ce qui vous manque" in page
    assert 'value="kombucha"' in page
    assert "Merci, c’est noté" in answer.content.decode()
    row = MissedSearch.objects.get()
    assert (row.kind, row.words, row.count) == ("request", "kombucha gingembre 1000ml", 1)


@pytest.mark.parametrize(
    "product", ["", "   ", "x" * 121, "marie@exemple.fr", "06 98 76 54 32", "🥕", "\x00"]
)
def test_bad_request_is_said_beside_the_field_and_nothing_is_kept(visitor, product):
    answer = ask(visitor, product, q="kombucha")

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "field__error" in page
    assert "kombucha" in page
    assert not MissedSearch.objects.exists()


def test_requests_are_limited_by_machine(visitor):
    answers = [ask(visitor, f"kombucha {number}").status_code for number in range(12)]

    assert answers[:10] == [302] * 10
    assert answers[10:] == [429, 429]
    assert MissedSearch.objects.count() == 10


def test_a_form_of_another_site_is_refused(visitor):
    stranger = Client(enforce_csrf_checks=True, headers={"User-Agent": BROWSER})

    assert ask(stranger, "kombucha").status_code == 403
    assert not MissedSearch.objects.exists()


# --- for the catalogue team -----------------------------------------------------------------------


def test_ranking_says_what_how_often_since_when_and_offers_a_synonym(client):
    client.force_login(UserFactory(staff=True, is_superuser=True))
    week = missed.week_of
    with time_machine.travel("2026-11-25T10:00:00Z", tick=False):
        this = week(date(2026, 11, 25))
        for ago, words, count in (
            (0, "kombucha", 3),
            (2, "kombucha", 4),
            (20, "kombucha", 50),
            (1, "kimchi", 5),
        ):
            MissedSearch.objects.create(
                week=this - timedelta(weeks=ago), kind="search", words=words, count=count
            )
        MissedSearch.objects.create(week=this, kind="request", words="natto", count=1)
        address = reverse("admin:search_missedsearch_changelist")

        page = client.get(address).content.decode()
        asked = client.get(address, {"origine": "request", "semaines": "52"}).content.decode()
        odd = client.get(address, {"origine": "x", "semaines": "'"})

    assert page.index("kombucha") < page.index("kimchi") < page.index("natto")
    assert ">7<" in page and "6 juillet 2026" in page
    assert f"{reverse('admin:search_synonym_add')}?typed=kombucha" in page
    assert "natto" in asked and "kimchi" not in asked
    assert odd.status_code == 200


def test_prefilled_synonym_form_holds_what_was_typed(client):
    client.force_login(UserFactory(staff=True, is_superuser=True))

    page = client.get(reverse("admin:search_synonym_add"), {"typed": "kombucha gingembre"}).content.decode()

    assert 'value="kombucha gingembre"' in page
