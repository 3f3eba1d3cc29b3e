"""The demonstration's provider and its page, as a customer meets them."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from shop.payments import services
from shop.payments.events import PaymentActionNeeded, PaymentRefused, PaymentSecured
from shop.payments.gateways.demo import LATENESS, SILENCE
from shop.payments.models import DemoSession, PaymentOperation
from shop.payments.queries import payment_state
from tests.shop.payments.conftest import (
    CANCEL,
    RETURN,
    again,
    give_back,
    open_page,
    opened,
    payment_sums,
    prepare,
    take,
)

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.shop.payments.urls")]
State = PaymentOperation.State


@pytest.fixture(autouse=True)
def demo(settings):
    settings.PAYMENT_GATEWAY = "demo"


def pay(client, operation, card="accepte"):
    return client.post(open_page(operation), {"card": card})


def test_the_page_preselects_the_card_that_accepts(client):
    operation = prepare()

    page = client.get(open_page(operation)).content.decode()

    assert "variable indéfinie" not in page
    assert 'value="accepte" checked' in page
    assert page.count("checked") == 1
    assert "aucune somme n’est débitée" in page
    assert ">Payer</button>" in page
    assert "80,00\u00a0€" in page
    assert "noindex" in page
    assert CANCEL in page


def test_a_far_slot_offers_to_save_the_card(client):
    operation = prepare(days=10)

    page = client.get(open_page(operation)).content.decode()

    assert ">Enregistrer la carte</button>" in page
    assert "variable indéfinie" not in page


def test_paying_returns_to_the_order_and_secures_it(client, facts):
    operation = prepare()

    answer = pay(client, operation)
    services.refresh(key=operation.key)

    assert (answer.status_code, answer.url) == (302, RETURN)
    assert facts == [PaymentSecured("CAB-1", operation.key, "authorise")]


def test_opening_twice_is_one_session():
    operation = prepare()

    assert open_page(operation) == open_page(operation)

    assert DemoSession.objects.count() == 1


def test_a_refused_card_says_so_and_lets_another_be_chosen(client, facts):
    operation = prepare()

    answer = pay(client, operation, "refuse")
    services.refresh(key=operation.key)
    assert payment_state("CAB-1") == "refused"
    pay(client, operation)
    services.refresh(key=operation.key)

    assert answer.status_code == 422
    assert "Cette carte est refusée" in answer.content.decode()
    assert "variable indéfinie" not in answer.content.decode()
    assert [type(fact) for fact in facts] == [PaymentRefused, PaymentSecured]


def test_the_silent_card_leaves_a_doubt_that_is_lifted(client):
    operation = prepare()

    pay(client, operation, "silence")
    assert services.refresh(key=operation.key) == State.UNKNOWN
    assert services.abandon(order_reference="CAB-1") == "unknown"
    DemoSession.objects.update(silent_until=timezone.now() - SILENCE)
    services.reconcile(now=timezone.now() + timedelta(minutes=3))

    assert again(operation).state == State.SUCCEEDED


def test_the_late_card_succeeds_after_the_return(client):
    operation = prepare()

    pay(client, operation, "retard")
    assert services.refresh(key=operation.key) == State.OPENED
    assert payment_state("CAB-1") == "pending"
    assert services.abandon(order_reference="CAB-1") == "unknown"
    DemoSession.objects.update(answers_at=timezone.now() - LATENESS)
    services.refresh(key=operation.key)

    assert payment_state("CAB-1") == "secured"


def test_a_saved_card_is_authorised_captured_and_refunded(client):
    operation = prepare(days=10)
    pay(client, operation)
    services.refresh(key=operation.key)

    services.authorise_due(now=timezone.now() + timedelta(days=9))
    services.perform(key=take("70.00").key)
    services.perform(key=give_back("20.00").key)

    sums = payment_sums("CAB-1")
    assert (sums.authorised, sums.captured, sums.released, sums.refunded) == (80, 70, 10, 20)


@pytest.mark.parametrize(
    ("card", "code"),
    [("authentification", "authentication_required"), ("refus_plus_tard", "card_declined")],
)
def test_a_saved_card_may_be_refused_later(client, facts, card, code):
    operation = prepare(days=10)
    pay(client, operation, card)
    services.refresh(key=operation.key)

    services.authorise_due(now=timezone.now() + timedelta(days=9))

    assert isinstance(facts[-1], PaymentActionNeeded)
    assert facts[-1].code == code


def test_an_abandoned_page_cannot_be_paid_any_more(client):
    operation = prepare()
    url = open_page(operation)

    assert services.abandon(order_reference="CAB-1") == "released"
    answer = client.post(url, {"card": "accepte"})

    assert answer.status_code == 410
    assert "Cette page de paiement est fermée" in answer.content.decode()
    assert DemoSession.objects.get().status == "expired"


def test_going_back_and_paying_again_does_nothing(client):
    operation = prepare()
    url = open_page(operation)
    client.post(url, {"card": "accepte"})

    answer = client.post(url, {"card": "refuse"})

    assert answer.status_code == 410
    assert DemoSession.objects.get().status == "authorised"


def test_an_overdue_page_is_closed(client):
    operation = opened()
    DemoSession.objects.update(expires_at=timezone.now())

    assert client.post(operation.session_url, {"card": "accepte"}).status_code == 410
    assert services.refresh(key=operation.key) == State.EXPIRED


@pytest.mark.parametrize("posted", [{}, {"card": ""}, {"card": "4242"}, {"card": "x" * 5000}, {"autre": "1"}])
def test_a_card_that_is_not_offered_is_refused(client, posted):
    operation = opened()

    answer = client.post(operation.session_url, posted)

    assert answer.status_code == 422
    assert DemoSession.objects.get().status == "open"


def test_a_forged_post_is_refused():
    from django.test import Client

    url = opened().session_url

    assert Client(enforce_csrf_checks=True).post(url, {"card": "accepte"}).status_code == 403
    assert DemoSession.objects.get().status == "open"


def test_an_unknown_page_and_another_gateway_are_not_found(client, settings):
    url = opened().session_url

    assert client.get(reverse("demo_payment", args=["demo_inconnu"])).status_code == 404
    settings.PAYMENT_GATEWAY = "stripe"
    assert client.get(url).status_code == 404


def test_releasing_gives_the_authorisation_back(client):
    operation = prepare()
    pay(client, operation)
    services.refresh(key=operation.key)

    for _time in range(2):
        services.perform(key=services.release(order_reference="CAB-1").key)

    assert DemoSession.objects.get().status == "cancelled"
    assert payment_sums("CAB-1").released == 80
