"""Texts: each change leaves a version for good, and an old one can be read again."""

import threading

import pytest
from django.db import DatabaseError, connections, transaction
from django.urls import reverse

from crm.desk import queries, services
from crm.desk.models import HelpEntry, LegalPage, LegalPageVersion
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def publish(body, title="Conditions", slug="cgv"):
    return services.publish_page(slug=slug, title=title, body=body)


def test_changed_text_is_a_new_version_and_the_old_one_stays(client):
    first = publish("Un.").version
    second = publish("Deux.").version

    assert first != second
    assert queries.current_terms_version() == second
    old = client.get(reverse("legal_page", args=["cgv"]), {"version": first}).content.decode()
    assert "Un." in old
    assert "remplacé depuis" in old
    assert "noindex" in old
    new = client.get(reverse("legal_page", args=["cgv"])).content.decode()
    assert "Deux." in new
    assert "remplacé depuis" not in new
    assert "variable indéfinie" not in old + new


def test_same_words_publish_nothing():
    before = publish("Un.").version

    assert publish("Un.").version == before
    assert LegalPageVersion.objects.count() == 1


def test_current_version_read_by_its_name_is_not_called_old(client):
    version = publish("Un.").version

    page = client.get(reverse("legal_page", args=["cgv"]), {"version": version}).content.decode()

    assert "remplacé depuis" not in page


@pytest.mark.parametrize(
    "query", [{}, {"version": "1999-01-01"}, {"version": "' OR 1=1 --"}, {"version": "x" * 5000}]
)
def test_unknown_text_or_version_is_not_found(client, query):
    if query:
        publish("Un.")

    assert client.get(reverse("legal_page", args=["cgv"]), query).status_code == 404


def test_published_text_cannot_be_rewritten_nor_removed():
    publish("Un.")

    for attack in (lambda rows: rows.update(body="Autre."), lambda rows: rows.delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            attack(LegalPageVersion.objects.all())
    assert LegalPageVersion.objects.get().body == "Un."


def test_without_terms_nothing_can_be_accepted():
    with pytest.raises(queries.TermsMissing):
        queries.current_terms_version()


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_two_people_publishing_at_once_leave_two_versions():
    publish("Zéro.")

    def write(body):
        publish(body)
        connections.close_all()

    threads = [threading.Thread(target=write, args=[f"Texte {n}."]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert LegalPageVersion.objects.count() == 5
    page = LegalPage.objects.get()
    assert page.versions.get(version=page.version).body == page.body


def test_seeding_twice_adds_nothing_and_overwrites_nothing():
    assert services.seed_pages() == 6
    assert services.seed_help() >= 12
    services.publish_page(slug="cgv", title="À nous", body="Notre texte.")
    HelpEntry.objects.filter(position=10).update(answer="Notre réponse.", is_published=False)

    assert services.seed_pages() == 0
    assert services.seed_help() == 0

    assert LegalPage.objects.get(slug="cgv").body == "Notre texte."
    assert HelpEntry.objects.get(position=10).answer == "Notre réponse."


def test_shipped_texts_promise_no_choice_the_shop_does_not_offer():
    """Nobody is asked what to do about a shortage, nor sent an invoice unasked, so no text says so."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in services.DEFAULTS.rglob("*.md")}

    unbuilt = (
        "équivalent",
        "préférence en cas",
        "préférences en cas",
        "me demander",
        "facture est disponible",
    )
    assert not [(name, words) for name, text in texts.items() for words in unbuilt if words in text]


def test_shipped_texts_lead_only_to_pages_that_exist(client):
    """Every link inside the shop, in every shipped text, answers."""
    import re

    from django.urls import resolve

    services.seed_pages()
    services.seed_help()

    texts = [
        *LegalPage.objects.values_list("body", flat=True),
        *HelpEntry.objects.values_list("answer", flat=True),
    ]
    links = {link for text in texts for link in re.findall(r"\]\((/[^)#]*)", text)}
    assert links
    for link in links:
        match = resolve(link)
        if match.url_name == "legal_page":
            assert LegalPage.objects.filter(slug=match.kwargs["slug"]).exists(), link


@pytest.mark.parametrize("slug", ["cgv", "confidentialite", "mentions-legales", "mediation", "accessibilite"])
def test_each_legal_page_is_shown_with_one_query_of_its_own(client, slug, django_assert_max_num_queries):
    services.seed_pages()

    with django_assert_max_num_queries(2):
        page = client.get(reverse("legal_page", args=[slug]))

    assert page.status_code == 200
    assert page.content.decode().count("<h1>") == 1


def test_service_quality_text_is_shown_with_its_figures(client):
    services.seed_pages()

    answer = client.get(reverse("legal_page", args=["qualite-de-service"]))

    assert answer.status_code == 302
    assert answer.url == reverse("service_quality")


def test_staff_publish_from_the_admin_under_their_name(client):
    publish("Un.")
    staff = UserFactory(staff=True, is_superuser=True)
    client.force_login(staff)
    page = LegalPage.objects.get()
    address = reverse("admin:desk_legalpage_change", args=[page.pk])
    inline = {"versions-TOTAL_FORMS": 0, "versions-INITIAL_FORMS": 0}

    answer = client.post(address, {"title": "Conditions", "body": "Deux.", **inline})

    assert answer.status_code == 302
    assert LegalPageVersion.objects.first().published_by == staff
    assert LegalPage.objects.get().body == "Deux."
    assert client.get(address).status_code == 200
    assert client.get(reverse("admin:desk_legalpage_changelist")).status_code == 200


def test_staff_create_a_page_but_never_delete_one(client):
    client.force_login(UserFactory(staff=True, is_superuser=True))
    inline = {"versions-TOTAL_FORMS": 0, "versions-INITIAL_FORMS": 0}

    answer = client.post(
        reverse("admin:desk_legalpage_add"),
        {"slug": "cookies", "title": "Cookies", "body": "Aucun.", **inline},
    )
    page = LegalPage.objects.get()

    assert answer.status_code == 302
    assert page.versions.count() == 1
    assert (
        client.post(reverse("admin:desk_legalpage_delete", args=[page.pk]), {"post": "yes"}).status_code
        == 403
    )
    assert LegalPage.objects.exists()
