"""One search for whoever calls, and one page for all that is known of them; no address holds who they are."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.desk import queries, services
from delivery.promise.models import Outcome
from delivery.promise.services import decide, seed_rules
from shop.orders.models import Order
from tests.config.test_staff import place_order
from tests.crm.desk.talking import agent, desk_of, key, noted_in, written
from tests.factories import AddressFactory, CustomerFactory, SlotFactory, UserFactory, ZoneFactory
from tests.loyalty.vouchers.granting import granted

pytestmark = pytest.mark.django_db
SEARCH = "/admin/desk/conversation/recherche/"


@pytest.fixture
def me(client):
    user = agent()
    client.force_login(user)
    return user


@pytest.fixture
def elodie():
    return CustomerFactory(
        first_name="Élodie", last_name="Le Goff", phone="0612345678", email="elodie@exemple.fr"
    )


def ordered(customer, reference):
    order = place_order(SlotFactory(), Decimal("42.50"))
    Order.objects.filter(pk=order.pk).update(customer=customer, reference=reference)
    order.customer.delete()
    return Order.objects.get(pk=order.pk)


@pytest.mark.parametrize(
    "words",
    ["06 12 34 56 78", "+33 6 12 34 56 78", "0033612345678", "06.12.34.56.78", "ELODIE@exemple.fr", " elodie@exemple.fr ",
     "elodie", "ÉLODIE", "Le Goff", "goff le", "le goff élodie", "cb 2f7k 9abc", "2F7K9ABC", "CB-2F7K-9ABC"],
)  # fmt: skip
def test_whoever_calls_is_found_by_whatever_they_say(elodie, words):
    CustomerFactory(first_name="Marc", last_name="Petit", phone="0699999999", email="marc@exemple.fr")
    ordered(elodie, "CB-2F7K-9ABC")

    found = queries.find(words)

    assert found.customers == [elodie]
    assert found.only_customer == elodie


def test_conversation_is_found_by_its_number_and_by_a_strangers_address():
    received = written(email="inconnue@exemple.fr")

    assert queries.find(str(received.pk)).conversations == [received]
    assert queries.find(f"n°{received.pk}").conversations == [received]
    assert queries.find("inconnue@exemple.fr").conversations == [received]


def test_merged_guest_is_found_as_whom_they_became(elodie):
    guest = CustomerFactory(guest=True, phone="0600000009", merged_into=elodie)
    ordered(guest, "CB-2F7K-9ABC")

    assert queries.find("0600000009").customers == [elodie]
    assert queries.find("CB-2F7K-9ABC").customers == [elodie]


@pytest.mark.parametrize(
    "words", ["", "   ", "\x00", "zzzz", "%", "_", "06", "CB-ZZZZ-ZZZZ", "a" * 120, "'; DROP"]
)
def test_nobody_is_found_for_nothing(elodie, words):
    assert queries.find(words).is_empty


def test_who_was_searched_is_in_no_address(client, me, elodie):
    CustomerFactory(first_name="Élodie", last_name="Martin")

    answer = client.post(SEARCH, {"words": "élodie"})
    page = client.get(answer.url)

    assert answer.url == SEARCH
    assert "Le Goff" in desk_of(page) and "Martin" in desk_of(page)


def test_one_answer_opens_its_page(client, me, elodie):
    answer = client.post(SEARCH, {"words": "06 12 34 56 78"})

    assert answer.url == reverse("admin:desk_customer", args=[elodie.pk])


def test_empty_search_finds_nobody_and_says_what_may_be_typed(client, me, elodie):
    client.post(SEARCH, {"words": ""})

    assert "Un nom, un téléphone" in client.get(SEARCH).content.decode()


def furnish(customer, number, by):
    for n in range(number):
        order = ordered(customer, f"CB-{key()[:8].upper()}")
        conversation = written(customer_id=customer.pk, order_reference=order.reference)
        noted_in(conversation, by, "phone", f"Appel {n}.")
        services.ask_callback(
            occasion=key(), reason="late", order_reference=order.reference, customer_id=customer.pk
        )
        granted(owner_id=customer.pk)
        AddressFactory(customer=customer)


def test_page_shows_orders_words_calls_and_vouchers_merged_guests_included(client, me, elodie):
    guest = CustomerFactory(guest=True, merged_into=elodie)
    order = ordered(guest, "CB-2F7K-9ABC")
    furnish(elodie, 1, me)
    unproven = written(email="elodie@exemple.fr", subject="refund")

    page = client.get(reverse("admin:desk_customer", args=[guest.pk]), follow=True)
    body = desk_of(page)

    assert page.redirect_chain[0][0] == reverse("admin:desk_customer", args=[elodie.pk])
    for said in (order.reference, "Appel 0.", "livraison en retard", "Bon de", "06\u00a012", "42,50"):
        assert said in body, said
    assert "adresse à vérifier" in body and f"n°\u00a0{unproven.pk}" in body


def test_page_tells_what_was_promised_and_not_given_and_what_made_up_for_it(client, me, elodie):
    seed_rules()
    ends = timezone.now() - timedelta(hours=2)
    Outcome.objects.create(
        order_reference="CB-2F7K-9ABC", customer=elodie, zone=ZoneFactory(), rank=1, units_ordered=9, units_missing=3, fee_cents=590,
        slot_starts_at=ends - timedelta(hours=1), slot_ends_at=ends, ready_at=ends - timedelta(hours=3),
        arrived_at=ends + timedelta(minutes=42),
    )  # fmt: skip
    decide(order_reference="CB-2F7K-9ABC")

    body = desk_of(client.get(reverse("admin:desk_customer", args=[elodie.pk])))

    for said in ("42 minutes de retard", "3 articles manquants", "livraison remboursée (5,90", "plus de 30"):
        assert said in body


def test_page_does_not_grow_with_what_is_known(client, me, elodie):
    address = reverse("admin:desk_customer", args=[elodie.pk])
    furnish(elodie, 2, me)
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    furnish(elodie, 4, me)
    with CaptureQueriesContext(connection) as many:
        client.get(address)

    assert len(many) == len(few)


def test_page_of_nobody_is_not_found(client, me):
    assert client.get(reverse("admin:desk_customer", args=[987654])).status_code == 404


def test_whoever_may_not_know_customers_searches_none(client, elodie):
    from tests.crm.desk.test_agents_pages import permissions

    user = UserFactory(staff=True)
    user.user_permissions.set(permissions("view_conversation"))
    client.force_login(user)

    for method in (client.get, client.post):
        assert method(SEARCH, {"words": "élodie"}).status_code == 403
    assert client.get(reverse("admin:desk_customer", args=[elodie.pk])).status_code == 403
