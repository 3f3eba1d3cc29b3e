"""Writing to us: acknowledged at once, kept, answered once; programs kept out, people's words never lost."""

import time

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from config.models import Tries
from crm.desk import limits, services
from crm.desk.forms import LEAST_SECONDS, MOST_SECONDS, sign_at
from crm.desk.models import Conversation
from crm.desk.services import conversations
from crm.outbox.models import Message
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db
HELP = "/aide/"


def filled(**changes):
    return {
        "name": "Élodie Martin",
        "email": "elodie@exemple.fr",
        "subject": "missing_item",
        "order_reference": "",
        "message": "Il manquait le beurre <demi-sel> & le lait.",
        "website": "",
        "opened": sign_at(time.time() - 60),
    } | changes


def receive(**changes):
    details = {"name": "Élodie", "email": "e@exemple.fr", "subject": "other", "message": "Bonjour."} | changes
    return services.receive_contact_request(**details)


def test_message_is_kept_acknowledged_by_a_letter_and_on_the_page(client):
    answer = client.post(HELP, filled(order_reference=" ab-1234 "), follow=True)

    received = Conversation.objects.get()
    assert received.order_reference == "AB-1234"
    assert received.state == "waiting"
    letter = Message.objects.get(purpose="contact_acknowledged", occasion=f"contact-{received.pk}")
    assert letter.recipient == "elodie@exemple.fr"
    page = answer.content.decode()
    assert "Votre message est bien arrivé" in page
    assert f"n° {received.pk}" in page
    assert "elodie" not in answer.redirect_chain[-1][0]
    assert "variable indéfinie" not in page


SPAM = {
    "name": "Gagnez 1000 euros",
    "message": "Cliquez sur https://arnaque.example",
    "order_reference": "WIN-1000",
}


@pytest.mark.parametrize("who", ["stranger", "customer writing for another address", "unproven address"])
def test_letter_carries_no_words_to_an_address_nobody_proved(client, who):
    if who != "stranger":
        customer = CustomerFactory()
        client.force_login(customer.user)
        EmailAddress.objects.create(
            user=customer.user, email=customer.email, verified=who != "unproven address"
        )
    email = customer.email if who == "unproven address" else "victime@exemple.fr"

    client.post(HELP, filled(email=email, **SPAM))

    letter, received = Message.objects.get(), Conversation.objects.get()
    assert letter.recipient == email
    for body in (letter.subject, letter.html, letter.text):
        assert not any(word in body for word in ("Gagnez", "arnaque", "WIN-1000"))
    assert f"numéro {received.pk}" in letter.html and f"numéro {received.pk}" in letter.text
    assert "vous répond par e-mail" in letter.text
    assert "arnaque" in received.entries.get().text


def test_letter_repeats_the_words_to_their_proven_author(client):
    customer = CustomerFactory()
    EmailAddress.objects.create(user=customer.user, email=customer.email, verified=True)
    client.force_login(customer.user)

    client.post(HELP, filled(email=customer.email.upper()))

    letter = Message.objects.get()
    assert "Bonjour Élodie Martin" in letter.text
    assert "Il manquait le beurre" in letter.text and "Il manquait le beurre" in letter.html


def test_letter_that_cannot_be_queued_keeps_nothing(monkeypatch):
    def fail(**_details):
        raise RuntimeError

    monkeypatch.setattr(conversations, "queue_message", fail)

    with pytest.raises(RuntimeError):
        receive()

    assert not Conversation.objects.exists()


def test_customer_finds_their_name_and_the_request_is_theirs(client):
    customer = CustomerFactory()
    client.force_login(customer.user)

    page = client.get(HELP).content.decode()
    client.post(HELP, filled())

    assert 'value="Élodie Martin"' in page
    assert f'value="{customer.email}"' in page
    assert Conversation.objects.get().customer == customer


