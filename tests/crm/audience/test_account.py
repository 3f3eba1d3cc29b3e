from datetime import date

import html5lib
import pytest
from django.urls import reverse

from shop.customers.models import Address, Consent
from shop.customers.wording import LETTERS_QUESTION
from tests.factories import AddressFactory, CustomerFactory

pytestmark = pytest.mark.django_db

PAGES = [
    "account",
    "account_details",
    "account_addresses",
    "account_address_new",
    "account_shortages",
    "account_consents",
    "account_security",
]
ADDRESS = {"line1": "12 rue des Lilas", "postcode": "75011", "city": "Paris"}
ROGUE = "<script>alert(1)</script> O’Brien & fils"


@pytest.fixture
def customer():
    return CustomerFactory()


@pytest.fixture
def signed_in(client, customer):
    client.force_login(customer.user)
    return client


def text_of(response):
    body = response.content.decode()
    assert "variable indéfinie" not in body
    assert html5lib.parse(body) is not None
    return body


@pytest.mark.parametrize("name", PAGES)
def test_a_stranger_is_asked_to_sign_in(client, name):
    response = client.get(reverse(name))

    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_and_is_kept_out_of_caches_and_search_engines(signed_in, name):
    response = signed_in.get(reverse(name))

    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert "noindex" in text_of(response)
    assert "style=" not in text_of(response)


def test_the_account_costs_few_queries(signed_in, django_assert_max_num_queries):
    with django_assert_max_num_queries(10):
        signed_in.get(reverse("account"))


def test_addresses_cost_the_same_whatever_their_number(signed_in, customer, django_assert_num_queries):
    AddressFactory.create_batch(2, customer=customer)
    signed_in.get(reverse("account_addresses"))
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(
        connection,
    ) as few:
        signed_in.get(reverse("account_addresses"))
    AddressFactory.create_batch(10, customer=customer)

    with django_assert_num_queries(len(few)):
        signed_in.get(reverse("account_addresses"))


# --- details -------------------------------------------------------------------------------------


def details(**changes):
    return {"first_name": "Élodie", "last_name": "Martin", "phone": "", "birth_on": ""} | changes


def test_details_are_kept_in_one_form(signed_in, customer):
    response = signed_in.post(
        reverse("account_details"), details(phone="+33 (0)6 12 34 56 78", birth_on="1990-02-28")
    )

    assert response["Location"] == reverse("account")
    customer.refresh_from_db()
    assert (customer.phone, customer.birth_on) == ("0612345678", date(1990, 2, 28))


@pytest.mark.parametrize(
    "wrong",
    [
        {"phone": "12345"}, {"phone": "+44 20 7946 0958"}, {"phone": "٠٦١٢٣٤٥٦٧٨"}, {"phone": "0" * 10_000},
        {"birth_on": "2190-01-01"}, {"birth_on": "1801-01-01"}, {"birth_on": "31/02/1990"}, {"birth_on": "demain"},
        {"first_name": ""}, {"first_name": "x" * 10_000}, {"first_name": "\x00"}, {"first_name": "   "},
    ],
)  # fmt: skip
def test_wrong_details_are_told_and_change_nothing(signed_in, customer, wrong):
    response = signed_in.post(reverse("account_details"), details(**wrong))

    assert response.status_code == 200
    assert "data-error-summary" in text_of(response)
    customer.refresh_from_db()
    assert (customer.first_name, customer.last_name, customer.birth_on) == ("Élodie", "Martin", None)


def test_a_name_is_text_whatever_it_holds(signed_in, customer):
    signed_in.post(reverse("account_details"), details(first_name=ROGUE, last_name="🥕 Zoé\u202e"))

    customer.refresh_from_db()
    assert (customer.first_name, customer.last_name) == (ROGUE, "🥕 Zoé")
    body = text_of(signed_in.get(reverse("account")))
    assert "<script>alert" not in body
    assert "&lt;script&gt;alert(1)&lt;/script&gt; O’Brien &amp; fils" in body


# --- addresses -----------------------------------------------------------------------------------


def test_the_first_address_is_the_usual_one(signed_in, customer):
    signed_in.post(reverse("account_address_new"), ADDRESS)

    address = Address.objects.get(customer=customer)
    assert address.is_default
    assert address.city == "Paris"


def test_another_usual_address_replaces_the_first(signed_in, customer):
    first = AddressFactory(customer=customer, is_default=True)

    signed_in.post(
        reverse("account_address_new"), ADDRESS | {"is_default": "on", "floor": "3", "door_code": "12A45"}
    )

    first.refresh_from_db()
    assert not first.is_default
    assert Address.objects.get(customer=customer, is_default=True).floor == "3"


