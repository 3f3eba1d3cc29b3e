from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from config.staff import StaffGroup, seed_groups
from crm.insights import queries
from crm.insights.recovery.episodes import Cost, Kind
from tests.crm.insights.recovery.telling import FEE, LATE, incident, several
from tests.factories import CustomerFactory, UserFactory

pytestmark = pytest.mark.django_db
ADDRESS = "admin:insights_recovery"


@pytest.fixture(autouse=True)
def nothing_known():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def measured(monkeypatch):
    """A year with incidents, remedied or not; the asked periods are kept in the list that is given."""
    asked = []
    paid = (Cost(LATE, Kind.REFUND, Decimal("4.90")),)
    margin = {"usual_margin": Decimal(18)}
    episodes = [
        *several(120, 84, make=incident, remedies=(FEE,), costs=paid, **margin),
        *several(80, 24, make=incident, **margin),
        *several(3, 1, make=incident, causes=("Abîmée",), zone="Île"),
        *several(1000, 710),
    ]

    def read(since, until):
        asked.append((since, until))
        return episodes

    monkeypatch.setattr(queries, "recovery_episodes", read)
    return asked


@pytest.fixture
def chief(client):
    client.force_login(UserFactory(staff=True, is_superuser=True))
    return client


def main_of(answer):
    page = answer.content.decode()
    assert answer.status_code == 200
    own = page[page.index("<section") :]
    assert "variable indéfinie" not in own
    return own


def test_page_says_that_nothing_is_measured_yet(chief):
    page = main_of(chief.get(reverse(ADDRESS)))

    assert "Pas encore mesuré" in page
    assert "Clients comparables" not in page


def test_page_tells_the_figure_beside_those_alike(chief, measured):
    page = main_of(chief.get(reverse(ADDRESS)))

    assert "54\u00a0% sont revenus en 30 jours" in page
    assert "54\u00a0% contre 71\u00a0%" in page
    assert "−17 points" in page
    assert "Écart établi" in page
    assert "Pas assez\u202f: 3 clients déçus, il en faut 30." in page
    assert "588,00\u00a0€" in page
    assert "Sans réparation" in page


def test_thousands_of_incidents_are_set_apart(chief, monkeypatch):
    many = several(1200, 600, make=incident)
    monkeypatch.setattr(queries, "recovery_episodes", lambda since, until: many)

    page = main_of(chief.get(reverse(ADDRESS)))

    assert "1\u202f200 incidents</th>" in page and ">1\u202f200</td>" in page


def test_longer_horizon_may_be_asked_for_and_nonsense_is_not_heard(chief, measured):
    assert "sont revenus en 60 jours" in main_of(chief.get(reverse(ADDRESS), {"jours": "60"}))
    for nonsense in ("61", "-30", "abc", "٣٠", "9" * 400):
        assert "sont revenus en 30 jours" in main_of(chief.get(reverse(ADDRESS), {"jours": nonsense}))


def test_menu_marks_this_page_alone(chief):
    here = chief.get(reverse(ADDRESS))
    there = chief.get(reverse("admin:insights_funnelcount_changelist"))

    assert marked(here) == ["Clients déçus"]
    assert marked(there) == ["Fréquentation"]


def marked(answer):
    groups = answer.context["sidebar_navigation"]
    return [str(item["title"]) for group in groups for item in group["items"] if item["active"]]


def test_shop_without_incident_is_no_failure(chief, monkeypatch):
    monkeypatch.setattr(queries, "recovery_episodes", lambda since, until: several(40, 20))

    page = main_of(chief.get(reverse(ADDRESS)))

    assert "Pas assez\u202f: 0 client déçu, il en faut 30." in page
    assert "Ce que coûtent" not in page


def test_figures_are_read_once_an_hour(measured):
    first = queries.recovery_report(30)

    assert queries.recovery_report(30) == first
    assert queries.recovery_report(60) != first
    today = timezone.localdate()
    assert measured == [(today - timedelta(days=365), today)] * 2


def test_looking_again_asks_no_more_of_the_database(chief, measured, django_assert_max_num_queries):
    chief.get(reverse(ADDRESS))

    with django_assert_max_num_queries(4):
        chief.get(reverse(ADDRESS))

    assert len(measured) == 1


@pytest.mark.parametrize("group", list(StaffGroup))
def test_who_sees_visits_sees_it_and_finds_it_in_the_menu(client, group, measured):
    seed_groups()
    user = UserFactory(staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    may = group in {StaffGroup.MARKETING, StaffGroup.MANAGER}

    answer, home = client.get(reverse(ADDRESS)), client.get(reverse("admin:index"))

    assert answer.status_code == (200 if may else 403)
    assert (reverse(ADDRESS) in home.content.decode()) == may
    assert may or "54\u00a0%" not in answer.content.decode()


def test_customers_and_strangers_are_sent_away(client):
    assert client.get(reverse(ADDRESS)).status_code == 302
    client.force_login(CustomerFactory().user)
    assert client.get(reverse(ADDRESS)).status_code == 302
