"""Which card paid: the same is seen to be the same, and nobody reads which."""

from datetime import timedelta

import pytest
from django.utils import timezone

from config.celery import app
from shop.payments import services
from shop.payments.models import PaymentOperation
from shop.payments.queries import cards_used
from shop.payments.services import cards
from tests.shop.payments.conftest import again, open_page, prepare

pytestmark = pytest.mark.django_db


def paid(provider, reference, fingerprint, **how):
    operation = prepare(reference, **how)
    open_page(operation)
    provider.pay(again(operation).session_id, fingerprint=fingerprint)
    services.refresh(key=operation.key)
    return again(operation)


@pytest.mark.parametrize("days", [4, 12])
def test_one_card_has_one_digest_whatever_it_pays_now_or_later(provider, days):
    first = paid(provider, "CAB-1", "Xt5EWLLDS7FJjR1c", days=days)
    second = paid(provider, "CAB-2", "Xt5EWLLDS7FJjR1c", days=4)
    other = paid(provider, "CAB-3", "Abc", days=4)

    assert first.card_digest == second.card_digest != other.card_digest
    assert cards_used(["CAB-1", "CAB-2"]) == {first.card_digest}
    assert "Xt5EWLLDS7FJjR1c" not in str(PaymentOperation.objects.values())


def test_a_card_that_was_refused_is_not_the_one_that_paid(provider):
    operation = prepare("CAB-1")
    open_page(operation)
    provider.pay(again(operation).session_id, refusal="card_declined", fingerprint="Abc")
    services.refresh(key=operation.key)

    assert again(operation).card_digest == "" and cards_used(["CAB-1"]) == frozenset()


def aged(operation, days):
    PaymentOperation.objects.filter(pk=operation.pk).update(created_at=timezone.now() - timedelta(days=days))


def test_after_thirteen_months_nobody_knows_whose_card_it_was_and_the_payment_stays(provider, monkeypatch):
    monkeypatch.setattr(cards, "BATCH", 2)
    old = [paid(provider, f"CAB-{number}", "Abc") for number in range(3)]
    recent = paid(provider, "CAB-9", "Def")
    for one in old:
        aged(one, 396)
    aged(recent, 394)

    assert services.forget_digests(now=timezone.now()) == 3

    assert {again(one).card_digest for one in old} == {""} and again(recent).card_digest
    assert {again(one).state for one in old} == {"succeeded"}
    assert services.forget_digests(now=timezone.now()) == 0


def test_a_card_of_more_than_thirteen_months_is_compared_no_more_even_before_the_night(provider):
    operation = paid(provider, "CAB-1", "Abc")
    aged(operation, 396)

    assert cards_used(["CAB-1"]) == frozenset()


def test_digests_are_forgotten_each_night(provider):
    operation = paid(provider, "CAB-1", "Abc")
    aged(operation, 396)
    app.autodiscover_tasks(force=True)

    app.tasks[app.conf.beat_schedule["payments-forget"]["task"]]()

    assert again(operation).card_digest == ""
