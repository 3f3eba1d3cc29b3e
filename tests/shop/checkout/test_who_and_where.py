"""The first step of checkout: who orders, where it goes, what is remembered and for whom."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from delivery.slots.models import Hold
from shop.basket.models import Basket
from shop.checkout import services
from shop.checkout.models import CheckoutDraft
from shop.customers.models import Address, Consent, Customer
from shop.customers.services import attach_verified_guests, trust_email
from shop.customers.wording import LETTERS_QUESTION
from shop.orders.models import Order
from tests.factories import (
    AddressFactory,
    CustomerFactory,
    ProductFactory,
    UserFactory,
    ZoneFactory,
)
from tests.shop.checkout.conftest import RECIPIENT

pytestmark = pytest.mark.django_db


def test_what_is_typed_below_the_minimum_is_kept_and_orders_nothing(walk, slot):
    walk.fill(ProductFactory(), quantity=2).hold(slot)

    for _ in range(2):
        answer = walk.client.post(reverse("checkout"), RECIPIENT, follow=True)

        assert answer.redirect_chain[-1] == (reverse("basket"), 302)
        assert "Il manque" in answer.content.decode()
    assert CheckoutDraft.objects.get().line1 == RECIPIENT["line1"]
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("email", "lea@", "incomplète"),
        ("email", "", "confirmation y arrive"),
        ("email", "a@b.fr\nBcc: x@y.fr", "incomplète"),
        ("email", "a" * 10_000 + "@exemple.fr", "254"),
        ("first_name", "", "Indiquez votre prénom"),
        ("phone", "12", "pas complet"),
        ("phone", "٠٦١٢٣٤٥٦٧٨", "pas complet"),
        ("postcode", "7501", "cinq chiffres"),
        ("postcode", "20000", "ne livrons pas encore"),
        ("line1", "x" * 500, "120"),
        ("city", "\x00", "Null"),
    ],
)
def test_a_wrong_field_is_explained_and_nothing_is_lost(walk, slot, field, typed, said):
    walk.fill(ProductFactory())

    answer = walk.say_who(**{field: typed})

    text = walk.told(answer)
    assert answer.headers["Location"] == reverse("checkout")
    assert said in text or field == "city"
    assert "12 rue des Lilas" in text or field == "line1"
    assert not CheckoutDraft.objects.exists() and not Order.objects.exists()


def test_a_name_is_shown_as_typed_and_escaped(walk, slot):
    walk.fill(ProductFactory()).hold(slot).say_who(first_name="<script>alert(1)</script>")

    text = walk.recap().content.decode()

    assert "<script>alert(1)" not in text and "&lt;script&gt;" in text


def test_alcohol_asks_for_a_date_of_birth_and_refuses_minors(walk, slot):
    walk.fill(ProductFactory(alcohol=True)).hold(slot).say_who()
    page = walk.recap().content.decode()
    young = timezone.localdate() - timedelta(days=365 * 17)

    missing = walk.told(walk.order())
    minor = walk.told(walk.order(birth_on=f"{young:%d/%m/%Y}"))
    nonsense = walk.told(walk.order(birth_on="31/02/1990"))
    walk.order(birth_on="31/12/1980")

    assert "abus d’alcool" in page
    assert "Indiquez votre date de naissance" in missing
    assert "interdite aux moins de 18" in minor
    assert "Écrivez la date ainsi" in nonsense and "31/02/1990" in nonsense
    assert Order.objects.get().requires_age_check


def test_letters_are_off_unless_ticked_and_the_proof_is_kept(ready):
    page = ready.recap().content.decode()

    ready.order(letters="on")

    assert 'name="letters" id="id_letters"' in page and "checked" not in page.split('name="letters"')[1][:60]
    consent = Consent.objects.get()
    assert consent.is_granted and consent.wording == LETTERS_QUESTION and consent.source == "checkout"
    assert str(LETTERS_QUESTION) in page


def test_without_a_tick_there_is_no_consent(ready):
    ready.order()

    assert not Consent.objects.exists()


def test_two_tabs_that_say_who_keep_one_draft_the_last_word(walk):
    walk.fill(ProductFactory())
    basket = Basket.objects.get()
    read_by_both = [CheckoutDraft(basket=basket, first_name=name) for name in ("Léa", "Luc")]

    for draft in read_by_both:
        services.keep_draft(draft=draft)

    assert CheckoutDraft.objects.get().first_name == "Luc"


def test_an_address_that_could_not_be_kept_lets_no_slot_go(walk, slot, monkeypatch):
    lyon = ZoneFactory(slug="lyon", prefixes=["69"])
    walk.fill(ProductFactory()).hold(slot)
    walk.say_who()

    def fails(**_wanted):
        raise RuntimeError

    monkeypatch.setattr(services, "keep_draft", fails)
    with pytest.raises(RuntimeError):
        walk.say_who(postcode="69003", city=lyon.name)

    assert Hold.objects.live().get().slot == slot
    assert CheckoutDraft.objects.get().postcode == "75011"


def test_a_customer_finds_remembered_details_and_addresses(walk, slot, client):
    customer = CustomerFactory(first_name="Élodie")
    AddressFactory(customer=customer, line1="1 rue Neuve", is_default=True)
    other = AddressFactory(customer=customer, line1="9 place Vieille")
    client.force_login(customer.user)
    walk.fill(ProductFactory())

    page = client.get(reverse("checkout")).content.decode()
    client.post(reverse("checkout_address"), {"address": other.pk})
    chosen = client.get(reverse("checkout")).content.decode()

    assert 'value="1 rue Neuve"' in page and 'value="Élodie"' in page and "9 place Vieille" in page
    assert 'value="9 place Vieille"' in chosen


def test_a_guests_last_address_is_proposed_once_the_email_is_proven(ready, client):
    ready.come_back(ready.pay(ready.order()))
    user = UserFactory(email="lea@exemple.fr")
    trust_email(user)
    attach_verified_guests(user)
    client.force_login(user)
    ready.fill(ProductFactory())

    page = client.get(reverse("checkout")).content.decode()

    assert 'value="12 rue des Lilas"' in page and 'value="A12"' in page and 'value="Léa"' in page


def test_the_address_of_a_stranger_with_the_same_email_is_not_proposed(ready, client):
    ready.come_back(ready.pay(ready.order()))
    client.force_login(CustomerFactory(user__email="lea@exemple.fr").user)
    ready.fill(ProductFactory())

    page = client.get(reverse("checkout")).content.decode()

    assert 'name="line1"' in page and "12 rue des Lilas" not in page


def test_the_address_of_the_confirmation_is_shown_to_the_buyer_alone(ready):
    placed = ready.come_back(ready.pay(ready.order()))

    address = placed.headers["Location"]
    own = ready.client.get(address).content.decode()
    passed_on = Client().get(address).content.decode()

    assert "Un e-mail de confirmation part à lea@exemple.fr." in own
    assert "lea@exemple.fr" not in passed_on and "Un e-mail de confirmation part" in passed_on


def test_another_customers_address_cannot_be_chosen(walk, slot, client):
    client.force_login(CustomerFactory().user)
    foreign = AddressFactory()
    walk.fill(ProductFactory())

    answer = client.post(reverse("checkout_address"), {"address": foreign.pk})

    assert answer.status_code == 404


def test_a_customers_order_goes_to_their_verified_address(walk, slot, client):
    customer = CustomerFactory()
    client.force_login(customer.user)
    walk.fill(ProductFactory()).hold(slot).say_who(email="autre@exemple.fr")

    walk.order()

    order = Order.objects.get()
    assert order.customer == customer and order.email == customer.email
    assert Address.objects.get(customer=customer).line1 == RECIPIENT["line1"]


def test_a_guest_with_a_known_address_stays_a_guest(ready):
    known = CustomerFactory(user__email="lea@exemple.fr")

    ready.order()

    assert Order.objects.get().customer != known
    assert Customer.objects.filter(email="lea@exemple.fr").count() == 2


def test_a_date_of_birth_is_kept_with_whom_it_is_about(walk, slot):
    walk.fill(ProductFactory(alcohol=True)).hold(slot).say_who()

    walk.order(birth_on="31/12/1980")

    assert f"{Order.objects.get().customer.birth_on:%d/%m/%Y}" == "31/12/1980"
