"""Each error keeps its status, looks like the shop, and says what to do."""

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path


def break_down(_request: HttpRequest) -> HttpResponse:
    raise RuntimeError("elodie@exemple.fr")


def suspect(_request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation


def refuse(_request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def accept(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [
    path("essai/panne/", break_down),
    path("essai/suspect/", suspect),
    path("essai/refus/", refuse),
    path("essai/formulaire/", accept),
    path("", include("config.urls")),
]
handler400 = "config.errors.bad_request"
handler403 = "config.errors.forbidden"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture
def visitor():
    return Client(raise_request_exception=False)


def read(answer, status):
    assert answer.status_code == status
    assert answer["Content-Type"].startswith("text/html")
    page = answer.content.decode()
    assert '<html lang="fr">' in page
    assert "variable indéfinie" not in page
    assert 'href="/"' in page
    return page


def test_shop_names_its_own_pages():
    from config import urls

    for status in (400, 403, 404, 500):
        assert getattr(urls, f"handler{status}") == globals()[f"handler{status}"]


@pytest.mark.parametrize("address", ["/nulle-part/", "/rayons/inconnu/", "/pages/inconnue/", "/%00/", "/é/"])
def test_missing_page_helps_to_find_another(visitor, address):
    page = read(visitor.get(address), 404)

    assert "plus en rayon" in page
    assert 'role="search"' in page


def test_suspicious_request_is_told_little(visitor):
    page = read(visitor.get("/essai/suspect/"), 400)

    assert "pas compris cette demande" in page


def test_wrong_host_is_refused_in_the_same_words(visitor):
    page = read(visitor.get("/", headers={"Host": "autre.example"}), 400)

    assert "pas compris cette demande" in page


FIELDS = "&".join(f"courriel{n}=elodie@exemple.fr" for n in range(2001))


@pytest.mark.parametrize(
    "send",
    [
        lambda visitor: visitor.get(f"/recherche/?q=lait&{FIELDS}"),
        lambda visitor: visitor.post("/panier/lignes/", FIELDS, "application/x-www-form-urlencoded"),
        lambda visitor: visitor.post("/panier/lignes/", "a" * 2_100_000, "application/x-www-form-urlencoded"),
    ],
    ids=["address", "form", "weight"],
)
def test_more_than_a_form_may_hold_is_refused_with_one_line_of_log(send, settings, caplog):
    visitor = Client(enforce_csrf_checks=True, raise_request_exception=False)
    visitor.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32

    page = read(send(visitor), 400)

    assert "pas compris cette demande" in page
    [line] = [record for record in caplog.records if record.name.startswith("django")]
    assert (line.levelname, line.exc_info) == ("WARNING", None)
    assert "elodie" not in line.getMessage()


def test_refused_page_says_whom_to_call(visitor, settings):
    page = read(visitor.get("/essai/refus/"), 403)

    assert "réservée" in page
    assert settings.HELP_PHONE.replace(" ", "\u00a0") in page


def test_old_form_says_to_go_back_and_try_again():
    visitor = Client(enforce_csrf_checks=True, raise_request_exception=False)

    page = read(visitor.post("/essai/formulaire/"), 403)

    assert "ouverte trop longtemps" in page


def test_our_fault_is_admitted_with_a_reference_and_no_detail(visitor, settings):
    answer = visitor.get("/essai/panne/", headers={"X-Request-ID": "demande-4711"})
    page = read(answer, 500)

    assert "demande-4711" in page
    assert answer["X-Request-ID"] == "demande-4711"
    assert settings.HELP_PHONE.replace(" ", "\u00a0") in page
    assert "elodie" not in page
    assert "RuntimeError" not in page


def test_our_fault_needs_neither_database_nor_context(visitor, django_assert_num_queries):
    with django_assert_num_queries(0):
        read(visitor.get("/essai/panne/"), 500)


@pytest.mark.django_db(transaction=True)
def test_lost_database_is_said_in_the_shops_look(visitor):
    at = connections["default"].settings_dict
    known = dict(at)
    connections["default"].close()
    at["HOST"], at["PORT"] = "/nonexistent", ""
    try:
        page = read(visitor.get("/aide/"), 500)
    finally:
        connections["default"].close()
        at.update(known)

    assert "cageot" in page


@override_settings(DEBUG=False)
def test_error_pages_need_no_script_and_no_inline_style(visitor):
    for address, status in (("/essai/panne/", 500), ("/essai/suspect/", 400)):
        page = read(visitor.get(address), status)
        assert "<script" not in page
        assert "style=" not in page