def test_stranger_signed_out_attaches_to_no_customer_whatever_the_address(client):
    customer = CustomerFactory()

    client.post(HELP, filled(email=customer.email))

    assert Conversation.objects.get().customer is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "comment vous vous appelez"),
        ({"name": "x" * 81}, "80"),
        ({"email": ""}, "Sans adresse e-mail"),
        ({"email": "elodie"}, "semble incomplète"),
        ({"email": "a@b.fr\nBcc: c@d.fr"}, "semble incomplète"),
        ({"subject": ""}, "Choisissez le sujet"),
        ({"subject": "piratage"}, "Sélectionnez un choix valide"),
        ({"message": "   "}, "Écrivez votre message"),
        ({"message": "x" * 5001}, "trop long"),
        ({"message": "Ma carte : 4242 4242 4242 4242"}, "numéro de carte"),
        ({"order_reference": "<script>"}, "pas la forme attendue"),
        ({"website": "https://achetez.example"}, "champ caché"),
        ({"opened": ""}, "ouverte depuis longtemps"),
        ({"opened": "1:forgé"}, "ouverte depuis longtemps"),
    ],
)
def test_refusal_is_said_politely_and_keeps_every_word(client, changes, said):
    sent = filled(**changes)

    answer = client.post(HELP, sent)
    page = answer.content.decode()

    assert answer.status_code == 422
    assert said in page
    assert "rien n’est perdu" in page
    assert "variable indéfinie" not in page
    if sent["message"].strip() and len(sent["message"]) < 100:
        assert sent["message"].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in page
    assert "https://achetez.example" not in page
    assert not Conversation.objects.exists()
    assert not Message.objects.exists()


def test_form_sent_too_fast_is_kept_and_may_be_sent_again_at_once(client):
    refused = client.post(HELP, filled(opened=sign_at(time.time() - LEAST_SECONDS + 2)))
    stamp = refused.context["form"]["opened"].value()

    accepted = client.post(HELP, filled(opened=stamp))

    assert refused.status_code == 422
    assert "très vite" in refused.content.decode()
    assert accepted.status_code == 302


def test_form_left_open_too_long_may_be_sent_again(client):
    refused = client.post(HELP, filled(opened=sign_at(time.time() - MOST_SECONDS - 1)))

    accepted = client.post(HELP, filled(opened=refused.context["form"]["opened"].value()))

    assert refused.status_code == 422
    assert accepted.status_code == 302


def test_long_number_that_is_no_card_may_be_written(client):
    answer = client.post(HELP, filled(message="Code-barres 3017620422003, commande du 12 11 2026."))

    assert answer.status_code == 302


def test_same_address_is_asked_to_wait_and_its_words_are_kept(client):
    for _ in range(limits.BY_ADDRESS.most):
        assert client.post(HELP, filled()).status_code == 302

    answer = client.post(HELP, filled(email="Elodie@exemple.fr", message="Encore moi."))

    assert answer.status_code == 429
    assert "Encore moi." in answer.content.decode()
    assert Conversation.objects.count() == limits.BY_ADDRESS.most


def test_same_machine_is_asked_to_wait_and_another_is_not(client):
    for turn in range(limits.BY_MACHINE.most):
        assert client.post(HELP, filled(email=f"a{turn}@exemple.fr")).status_code == 302

    assert client.post(HELP, filled(email="b@exemple.fr")).status_code == 429
    assert Client(REMOTE_ADDR="203.0.113.9").post(HELP, filled(email="b@exemple.fr")).status_code == 302


def test_limits_keep_neither_address_nor_machine(client):
    client.post(HELP, filled())

    kept = " ".join(Tries.objects.values_list("key", flat=True))
    assert "contact.address:" in kept
    assert "elodie" not in kept
    assert "127.0.0.1" not in kept


def test_post_without_token_is_refused_in_the_shops_look():
    answer = Client(enforce_csrf_checks=True).post(HELP, filled())

    assert answer.status_code == 403
    assert "ouverte trop longtemps" in answer.content.decode()
    assert not Conversation.objects.exists()


@pytest.mark.parametrize("token", ["x", "12:abc:def", "é"])
def test_forged_receipt_leads_back_to_help(client, token):
    answer = client.get(reverse("help_received", args=[token]))

    assert answer.status_code == 302
    assert answer.url == HELP


def test_help_page_shows_answers_number_hours_and_address(client, settings):
    services.seed_help()

    page = client.get(HELP).content.decode()

    assert "Quand suis-je débité" in page
    assert settings.HELP_PHONE.replace(" ", "\u00a0") in page
    assert 'href="tel:0970000000"' in page
    assert settings.HELP_EMAIL in page
    assert "Du lundi au samedi" in page
    assert "variable indéfinie" not in page


def test_hidden_question_is_not_shown(client):
    services.seed_help()
    from crm.desk.models import HelpEntry

    HelpEntry.objects.update(is_published=False)

    assert "Quand suis-je débité" not in client.get(HELP).content.decode()


def test_help_page_does_not_grow_with_its_questions(client, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get(HELP)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(HELP)
    services.seed_help()

    with django_assert_num_queries(len(few)):
        client.get(HELP)