def test_an_address_is_changed(signed_in, customer):
    address = AddressFactory(customer=customer, is_default=True)

    signed_in.post(
        reverse("account_address", args=[address.pk]), ADDRESS | {"instructions": "Sonner deux fois"}
    )

    address.refresh_from_db()
    assert address.instructions == "Sonner deux fois"
    assert address.is_default


def test_removing_the_usual_address_names_another(signed_in, customer):
    usual = AddressFactory(customer=customer, is_default=True)
    other = AddressFactory(customer=customer)

    signed_in.post(reverse("account_address_remove", args=[usual.pk]))

    assert list(Address.objects.filter(customer=customer).values_list("pk", "is_default")) == [
        (other.pk, True)
    ]


@pytest.mark.parametrize(
    ("name", "method"),
    [("account_address", "get"), ("account_address", "post"), ("account_address_remove", "post")],
)
def test_another_customers_address_does_not_exist(signed_in, name, method):
    other = AddressFactory(label="chez un autre")

    response = getattr(signed_in, method)(reverse(name, args=[other.pk]), ADDRESS)

    assert response.status_code == 404
    other.refresh_from_db()
    assert other.label == "chez un autre"


def test_an_address_is_removed_by_post_only(signed_in, customer):
    address = AddressFactory(customer=customer)

    assert signed_in.get(reverse("account_address_remove", args=[address.pk])).status_code == 405

    assert Address.objects.filter(pk=address.pk).exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"postcode": "7501"},
        {"postcode": "٧٥٠١١"},
        {"postcode": "75011'--"},
        {"line1": ""},
        {"city": "x" * 10_000},
        {"line1": "\x00"},
    ],
)
def test_a_wrong_address_is_told_and_not_kept(signed_in, wrong):
    response = signed_in.post(reverse("account_address_new"), ADDRESS | wrong)

    assert response.status_code == 200
    assert "data-error-summary" in text_of(response)
    assert not Address.objects.exists()


def test_twenty_addresses_are_enough(signed_in, customer):
    AddressFactory.create_batch(20, customer=customer)

    response = signed_in.post(reverse("account_address_new"), ADDRESS)

    assert "Vingt adresses au plus" in text_of(response)
    assert Address.objects.count() == 20


def test_what_an_address_holds_is_escaped(signed_in, customer):
    AddressFactory(customer=customer, label=ROGUE, instructions=ROGUE, floor=ROGUE[:20])

    assert "<script>alert" not in text_of(signed_in.get(reverse("account_addresses")))


# --- when an article is missing ------------------------------------------------------------------


def test_what_to_do_when_an_article_is_missing_is_chosen_once_for_all(signed_in, customer):
    before = text_of(signed_in.get(reverse("account_shortages")))
    answer = signed_in.post(reverse("account_shortages"), {"shortage": "later"}, follow=True)

    customer.refresh_from_db()
    assert customer.shortage_choice == "later"
    assert 'value="ask"' in before and "enregistré pour vos prochaines commandes" in text_of(answer)


@pytest.mark.parametrize("forged", ["cancel", "rien", "<script>rien"])
def test_a_forged_choice_changes_nothing(signed_in, customer, forged):
    answer = signed_in.post(reverse("account_shortages"), {"shortage": forged})

    customer.refresh_from_db()
    assert answer.status_code == 200 and customer.shortage_choice == "ask"
    assert "choix valide" in text_of(answer) and "<script>rien" not in text_of(answer)


# --- consent -------------------------------------------------------------------------------------


def test_the_question_is_unticked_until_answered(signed_in):
    body = text_of(signed_in.get(reverse("account_consents")))

    assert "checked" not in body
    assert "dernière réponse" not in body


def test_each_change_of_mind_is_kept_with_its_proof(signed_in, customer):
    signed_in.post(reverse("account_consents"), {"letters": "on"})
    signed_in.post(reverse("account_consents"), {"letters": "on"})
    signed_in.post(reverse("account_consents"), {})

    answers = list(Consent.objects.order_by("pk"))
    assert [answer.is_granted for answer in answers] == [True, False]
    assert all(answer.customer == customer and answer.source == "compte" for answer in answers)
    assert answers[0].wording == LETTERS_QUESTION
    assert "dernière réponse" in text_of(signed_in.get(reverse("account_consents")))


def test_csrf_is_on(customer):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(customer.user)

    assert client.post(reverse("account_consents"), {"letters": "on"}).status_code == 403
    assert not Consent.objects.exists()
