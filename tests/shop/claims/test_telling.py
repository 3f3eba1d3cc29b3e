"""Whoever reported reads in a letter what their page said; what was left is taken up by itself."""

from unittest.mock import patch

import pytest

from config.facts import deliver_all
from crm.outbox.models import Message
from shop.claims import services, tasks
from shop.claims.models import Claim
from tests.factories import UserFactory
from tests.shop.claims.reporting import delivered_order, report
from tests.shop.orders.depot import settle

pytestmark = pytest.mark.django_db


def letters():
    return list(Message.objects.filter(purpose="claim_answered").order_by("pk"))


def test_an_answer_at_once_is_written_once(order):
    report(order, {"Comté": 2})

    for _twice in range(2):
        deliver_all()

    (letter,) = letters()
    assert letter.subject == f"Commande {order.reference} : Nous vous rendons 8,00 €"
    assert "2\u00a0× Comté" in letter.text and f"/suivi/{order.tracking_token}/soucis/" in letter.text


def test_whoever_waits_for_a_call_has_it_in_writing_and_then_the_answer(zone, soap):
    claim = report(delivered_order(zone, {soap: 6}), {"Lessive": 4})
    deliver_all()
    services.close_claim(
        claim_id=claim.pk, answer="called", by_id=UserFactory().pk, said="Le bidon était sous le siège."
    )
    deliver_all()

    promised, answered = letters()
    assert "Nous vous appelons avant" in promised.text
    assert "sous le siège" in answered.text and "appelons" not in answered.subject


def test_a_call_that_was_made_before_the_letter_left_is_not_announced(zone, soap):
    claim = report(delivered_order(zone, {soap: 6}), {"Lessive": 4})
    services.answer_with_refund(claim_id=claim.pk, by_id=UserFactory().pk)
    deliver_all()

    (letter,) = letters()
    assert "Nous vous rendons 36,00\u00a0€" in letter.text


def test_the_task_goes_on_with_the_next_where_one_fails(zone, comte, caplog):
    order = delivered_order(zone, {comte: 6}, is_paid=False)
    first, second = report(order, {"Comté": 1}), report(order, {"Comté": 1})
    settle()
    real = services.carry_on

    def fails_at_first(*, claim_id):
        if claim_id == first.pk:
            raise RuntimeError("Léa Martin")
        return real(claim_id=claim_id)

    with patch.object(tasks.services, "carry_on", fails_at_first):
        tasks.carry_on()
    deliver_all()

    states = dict(Claim.objects.values_list("pk", "state"))
    assert states == {first.pk: "received", second.pk: "answered"}
    assert f"claim {first.pk} not carried on: RuntimeError" in caplog.text and "Léa" not in caplog.text
    assert len(letters()) == 1
