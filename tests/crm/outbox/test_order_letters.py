"""Letters about one order: once for each fact, and true to what happened."""

from decimal import Decimal

import pytest
from django.db import transaction

from config.facts import deliver_all, publish
from crm.outbox import handlers
from crm.outbox.letters import render
from crm.outbox.models import Message
from shop.orders.events import OrderPaymentNeeded
from shop.payments.events import LatePaymentVoided
from tests.crm.outbox.support import PICKUP, order_context, packed_context, shortage_context

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def an_order(monkeypatch):
    monkeypatch.setattr(handlers, "letter_context", lambda reference: order_context(reference=reference))
    monkeypatch.setattr(handlers, "order_status", lambda reference: "cancelled")


def happen(*facts):
    for fact in facts:
        with transaction.atomic():
            publish(fact)
    deliver_all()


def asked():
    return OrderPaymentNeeded(order_reference="CAB-1", customer_id=1)


def voided(key="op-1", cents=8000):
    return LatePaymentVoided(order_reference="CAB-1", operation_key=key, amount_cents=cents)


def test_each_refusal_of_a_card_is_told():
    happen(asked())
    happen(asked())

    letters = Message.objects.filter(purpose="payment_needed")
    assert letters.count() == 2
    assert len(set(letters.values_list("occasion", flat=True))) == 2


def test_one_refusal_delivered_twice_is_told_once():
    happen(asked())
    from django_domain_events.models.delivery_record import DeliveryRecord

    DeliveryRecord.objects.filter(receiver_key="outbox.payment_needed").update(status="pending")
    deliver_all()

    assert Message.objects.filter(purpose="payment_needed").count() == 1
    assert not DeliveryRecord.objects.exclude(status="succeeded").exists()


def test_each_late_payment_is_told_once():
    happen(voided("op-1"), voided("op-2"), voided("op-2"))

    assert set(Message.objects.values_list("purpose", "occasion")) == {
        ("payment_voided", "op-1"),
        ("payment_voided", "op-2"),
    }


def test_the_amount_is_that_of_the_payment_not_of_the_order():
    happen(voided(cents=4210))

    letter = Message.objects.get()
    assert "42,10" in letter.text
    assert "1 244,50" not in letter.text.replace("\u202f", " ").replace("\xa0", " ")


@pytest.mark.parametrize("amount", [0, 80])
@pytest.mark.parametrize(
    ("became", "said", "unsaid"),
    [
        ("cancelled", "après l’annulation de la commande CAB-1", "expiration"),
        ("abandoned", "après l’expiration de la commande CAB-1", "annulation"),
        ("placed", "La commande reste confirmée", "expiration"),
        ("awaiting_payment", "La commande attend encore son paiement", "expiration"),
    ],
)
def test_the_letter_says_what_became_of_the_order(became, said, unsaid, amount):
    letter = render("payment_voided", order_context(reference="CAB-1", became=became, amount=amount))

    for body in (letter.text, letter.html):
        assert said in body
        assert unsaid not in body
        assert ("80,00" in body) == bool(amount)
        assert ("carte a été enregistrée" in body) == (not amount)
        assert "variable indéfinie" not in body
    assert "\n\n\n\n" not in letter.text


def test_only_an_order_that_fell_through_sends_back_to_the_basket():
    links = {
        became: "/panier/" in render("payment_voided", order_context(became=became, amount=1)).text
        for became in ("abandoned", "cancelled", "placed", "awaiting_payment")
    }

    assert links == {"abandoned": True, "cancelled": False, "placed": False, "awaiting_payment": False}


def test_the_confirmation_says_what_is_done_when_an_article_is_missing():
    letter = render("order_confirmation", order_context())

    for body in (letter.text, letter.html):
        assert "Si un article manque\u202f: me demander." in body
        assert "Pommes Gala\u202f: ne pas le livrer, ne pas le payer" in body
        assert "Comté AOP 12 mois\u202f:" not in body


def test_the_receipt_of_an_order_to_fetch_promises_no_van():
    fetched, brought = (render("order_packed", packed_context(**more)) for more in (PICKUP, {}))

    for body in (fetched.text, fetched.html):
        assert "Elle vous attend à Cabas Bastille" in body and "gratuit" in body
        assert "Nous arrivons" not in body and "Livraison" not in body
    assert "Nous arrivons" in brought.text and "Elle vous attend" not in brought.text


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ({"for_want_of_article": "Brie"}, "Brie manquait"),
        ({"nothing_left": True}, "aucun article"),
        ({"for_want_of_payment": True}, "paiement"),
        ({}, "comme vous l’avez demandé"),
    ],
)
def test_a_cancelled_order_says_why(why, said):
    letter = render("order_cancelled", order_context(**why))
    reasons = ["manquait", "aucun article", "n’a pas pu être autorisé", "comme vous l’avez demandé"]

    for body in (letter.text, letter.html):
        assert said in body
        assert sum(reason in body for reason in reasons) == 1


@pytest.mark.parametrize("taken", [Decimal(5), Decimal(0)])
def test_a_cancelled_order_says_that_its_voucher_comes_back(taken):
    letter = render("order_cancelled", order_context(voucher_discount=taken, voucher_label="Bon de 5,00 €"))

    for body in (letter.text, letter.html):
        assert ("Bon de 5,00 €\u202f: il vous revient" in body) == bool(taken)


@pytest.mark.parametrize("newcomer", [True, False])
def test_the_question_says_what_newcomers_are_promised(newcomer):
    letter = render("shortage_told", shortage_context(is_newcomer=newcomer))

    assert ("rien n’est remplacé sans votre accord" in letter.text) == newcomer
    assert ("rien n’est remplacé sans votre accord" in letter.html) == newcomer
