"""The provider's messages: signed, stored once, in any order."""

import json
import time
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from shop.payments import services
from shop.payments.events import PaymentLapsed, PaymentSecured
from shop.payments.models import PaymentEntry, PaymentOperation, ProviderEvent
from shop.payments.queries import payment_state
from tests.fakes.stripe import FakeStripe
from tests.shop.payments.conftest import again, authorised, open_page, opened, prepare

pytestmark = pytest.mark.django_db
State = PaymentOperation.State


def post(client, body, signature):
    return client.post(
        reverse("stripe_webhook"),
        body,
        content_type="application/json",
        headers={"Stripe-Signature": signature},
    )


def tell(client, provider, event=None):
    """Deliver one message and let the worker read it."""
    answer = post(client, *provider.message(event))
    for pk in ProviderEvent.objects.filter(processed_at=None).values_list("pk", flat=True):
        services.process_event(pk)
    return answer


def test_a_message_secures_the_payment_without_a_return(provider, client, facts):
    operation = opened()
    provider.pay(operation.session_id)

    answer = tell(client, provider)

    assert answer.status_code == 200
    assert facts == [PaymentSecured("CAB-1", operation.key, "authorise")]
    event = ProviderEvent.objects.get()
    assert event.type == "checkout.session.completed"
    assert event.processed_at


def test_the_address_is_the_one_given_to_the_provider():
    assert reverse("stripe_webhook") == "/paiement/webhook/stripe/"


def test_a_replayed_message_changes_nothing_twice(provider, client, facts):
    operation = opened()
    provider.pay(operation.session_id)

    for _time in range(3):
        assert tell(client, provider).status_code == 200

    assert ProviderEvent.objects.count() == 1
    assert len(facts) == 1
    assert PaymentEntry.objects.count() == 1
    assert len(provider.calls("GET", "/v1/checkout/sessions/.*")) == 1


def test_success_told_before_the_page_is_known_to_be_open(provider, client, facts):
    operation = prepare()
    provider.fail("/v1/checkout/sessions", "lost")
    with pytest.raises(services.ProviderUnavailable):
        open_page(operation)
    (session,) = provider.store.sessions
    provider.pay(session)

    tell(client, provider)

    assert again(operation).state == State.SUCCEEDED
    assert again(operation).session_id == session
    with pytest.raises(services.PaymentAlreadySecured):
        open_page(operation)
    assert len(facts) == 1


def test_messages_in_reverse_order_end_the_same(provider, client, facts):
    operation = opened()
    provider.pay(operation.session_id, refusal="card_declined")
    provider.pay(operation.session_id)

    for event in reversed(provider.store.events):
        tell(client, provider, event)

    assert again(operation).state == State.SUCCEEDED
    assert facts == [PaymentSecured("CAB-1", operation.key, "authorise")]


def test_expired_told_after_success_does_not_undo_it(provider, client, facts):
    operation = authorised(provider)
    session = provider.store.sessions[operation.session_id]
    provider.store.emit("checkout.session.expired", session | {"status": "expired"})

    tell(client, provider)

    assert again(operation).state == State.SUCCEEDED
    assert payment_state("CAB-1") == "secured"


def test_an_expired_page_is_told(provider, client, facts):
    operation = opened()
    provider.store.expire_session(operation.session_id)

    tell(client, provider)

    assert facts == [PaymentLapsed("CAB-1", operation.key)]


def test_an_authorisation_cancelled_elsewhere_is_told(provider, client, facts):
    operation = authorised(provider)
    provider.store.cancel(operation.intent_id)

    tell(client, provider)

    assert facts[-1] == PaymentLapsed("CAB-1", operation.key)


def test_a_message_about_an_unknown_page_is_noted_and_left(provider, client):
    other = {"id": "cs_elsewhere", "object": "checkout.session", "metadata": {}, "payment_intent": None}
    provider.store.emit("checkout.session.completed", other)

    assert tell(client, provider).status_code == 200

    assert ProviderEvent.objects.get().processed_at
    assert not PaymentOperation.objects.exists()


