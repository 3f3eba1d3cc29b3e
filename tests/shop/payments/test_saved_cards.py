"""Saved cards, authorised two days before the slot without their holder."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from shop.payments import services
from shop.payments.events import LatePaymentVoided, PaymentActionNeeded, PaymentReleased, PaymentSecured
from shop.payments.models import PaymentOperation
from shop.payments.queries import payment_state
from tests.shop.payments.conftest import again, opened, payment_sums, prepare, saved

pytestmark = pytest.mark.django_db
State = PaymentOperation.State
INTENTS = "/v1/payment_intents"


def due():
    """A moment after the two days before a slot ten days away."""
    return timezone.now() + timedelta(days=8, minutes=1)


def charge():
    return PaymentOperation.objects.get(kind="authorise_saved")


def test_a_card_is_authorised_two_days_before(provider, facts):
    saved(provider)

    assert services.authorise_due(now=due() - timedelta(minutes=5)) == 0
    assert services.authorise_due(now=due()) == 1
    assert services.authorise_due(now=due()) == 0

    assert facts[-1] == PaymentSecured("CAB-1", charge().key, "authorise_saved")
    assert payment_sums("CAB-1").authorised == Decimal("80.00")
    params = provider.calls("POST", INTENTS)[0][2]
    assert (params["off_session"], params["confirm"], params["capture_method"]) == ("true", "true", "manual")
    assert len(provider.store.intents) == 1


@pytest.mark.parametrize("code", ["authentication_required", "insufficient_funds"])
def test_a_refusal_asks_the_customer_and_is_not_tried_again(provider, facts, code):
    saved(provider, later=code)

    services.authorise_due(now=due())
    services.authorise_due(now=due())
    services.reconcile(now=due())

    assert facts[-1] == PaymentActionNeeded("CAB-1", charge().key, code)
    assert payment_state("CAB-1") == "refused"
    assert len(provider.calls("POST", INTENTS)) == 1
    assert payment_sums("CAB-1").authorised == 0


def test_after_a_refusal_the_holder_pays_on_a_new_page(provider, facts):
    first = saved(provider, later="authentication_required")
    services.authorise_due(now=due())

    second = prepare(days=2)
    again_second = opened(days=2)
    provider.pay(again_second.session_id)
    services.refresh(key=second.key)
    services.reconcile(now=due())

    assert second == again_second
    assert second.kind == "authorise"
    assert again(first).state == State.RELEASED
    assert facts[-1] == PaymentSecured("CAB-1", second.key, "authorise")
    assert payment_state("CAB-1") == "secured"
    assert not provider.store.customers


def test_an_unanswered_charge_is_reconciled_by_its_key(provider, facts):
    saved(provider)
    provider.fail(INTENTS, "lost")
    services.authorise_due(now=due())
    assert payment_state("CAB-1") == "unknown"

    with pytest.raises(services.PaymentUncertain):
        prepare(days=2)
    services.reconcile(now=timezone.now() + timedelta(minutes=2))

    assert len(provider.store.intents) == 1
    assert facts[-1] == PaymentSecured("CAB-1", charge().key, "authorise_saved")


def test_a_charge_that_never_arrived_is_asked_again_under_its_key(provider):
    saved(provider)
    provider.fail(INTENTS, "reset")
    services.authorise_due(now=due())

    services.reconcile(now=timezone.now() + timedelta(minutes=2))

    assert charge().state == State.SUCCEEDED
    assert {call[3] for call in provider.calls("POST", INTENTS)} == {charge().key}


def test_a_charge_whose_failure_is_stored_stays_in_doubt_until_found(provider):
    saved(provider)
    provider.fail(INTENTS, "failed_after")
    services.authorise_due(now=due())
    assert charge().state == State.UNKNOWN

    services.reconcile(now=timezone.now() + timedelta(minutes=2))

    assert charge().state == State.SUCCEEDED
    assert len(provider.store.intents) == 1


@pytest.mark.parametrize("reason", ["given_up", "too_late", "released"])
def test_a_card_nobody_waits_for_is_not_charged(provider, desk, reason):
    saved(provider)
    if reason == "given_up":
        desk.given_up.add("CAB-1")
    elif reason == "too_late":
        desk.deadlines["CAB-1"] = due()
    else:
        services.release(order_reference="CAB-1")

    services.authorise_due(now=due())

    assert not provider.store.intents
    assert not PaymentOperation.objects.filter(kind="authorise_saved").exists()


def test_cancelling_gives_back_the_authorisation_and_forgets_the_card(provider, facts):
    saved(provider)
    services.authorise_due(now=due())

    services.perform(key=services.release(order_reference="CAB-1").key)

    assert facts[-1] == PaymentReleased("CAB-1", charge().key, 8000)
    assert sum(isinstance(fact, PaymentReleased) for fact in facts) == 1
    assert not provider.store.customers
    assert not PaymentOperation.objects.filter(state=State.SUCCEEDED).exclude(kind="release").exists()


def test_cancelling_while_a_charge_is_in_doubt_settles_it_first(provider, facts):
    saved(provider)
    provider.fail(INTENTS, "lost")
    services.authorise_due(now=due())

    services.perform(key=services.release(order_reference="CAB-1").key)

    assert [i["status"] for i in provider.store.intents.values()] == ["canceled"]
    assert facts[-1] == LatePaymentVoided("CAB-1", charge().key, 8000)


def test_a_card_that_could_not_be_forgotten_is_forgotten_later(provider):
    saved(provider)
    provider.fail("/v1/customers/.*", "reset", "DELETE")
    services.perform(key=services.release(order_reference="CAB-1").key)
    assert provider.store.customers

    services.reconcile(now=timezone.now() + timedelta(minutes=2))

    assert not provider.store.customers
