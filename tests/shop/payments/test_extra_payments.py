"""Several payments of one order: each has an occasion, and none is taken for another."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from shop.payments import services
from shop.payments.events import (
    LatePaymentVoided,
    PaymentLapsed,
    PaymentRefused,
    PaymentReleased,
    PaymentSecured,
)
from shop.payments.models import PaymentEntry, PaymentOperation
from shop.payments.queries import capturable, orders_with_money, payment_state
from tests.shop.payments.conftest import again, authorised, opened, payment_sums, perform_all, prepare, saved

pytestmark = pytest.mark.django_db
State = PaymentOperation.State
AMEND = "amend-17"


def extra(provider, amount="20.00", occasion=AMEND):
    return authorised(provider, amount=amount, occasion=occasion)


def test_an_extra_payment_stands_beside_the_orders_own(provider, facts):
    own, more = authorised(provider), extra(provider)

    assert facts == [
        PaymentSecured("CAB-1", own.key, "authorise"),
        PaymentSecured("CAB-1", more.key, "authorise", AMEND),
    ]
    assert (payment_state("CAB-1"), payment_state("CAB-1", AMEND)) == ("secured", "secured")
    assert payment_sums("CAB-1").authorised == capturable("CAB-1") == Decimal("100.00")


def test_asked_again_it_is_the_same_page_for_its_occasion_alone(provider):
    authorised(provider)
    first = prepare(amount="20.00", occasion=AMEND)

    assert prepare(amount="20.00", occasion=AMEND) == first
    assert prepare(amount="5.00", occasion="amend-18") != first
    with pytest.raises(services.AmountChanged):
        prepare(amount="21.00", occasion=AMEND)
    with pytest.raises(services.InvalidOccasion):
        prepare(amount="21.00", occasion="x" * 65)

    assert PaymentOperation.objects.count() == 3


def test_the_database_holds_one_live_page_per_occasion(provider):
    account = opened().account

    with pytest.raises(IntegrityError), transaction.atomic():
        PaymentOperation.objects.create(account=account, kind="authorise", amount=1)

    PaymentOperation.objects.create(account=account, kind="authorise", amount=1, occasion=AMEND)


@pytest.mark.parametrize("days", [1, 9])
def test_an_extra_payment_is_always_authorised_at_once(provider, days):
    authorised(provider)

    assert prepare(amount="20.00", days=days, occasion=AMEND).kind == "authorise"


def test_refusals_and_lapses_say_their_occasion(provider, facts):
    authorised(provider)
    page = opened(amount="20.00", occasion=AMEND)
    provider.pay(page.session_id, refusal="card_declined")
    services.refresh(key=page.key)
    assert payment_state("CAB-1", AMEND) == "refused"

    assert services.abandon(order_reference="CAB-1", occasion=AMEND) == "released"

    assert facts[1:] == [
        PaymentRefused("CAB-1", page.key, "card_declined", AMEND),
        PaymentLapsed("CAB-1", page.key, AMEND),
    ]
    assert (payment_state("CAB-1"), payment_state("CAB-1", AMEND)) == ("secured", "lapsed")


def test_abandoning_closes_the_pages_of_its_occasion_only(provider):
    own = opened()
    more = opened(amount="20.00", occasion=AMEND)

    assert services.abandon(order_reference="CAB-1", occasion=AMEND) == "released"
    assert (again(own).state, again(more).state) == (State.OPENED, State.EXPIRED)
    assert services.abandon(order_reference="CAB-1", occasion="amend-unheard-of") == "released"
    provider.fail("/v1/checkout/sessions/.*/expire", "reset")
    assert services.abandon(order_reference="CAB-1") == "unknown"


# --- given up --------------------------------------------------------------------------------------
def test_an_amendment_that_came_to_nothing_gives_back_its_own_money(provider, facts):
    own, more = authorised(provider), extra(provider)

    first = services.release_part(order_reference="CAB-1", occasion=AMEND)
    assert services.release_part(order_reference="CAB-1", occasion=AMEND) == first
    assert capturable("CAB-1") == Decimal("80.00")
    perform_all()

    assert facts[2:] == [PaymentReleased("CAB-1", more.key, 2000, AMEND)]
    assert (again(own).state, again(more).state) == (State.SUCCEEDED, State.RELEASED)
    assert payment_sums("CAB-1").released == Decimal("20.00")
    with pytest.raises(services.PaymentClosed):
        prepare(amount="20.00", occasion=AMEND)
    assert prepare(amount="20.00", occasion="amend-18")


def test_part_of_nothing_or_of_the_order_itself_is_not_released(provider):
    authorised(provider)

    assert services.release_part(order_reference="CAB-1", occasion=AMEND) is None
    assert services.release_part(order_reference="CAB-unheard-of", occasion=AMEND) is None
    with pytest.raises(services.InvalidOccasion):
        services.release_part(order_reference="CAB-1", occasion="")

    assert not PaymentOperation.objects.filter(kind="release").exists()


def test_an_extra_payment_made_after_it_was_given_up_is_voided_and_told(provider, facts):
    authorised(provider)
    page = opened(amount="20.00", occasion=AMEND)
    provider.fail("/v1/checkout/sessions/.*/expire", "reset")
    assert services.abandon(order_reference="CAB-1", occasion=AMEND) == "unknown"
    services.release_part(order_reference="CAB-1", occasion=AMEND)
    provider.pay(page.session_id)

    perform_all()

    assert facts[1:] == [LatePaymentVoided("CAB-1", page.key, 2000)]
    assert payment_sums("CAB-1").released == Decimal("20.00")


@pytest.mark.parametrize("fault", ["lost", "reset"])
def test_cancelling_gives_back_all_and_goes_on_after_a_doubt(provider, facts, fault):
    own, more = authorised(provider), extra(provider)
    page = opened(amount="3.00", occasion="amend-18")
    provider.fail(f"/v1/payment_intents/{more.intent_id}/cancel", fault)
    release = services.release(order_reference="CAB-1")

    assert services.perform(key=release.key) == State.UNKNOWN
    assert [again(one).state for one in (own, more, page)] == ["released", "succeeded", "expired"]
    assert services.release(order_reference="CAB-1") == release
    services.reconcile(now=timezone.now() + timedelta(minutes=3))

    assert again(release).state == State.SUCCEEDED
    assert [i["status"] for i in provider.store.intents.values()] == ["canceled", "canceled"]
    assert [fact for fact in facts if isinstance(fact, PaymentReleased)] == [
        PaymentReleased("CAB-1", own.key, 8000),
        PaymentReleased("CAB-1", more.key, 2000, AMEND),
    ]
    entries = PaymentEntry.objects.filter(kind="released").values_list("operation", "amount")
    assert sorted(entries) == [(own.pk, Decimal("80.00")), (more.pk, Decimal("20.00"))]


def test_a_void_that_the_provider_tells_first_is_told_once_and_as_ours(provider, facts):
    authorised(provider)
    more = extra(provider)
    services.release_part(order_reference="CAB-1", occasion=AMEND)
    provider.store.cancel(more.intent_id)

    services.refresh(key=more.key)
    perform_all()

    assert facts[2:] == [PaymentReleased("CAB-1", more.key, 2000, AMEND)]


def test_an_order_is_unpaid_when_only_an_extra_payment_stands(provider):
    own = authorised(provider)
    extra(provider)
    assert list(orders_with_money()) == ["CAB-1"]
    with pytest.raises(services.PaymentAlreadySecured):
        services.release_unsecured(order_reference="CAB-1")
    provider.store.cancel(own.intent_id)
    services.refresh(key=own.key)

    assert not orders_with_money().exists()
    services.release_unsecured(order_reference="CAB-1")
    perform_all()

    assert payment_sums("CAB-1").released == Decimal("100.00")


# --- the amount due on a saved card ----------------------------------------------------------------
def test_an_order_amended_before_its_card_is_charged_is_charged_the_new_sum(provider):
    saved(provider)
    with pytest.raises(services.CardNotYetCharged):
        prepare(amount="20.00", occasion=AMEND)

    assert services.change_amount_due(order_reference="CAB-1", amount=Decimal("93.10")).amount == Decimal(
        "93.10"
    )
    services.authorise_due(now=timezone.now() + timedelta(days=9))

    assert payment_sums("CAB-1").authorised == Decimal("93.10")
    assert next(iter(provider.store.intents.values()))["amount"] == 9310


def test_once_charged_the_amount_stands_and_an_extra_payment_is_made(provider):
    saved(provider)
    services.authorise_due(now=timezone.now() + timedelta(days=9))

    with pytest.raises(services.AmountFixed):
        services.change_amount_due(order_reference="CAB-1", amount=Decimal("93.10"))
    assert extra(provider).state == State.SUCCEEDED
    assert payment_sums("CAB-1").authorised == Decimal("100.00")


@pytest.mark.parametrize("amount", ["0", "0.49", "-5", "NaN", "1.001", "Infinity"])
def test_no_sum_is_no_amount_due(provider, amount):
    card = saved(provider)

    with pytest.raises(services.InvalidAmount):
        services.change_amount_due(order_reference="CAB-1", amount=Decimal(amount))

    assert again(card).amount == Decimal("80.00")


def test_the_amount_due_changes_on_a_saved_card_only(provider):
    with pytest.raises(services.AmountFixed):
        services.change_amount_due(order_reference="CAB-unheard-of", amount=Decimal(9))
    authorised(provider)
    with pytest.raises(services.AmountFixed):
        services.change_amount_due(order_reference="CAB-1", amount=Decimal(9))
    saved(provider, "CAB-2")
    services.release(order_reference="CAB-2")
    with pytest.raises(services.PaymentClosed):
        services.change_amount_due(order_reference="CAB-2", amount=Decimal(9))