def test_a_message_read_while_the_provider_is_silent_is_read_again(provider, client):
    operation = authorised(provider)
    provider.store.cancel(operation.intent_id)
    provider.fail("/v1/payment_intents/.*", "reset", "GET")

    tell(client, provider)
    assert ProviderEvent.objects.get().processed_at is None
    services.reconcile(now=timezone.now() + timedelta(minutes=2))

    assert ProviderEvent.objects.get().processed_at
    assert again(operation).state == State.RELEASED


def test_nothing_of_the_customer_is_kept(provider, client):
    operation = opened()
    provider.pay(operation.session_id)
    event = provider.store.events[-1]
    event["data"]["object"]["customer_details"] = {"email": "elodie@exemple.fr", "name": "Élodie Martin"}

    tell(client, provider, event)

    stored = json.dumps(list(ProviderEvent.objects.values()), default=str)
    assert "elodie" not in stored
    assert "Martin" not in stored


# --- what is not from the provider -----------------------------------------------------------------
def _event():
    return json.dumps(
        {"id": "evt_1", "object": "event", "type": "x", "data": {"object": {"id": "y"}}}
    ).encode()


@pytest.mark.parametrize(
    "forge",
    [
        lambda body, sign: (body + b" ", sign(body)[1]),
        lambda body, sign: (body, sign(body, secret="whsec_other")[1]),
        lambda body, sign: (body, sign(body, at=int(time.time()) - 3600)[1]),
        lambda body, sign: (body, ""),
        lambda body, sign: (body, "t=,v1="),
        lambda body, sign: (body, "t=1,v0=abc"),
        lambda body, sign: (body, "n’importe quoi"),
    ],
    ids=["changed", "other secret", "old", "unsigned", "empty", "other scheme", "garbage"],
)
def test_a_body_that_the_provider_did_not_sign_is_refused(provider, client, forge):
    body, signature = forge(_event(), FakeStripe.signed)
    if not signature.isascii():
        signature = signature.encode().decode("latin-1")

    assert post(client, body, signature).status_code == 400

    assert not ProviderEvent.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'"text"', b"{}", b"\xff\xfe\x00", b'{"object": "v2.core.event"}',
        b'{"id": 3, "object": "event", "type": "x", "data": {"object": {"object": "charge", "id": "y"}}}',
        b'{"id": "", "object": "event", "type": "x", "data": {"object": {"object": "charge", "id": "y"}}}',
        b'{"id": "evt", "object": "event", "type": "x", "data": []}',
        b'{"id": "evt", "object": "event", "type": "x", "data": {"object": {"object": "checkout.session", "id": {}}}}',
        b'{"id": "evt", "object": "event", "type": "x", "data": {"object": {"object": "a", "metadata": "b", "id": "c"}}}',
        b'{"id": "' + b"e" * 300 + b'", "object": "event", "type": "x", "data": {"object": {"object": "a"}}}',
    ],
)  # fmt: skip
def test_a_signed_body_that_is_no_event_is_refused(provider, client, body):
    signature = FakeStripe.signed(body)[1]

    assert post(client, body, signature).status_code == 400

    assert not ProviderEvent.objects.exists()


def test_a_huge_body_is_refused_unread(provider, client):
    body = b"x" * (600 * 1024)

    assert post(client, body, "t=1,v1=a").status_code == 413

    assert not ProviderEvent.objects.exists()


def test_the_address_answers_only_to_posts(provider, client):
    assert client.get(reverse("stripe_webhook")).status_code == 405


def test_without_a_secret_nothing_is_believed(provider, client, settings):
    settings.STRIPE_WEBHOOK_SECRET = ""
    body = _event()

    assert post(client, body, FakeStripe.signed(body, secret="")[1]).status_code == 400


def test_the_demo_gateway_believes_no_message(client, settings):
    settings.PAYMENT_GATEWAY = "demo"
    body = _event()

    assert post(client, *FakeStripe.signed(body)).status_code == 400
