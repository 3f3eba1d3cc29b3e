"""Writing to us: acknowledged at once, kept, answered once; programs kept out, people's words never lost."""

import threading
import time

import pytest
from allauth.account.models import EmailAddress
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.models import Tries
from crm.desk import limits, services
from crm.desk.forms import LEAST_SECONDS, MOST_SECONDS, sign_at
from crm.desk.models import ContactRequest
from crm.outbox.models import Message
from tests.factories import CustomerFactory, UserFactory

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

    received = ContactRequest.objects.get()
    assert received.order_reference == "AB-1234"
    assert received.state == "new"
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

    letter, received = Message.objects.get(), ContactRequest.objects.get()
    assert letter.recipient == email
    for body in (letter.subject, letter.html, letter.text):
        assert not any(word in body for word in ("Gagnez", "arnaque", "WIN-1000"))
    assert f"numéro {received.pk}" in letter.html and f"numéro {received.pk}" in letter.text
    assert "vous répond par e-mail" in letter.text
    assert "arnaque" in received.message


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

    monkeypatch.setattr(services, "queue_message", fail)

    with pytest.raises(RuntimeError):
        receive()

    assert not ContactRequest.objects.exists()


def test_customer_finds_their_name_and_the_request_is_theirs(client):
    customer = CustomerFactory()
    client.force_login(customer.user)

    page = client.get(HELP).content.decode()
    client.post(HELP, filled())

    assert 'value="Élodie Martin"' in page
    assert f'value="{customer.email}"' in page
    assert ContactRequest.objects.get().customer == customer


def test_stranger_signed_out_attaches_to_no_customer_whatever_the_address(client):
    customer = CustomerFactory()

    client.post(HELP, filled(email=customer.email))

    assert ContactRequest.objects.get().customer is None


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
    assert not ContactRequest.objects.exists()
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
    assert ContactRequest.objects.count() == limits.BY_ADDRESS.most


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
    assert not ContactRequest.objects.exists()


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


class TestStaff:
    @pytest.fixture
    def staff(self, client):
        staff = UserFactory(staff=True, is_superuser=True)
        client.force_login(staff)
        return staff

    def address(self, received):
        return reverse("admin:desk_contactrequest_reply", args=[received.pk])

    def test_answer_is_kept_signed_timed_and_sent(self, client, staff):
        received = receive(order_reference="AB-1")

        answer = client.post(self.address(received), {"answer": "Nous vous remboursons."})

        assert answer.status_code == 302
        received.refresh_from_db()
        assert received.state == "answered"
        assert received.answer == "Nous vous remboursons."
        assert received.answered_by == staff
        assert received.answered_at <= timezone.now()
        letter = Message.objects.get(purpose="contact_answered", occasion=f"contact-{received.pk}")
        assert letter.recipient == "e@exemple.fr"
        assert "Nous vous remboursons." in letter.text

    def test_second_answer_sends_nothing(self, client, staff):
        received = receive()
        client.post(self.address(received), {"answer": "Un."})

        client.post(self.address(received), {"answer": "Deux."})

        received.refresh_from_db()
        assert received.answer == "Un."
        assert Message.objects.filter(purpose="contact_answered").count() == 1

    @pytest.mark.parametrize("text", ["", "   ", "x" * 5001])
    def test_empty_or_endless_answer_is_refused(self, client, staff, text):
        received = receive()

        answer = client.post(self.address(received), {"answer": text})

        assert answer.status_code == 200
        received.refresh_from_db()
        assert received.state == "new"
        assert not Message.objects.filter(purpose="contact_answered").exists()

    def test_request_may_be_closed_without_a_letter(self, client, staff):
        received = receive()

        client.post(self.address(received), {"answer": "", "close": "1"})

        received.refresh_from_db()
        assert received.state == "closed"
        assert received.answered_at is None
        assert not Message.objects.filter(purpose="contact_answered").exists()

    def test_looking_changes_nothing_and_words_are_escaped(self, client, staff):
        received = receive(message="<script>alert(1)</script>")

        page = client.get(self.address(received)).content.decode()

        assert "&lt;script&gt;alert(1)" in page
        received.refresh_from_db()
        assert received.state == "new"

    def test_lists_and_pages_open(self, client, staff):
        received = receive()

        for name, args in (("changelist", []), ("change", [received.pk])):
            assert client.get(reverse(f"admin:desk_contactrequest_{name}", args=args)).status_code == 200
        assert client.get(reverse("admin:desk_contactrequest_add")).status_code == 403

    def test_staff_without_the_right_neither_read_nor_answer(self, client):
        client.force_login(UserFactory(staff=True))
        received = receive()

        for method in (client.get, client.post):
            assert method(self.address(received), {"answer": "Un."}).status_code == 403
        received.refresh_from_db()
        assert received.state == "new"

    def test_unknown_request_is_not_found(self, client, staff):
        assert client.get(reverse("admin:desk_contactrequest_reply", args=[987654])).status_code == 404


def answer_at_once(received_id, answer):
    """Two colleagues press the button together; who came second is told."""
    staff = [UserFactory(staff=True).pk for _ in range(2)]
    barrier, refused = threading.Barrier(2), []

    def press(user_id):
        barrier.wait()
        try:
            answer(received_id, user_id)
        except services.RequestAlreadyHandled:
            refused.append(user_id)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press, args=[user_id]) for user_id in staff]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refused


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_two_colleagues_answering_at_once_send_one_letter():
    received = receive()

    refused = answer_at_once(
        received.pk,
        lambda pk, user: services.answer_contact_request(request_id=pk, answer=f"De {user}.", user_id=user),
    )

    received.refresh_from_db()
    assert len(refused) == 1
    assert received.answered_by_id not in refused
    assert received.answer == f"De {received.answered_by_id}."
    assert Message.objects.filter(purpose="contact_answered").count() == 1


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_both_believe_they_answered():
    received = receive()
    both_read = threading.Barrier(2)

    def careless(pk, user):
        read = ContactRequest.objects.get(pk=pk)
        both_read.wait(10)
        if read.state != "new":
            raise services.RequestAlreadyHandled
        read.state, read.answer, read.answered_by_id, read.answered_at = "answered", "x", user, timezone.now()
        read.save()

    assert answer_at_once(received.pk, careless) == []
