"""Which answers stand for which steps."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.http import HttpResponse, HttpResponseRedirect
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from crm.insights import queries, services
from crm.insights.buffer import Key
from crm.insights.middleware import funnel_counts, is_robot, steps_of
from crm.insights.models import Step
from shop.lists.services import create_list
from tests.factories import CustomerFactory, ProductFactory, UserFactory, ZoneFactory

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


@pytest.fixture(autouse=True)
def empty_buffer():
    services.flusher.buffer.drain()
    yield
    services.flusher.buffer.drain()


def counted():
    return {key.step: count for key, count in services.flusher.buffer.drain().items()}


def ask(path="/", name="home", method="GET", data=None, answer=None, **headers):
    make = getattr(RequestFactory(headers={"User-Agent": BROWSER} | headers), method.lower())
    request = make(path, data or {})
    request.resolver_match = SimpleNamespace(url_name=name)
    return request, answer or HttpResponse("ok")


def test_page_from_elsewhere_is_a_visit():
    assert steps_of(*ask()) == [Step.VISIT]
    assert steps_of(*ask(Referer="https://moteur.example/?q=courses")) == [Step.VISIT]


def test_page_reached_from_our_own_is_no_visit():
    assert steps_of(*ask(Referer="http://testserver/rayons/fruits/")) == []


def test_referer_that_only_begins_like_us_is_a_visit():
    assert steps_of(*ask(Referer="http://testserver.example/")) == [Step.VISIT]


@pytest.mark.parametrize(
    ("answer", "headers"),
    [
        (HttpResponse("{}", content_type="application/json"), {}),
        (HttpResponseRedirect("/"), {}),
        (HttpResponse("ok"), {"HX-Request": "true"}),
        (HttpResponse("ok"), {"Sec-Purpose": "prefetch"}),
        (HttpResponse("ok"), {"Sec-Purpose": "prefetch;prerender"}),
        (HttpResponse("ok"), {"Purpose": "prefetch"}),
    ],
    ids=["data", "redirect", "fragment", "prefetch", "prerender", "older prefetch"],
)
def test_what_nobody_looks_at_is_no_visit(answer, headers):
    assert steps_of(*ask(answer=answer, **headers)) == []


@pytest.mark.parametrize("path", ["/admin/", "/sante/", "/preparation/", "/livreur/12/"])
def test_staff_and_machines_are_no_visitors(path):
    assert steps_of(*ask(path)) == []


def test_search_counts_once_however_many_pages_are_turned():
    here = "http://testserver/"
    search = {"name": "search", "Referer": here}

    assert steps_of(*ask("/recherche/", data={"q": "lait"}, **search)) == [Step.SEARCH]
    assert steps_of(*ask("/recherche/", data={"q": "lait", "page": "2"}, **search)) == []
    assert steps_of(*ask("/recherche/", data={"q": "  "}, **search)) == []


@pytest.mark.parametrize(
    ("quantity", "steps"), [("1", [Step.ADD]), ("250", [Step.ADD]), ("0", []), ("00", []), ("", [])]
)
def test_only_a_wanted_quantity_is_an_add(quantity, steps):
    data = {"product": "1", "quantity": quantity}

    assert steps_of(*ask("/panier/lignes/", "set_basket_line", "POST", data)) == steps


def test_held_slot_is_a_step():
    assert steps_of(*ask("/creneaux/3/reserver/", "hold_slot", "POST", answer=HttpResponseRedirect("/"))) == [
        Step.SLOT
    ]


def test_checkout_counts_when_entered_not_at_each_of_its_steps():
    enter = ask("/commande/", "checkout", Referer="http://testserver/panier/")
    correct = ask("/commande/", "checkout", Referer="http://testserver/commande/recapitulatif/")

    assert steps_of(*enter) == [Step.CHECKOUT]
    assert steps_of(*correct) == []


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "Googlebot/2.1",
        "Mozilla/5.0 (compatible; bingbot/2.0)",
        "curl/8",
        "python-requests/2",
        "HeadlessChrome/1",
        "Mozilla/5.0 AppleWebKit/537.36 (compatible; GPTBot/1.2)",
        "Googlebot-Image/1.0",
        "Mozilla/5.0 (compatible; PetalBot;+https://moteur.example)",
        "Mozilla/5.0 (Linux) Bytespider",
        "axios/1.7",
    ],
)
def test_declared_robots_are_left_out(agent):
    request = RequestFactory(headers={"User-Agent": agent}).get("/")

    assert is_robot(request)


def test_people_are_not_taken_for_robots():
    safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Safari/604.1"

    cubot = (
        "Mozilla/5.0 (Linux; Android 14; CUBOT NOTE 40) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"
    )

    assert not is_robot(RequestFactory(headers={"User-Agent": safari}).get("/"))
    assert not is_robot(RequestFactory(headers={"User-Agent": cubot}).get("/"))
    assert not is_robot(RequestFactory(headers={"User-Agent": BROWSER}).get("/"))


def test_refusal_counts_nothing():
    request, _answer = ask("/creneaux/3/reserver/", "hold_slot", "POST")

    funnel_counts(lambda _request: HttpResponse(status=409))(request)

    assert counted() == {}


@pytest.mark.django_db
def test_polite_refusal_by_message_counts_nothing(client):
    """A full slot sends back to the slots with a message: nothing was held, nothing is counted."""
    from django.contrib import messages
    from django.contrib.messages.storage.fallback import FallbackStorage

    request, _answer = ask("/creneaux/3/reserver/", "hold_slot", "POST")
    request.session = client.session
    request._messages = FallbackStorage(request)

    def refuse(asked):
        messages.error(asked, "Ce créneau vient d’être pris.")
        return HttpResponseRedirect("/creneaux/")

    funnel_counts(refuse)(request)

    assert counted() == {}


def set_line(client, product, quantity, **headers):
    data = {"product": product, "quantity": quantity}
    return client.post(
        reverse("set_basket_line"), data, headers={"User-Agent": BROWSER, "HX-Request": "true"} | headers
    )


@pytest.mark.django_db
def test_only_an_add_that_succeeded_counts_for_htmx_too(client):
    ZoneFactory()
    product = ProductFactory(stock=10)

    refused = set_line(client, product.pk, 100_000)
    unknown = set_line(client, product.pk + 1, 1)
    assert (refused.status_code, unknown.status_code) == (200, 404)
    assert 'role="alert"' in refused.content.decode()
    assert counted() == {}

    set_line(client, product.pk, 2)
    assert counted() == {"add": 1}


@pytest.mark.django_db
def test_list_of_which_nothing_remains_is_no_add(client):
    ZoneFactory()
    user = CustomerFactory().user
    client.force_login(user)
    gone = ProductFactory(draft=True)
    kept = create_list(customer_id=user.customer.pk, name="Semaine", quantities={gone.pk: 2})

    client.post(reverse("list_to_basket", args=[kept.pk]), headers={"User-Agent": BROWSER})

    assert counted() == {}


@pytest.mark.django_db
def test_page_view_is_counted_without_query_nor_cookie(client, django_assert_num_queries):
    url = reverse("service_quality")
    client.get(url)
    services.flusher.buffer.drain()

    # The page's own text, what customers say of the service and its marks; its figures are in the cache since the first view.
    with django_assert_num_queries(3):
        answer = client.get(url, headers={"User-Agent": BROWSER})

    assert counted() == {"visit": 1}
    assert not answer.cookies


@pytest.mark.django_db
def test_funnel_table_shows_counts_and_rates_to_those_who_may(client):
    today = timezone.localdate()
    services.record_counts({Key(day=today.isoformat(), step="visit"): 200})
    services.record_counts({Key(day=today.isoformat(), step="add"): 50})
    services.record_counts({Key(day=(today - timedelta(days=40)).isoformat(), step="visit"): 9999})
    client.force_login(UserFactory(staff=True, is_superuser=True))

    page = client.get(reverse("admin:insights_funnelcount_changelist")).content.decode()

    assert "200" in page
    assert "25,0" in page
    assert "9999" not in page
    assert "variable indéfinie" not in page[page.index("<table") :]


@pytest.mark.django_db
def test_funnel_and_vitals_are_refused_without_the_right(client):
    client.force_login(UserFactory(staff=True))

    for name in ("funnelcount", "vitalcount"):
        assert client.get(reverse(f"admin:insights_{name}_changelist")).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("asked", ["", "14", "28", "9999999", "-1", "x", "²"])
def test_any_period_in_the_address_gives_a_page(client, asked):
    client.force_login(UserFactory(staff=True, is_superuser=True))

    for name in ("funnelcount", "vitalcount"):
        answer = client.get(reverse(f"admin:insights_{name}_changelist"), {"jours": asked})
        assert answer.status_code == 200


@pytest.mark.django_db
def test_funnel_needs_two_queries_whatever_the_period(django_assert_num_queries):
    with django_assert_num_queries(2):
        queries.funnel(queries.last_days(28))
