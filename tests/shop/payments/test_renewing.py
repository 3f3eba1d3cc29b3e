"""Authorisations that end before the money is taken: replaced, the new one first; or their holder is asked."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from shop.payments import services, tasks
from shop.payments.events import PaymentActionNeeded, PaymentLapsed, PaymentReleased, PaymentSecured
from shop.payments.models import PaymentOperation
from shop.payments.queries import payment_state
from tests.shop.payments.conftest import (
    again,
    authorised,
    open_page,
    opened,
    payment_sums,
    perform_all,
    prepare,
    saved,
    take,
)

pytestmark = pytest.mark.django_db
State = PaymentOperation.State
INTENTS = "/v1/payment_intents"


def charged(provider, later=None):
    """A saved card whose authorisation ends within a day."""
    saved(provider)
    services.authorise_due(now=timezone.now() + timedelta(days=9))
    charge = PaymentOperation.objects.get(kind="authorise_saved")
    assert charge.expires_at - charge.sent_at == timedelta(days=4, hours=18)
    end_soon(charge)
    for card in provider.store.cards:
        provider.store.cards[card] = later
    return charge


def end_soon(operation, hours=20):
    PaymentOperation.objects.filter(pk=operation.pk).update(
        expires_at=timezone.now() + timedelta(hours=hours)
    )


def ending(provider, occasion=""):
    operation = authorised(provider, occasion=occasion)
    assert operation.expires_at - operation.sent_at == timedelta(days=7)
    end_soon(operation)
    return operation


def statuses(provider):
    return [intent["status"] for intent in provider.store.intents.values()]


def test_a_saved_card_is_charged_again_and_the_old_authorisation_voided_after(provider, facts):
    old = charged(provider)

    tasks.renew_ending()
    new = PaymentOperation.objects.get(parent=old, kind="authorise_saved")
    assert (again(old).state, new.state) == (State.SUCCEEDED, State.SUCCEEDED)
    assert facts[-1] == PaymentSecured("CAB-1", new.key, "authorise_saved")
    perform_all()
    tasks.renew_ending()

    assert statuses(provider) == ["canceled", "requires_capture"]
    assert payment_state("CAB-1") == "secured"
    assert not any(isinstance(fact, PaymentReleased | PaymentLapsed) for fact in facts)
    sums = payment_sums("CAB-1")
    assert (sums.authorised, sums.released) == (Decimal("160.00"), Decimal("80.00"))


def test_an_authorisation_with_days_left_is_left_alone(provider):
    old = charged(provider)
    end_soon(old, hours=25)

    assert services.renew_ending() == 0


def test_between_the_two_only_one_is_taken(provider):
    charged(provider)
    services.renew_ending()

    with pytest.raises(services.CaptureAboveAuthorised):
        services.capture(order_reference="CAB-1", amount=Decimal("80.01"))
    take("80.00")
    perform_all()

    assert sorted(statuses(provider)) == ["canceled", "succeeded"]
    assert payment_sums("CAB-1").captured == Decimal("80.00")


@pytest.mark.parametrize("fault", ["lost", "reset"])
def test_a_renewal_in_doubt_when_the_money_is_taken_is_voided(provider, fault):
    charged(provider)
    provider.fail(INTENTS, fault)
    services.renew_ending()
    taking = take("80.00")
    services.perform(key=taking.key)

    services.reconcile(now=timezone.now() + timedelta(minutes=2))
    perform_all()

    assert sorted(statuses(provider)) == ["canceled", "succeeded"]
    sums = payment_sums("CAB-1")
    assert (sums.authorised, sums.captured, sums.released) == (160, 80, 80)


@pytest.mark.parametrize("reason", ["given_up", "released", "captured"])
def test_what_nobody_waits_for_is_not_renewed(provider, desk, facts, reason):
    charged(provider)
    if reason == "given_up":
        desk.given_up.add("CAB-1")
    elif reason == "released":
        services.release(order_reference="CAB-1")
    else:
        take("80.00")
    told = len(facts)

    assert services.renew_ending() == 0

    assert len(provider.store.intents) == 1
    assert len(facts) == told


def test_a_refused_renewal_asks_the_holder_once_and_the_old_one_stands_meanwhile(provider, facts):
    old = charged(provider, later="insufficient_funds")

    for _time in range(3):
        services.renew_ending()

    new = PaymentOperation.objects.get(parent=old, kind="authorise_saved")
    assert facts[-1] == PaymentActionNeeded("CAB-1", new.key, "insufficient_funds")
    assert sum(isinstance(fact, PaymentActionNeeded) for fact in facts) == 1
    assert payment_state("CAB-1") == "ending"
    assert statuses(provider)[0] == "requires_capture"


def test_without_a_card_its_holder_is_asked_once_and_pays_anew(provider, facts):
    old = ending(provider)

    for _time in range(3):
        assert services.renew_ending() == 0
    assert facts[1:] == [PaymentActionNeeded("CAB-1", old.key, "authorisation_ends")]
    assert payment_state("CAB-1") == "ending"

    page = prepare()
    assert page != old and prepare() == page
    open_page(page)
    assert payment_state("CAB-1") == "pending"
    provider.pay(again(page).session_id)
    services.refresh(key=page.key)
    perform_all()

    assert facts[2:] == [PaymentSecured("CAB-1", page.key, "authorise")]
    assert payment_state("CAB-1") == "secured"
    assert statuses(provider) == ["canceled", "requires_capture"]
    assert prepare() == page


def test_a_card_that_was_refused_is_forgotten_once_its_holder_paid(provider):
    charged(provider, later="insufficient_funds")
    services.renew_ending()

    page = opened()
    provider.pay(page.session_id)
    services.refresh(key=page.key)
    perform_all()
    services.forget_cards()

    assert payment_state("CAB-1") == "secured"
    assert not provider.store.customers
    assert take("80.00").parent == again(page)


def test_who_does_not_pay_anew_keeps_what_stands_until_it_ends(provider, facts):
    old = ending(provider)
    services.renew_ending()
    page = opened()

    assert services.abandon(order_reference="CAB-1") == "secured"
    assert again(page).state == State.EXPIRED
    assert payment_state("CAB-1") == "ending"
    end_soon(old, hours=-1)
    provider.store.cancel(old.intent_id)
    services.renew_ending()

    assert facts[-1] == PaymentLapsed("CAB-1", old.key)
    assert payment_state("CAB-1") == "lapsed"


def test_an_extra_payment_is_renewed_for_its_occasion(provider, facts):
    saved(provider)
    services.authorise_due(now=timezone.now() + timedelta(days=9))
    old = ending(provider, occasion="amend-1")

    assert services.renew_ending() == 1
    perform_all()

    assert payment_state("CAB-1", "amend-1") == "secured"
    assert services.abandon(order_reference="CAB-1", occasion="amend-1") == "secured"
    with pytest.raises(services.PaymentAlreadySecured):
        prepare(occasion="amend-1")
    services.release_part(order_reference="CAB-1", occasion="amend-1")
    perform_all()
    assert (again(old).state, payment_state("CAB-1", "amend-1")) == (State.RELEASED, "lapsed")
    assert payment_state("CAB-1") == "secured"


def test_a_silent_provider_is_not_asked_for_everybody(provider):
    for number in range(4):
        saved(provider, f"CAB-{number}")
    services.authorise_due(now=timezone.now() + timedelta(days=9))
    for charge in PaymentOperation.objects.filter(kind="authorise_saved"):
        end_soon(charge)
    for _fault in range(4):
        provider.fail(INTENTS, "reset")

    assert services.renew_ending() == 2
