"""Texts with the order's facts: unknown names refused, gaps shown, shipped ones good."""

from decimal import Decimal

import pytest
from django.contrib.admin import site
from django.core.exceptions import ValidationError
from django.urls import reverse

from crm.desk import queries, services
from crm.desk.models import ReplyText
from crm.desk.text_rules import PLACEHOLDERS, filled, gaps, unknown_placeholders
from tests.config.test_staff import place_order
from tests.crm.desk.talking import agent, written
from tests.factories import CustomerFactory, SlotFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("body", "unknown"),
    [
        ("{prenom}, votre {État}", []),
        ("{nom}", ["nom"]),
        ("{prenom} {date} {heure}", ["date", "heure"]),
        ("{ prenom }", [" prenom "]),
        ("{}", [""]),
        ("une accolade { seule", ["{"]),
        ("et } une autre", ["}"]),
        ("{prenom.__class__}", ["prenom.__class__"]),
    ],
)
def test_names_that_nothing_fills_in_are_told(body, unknown):
    assert unknown_placeholders(body) == unknown
    if unknown:
        with pytest.raises(ValidationError):
            ReplyText(key="t", title="T", body=body).full_clean()


def test_what_is_known_is_said_and_what_is_not_is_a_gap():
    text = filled("{prenom}, le {creneau}.", {"prénom": "Élodie", "créneau": ""})

    assert text == "Élodie, le ⟦créneau⟧."
    assert gaps(text) == ["créneau"]
    assert gaps("Bonjour {prenom} {inconnu}") == ["prénom"]


def test_facts_are_those_of_the_order():
    order = place_order(SlotFactory(), Decimal("42.50"))
    received = written(order_reference=order.reference, customer_id=order.customer_id)

    facts = queries.facts_for(received, queries.order_facts(order.reference), agent="Camille")

    assert set(facts) == set(PLACEHOLDERS)
    assert facts["référence"] == order.reference
    assert facts["état"] == "confirmée"
    assert facts["total"].startswith("42,50")
    assert facts["remboursé"] == ""
    assert facts["prénom"] == "Élodie"
    assert facts["suivi"].endswith(f"/suivi/{order.tracking_token}/")


def test_strangers_typed_name_is_not_taken_for_a_first_name():
    received = written(name="Service Client Officiel")

    assert queries.facts_for(received, None, agent="Camille")["prénom"] == ""


def test_unknown_name_is_refused_at_saving_with_its_name(rf):
    request = rf.get("/")
    request.user = agent()
    form_of = site._registry[ReplyText].get_form(request)

    form = form_of({"title": "T", "key": "t", "body": "Bonjour {prenon}", "position": 1})

    assert "prenon" in str(form.errors["body"])


def test_agent_writes_a_text_with_its_spelling_checked(client):
    client.force_login(agent())

    page = client.get(reverse("admin:desk_replytext_add")).content.decode()
    client.post(
        reverse("admin:desk_replytext_add"),
        {"title": "Merci", "key": "merci", "body": "Merci {prenom}.", "position": 1},
    )

    assert 'lang="fr"' in page and "{créneau}" in page
    assert ReplyText.objects.get().body == "Merci {prenom}."


def test_shipped_texts_ask_for_what_is_known_and_are_well_written():
    texts = services.shipped_reply_texts()

    assert len(texts) == 8
    for title, body in texts:
        assert unknown_placeholders(body) == [], title
        assert body.endswith("{agent}, pour Cabas"), title
        assert not any(wrong in body for wrong in (" :", " ;", " !", " ?", "« ", " »", "'")), title


def test_shipped_texts_are_seeded_once_and_edited_ones_are_left_alone():
    assert services.seed_reply_texts() == 8
    ReplyText.objects.filter(position=10).update(body="Le nôtre.", is_active=False)

    assert services.seed_reply_texts() == 0

    assert ReplyText.objects.get(position=10).body == "Le nôtre."
    assert queries.reply_texts().count() == 7


def test_text_that_is_filled_from_a_whole_order_has_no_gap():
    services.seed_reply_texts()
    customer = CustomerFactory()
    order = place_order(SlotFactory(), Decimal("42.50"))
    received = written(order_reference=order.reference, customer_id=customer.pk)
    facts = queries.facts_for(received, queries.order_facts(order.reference), agent="Camille")

    left = {text.title: gaps(filled(text.body, facts)) for text in ReplyText.objects.all()}

    assert left["Votre commande est en route"] == []
    assert left["Article manquant, remboursé"] == ["remboursé"]
