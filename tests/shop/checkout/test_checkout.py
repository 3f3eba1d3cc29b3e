"""From basket to a firm order over plain HTTP, without JavaScript."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.facts import deliver_all
from crm.desk.models import LegalPage
from delivery.slots.models import Hold
from shop.basket.models import Basket, BasketLine
from shop.catalogue.models import Product
from shop.checkout import services
from shop.checkout.models import CheckoutDraft
from shop.customers.models import Address, Consent, Customer
from shop.customers.services import attach_verified_guests, trust_email
from shop.customers.wording import LETTERS_QUESTION
from shop.orders.models import Order
from shop.orders.tasks import expire_unpaid
from shop.payments.models import PaymentOperation
from shop.stock.models import StockItem
from tests.factories import (
    AddressFactory,
    CustomerFactory,
    ProductFactory,
    SlotFactory,
    UserFactory,
    ZoneFactory,
)
from tests.shop.checkout.conftest import RECIPIENT, total_seen

pytestmark = pytest.mark.django_db


def test_a_guest_orders_and_follows_the_order(ready, slot):
    paid = ready.pay(ready.order())
    placed = ready.come_back(paid)
    page = ready.client.get(placed.headers["Location"])

    order = Order.objects.get()
    assert order.status == Order.Status.PLACED
    assert "Merci Léa" in page.content.decode() and order.reference in page.content.decode()
    assert StockItem.objects.get().available == 80
    slot.refresh_from_db()
    assert slot.booked == 1
    assert Hold.objects.get().state == Hold.State.BOOKED
    assert not Basket.objects.get().is_open


def test_the_order_freezes_what_was_sold(ready):
    ready.pay(ready.order())
    order, line = Order.objects.get(), Order.objects.get().lines.get()

    Product.objects.update(name="Autre nom", price=Decimal("9.99"))
    line.refresh_from_db()

    assert (line.name, line.unit_price, line.total) == ("Comté", Decimal("2.50"), Decimal("50.00"))
    assert line.unit_cost == Decimal("1.5")
    assert order.total == Decimal("55.90")
    assert {t.rate: t.vat for t in order.vat_totals.all()} == {
        Decimal("5.5"): Decimal("2.61"),
        Decimal("20.0"): Decimal("0.98"),
    }
    assert order.customer.user is None
    assert order.phone == "0612345678"


def test_the_confirmation_letter_is_queued_once(ready):
    from crm.outbox.models import Message

    ready.come_back(ready.pay(ready.order()))
    deliver_all()
    deliver_all()

    assert Message.objects.filter(purpose="order_confirmation").count() == 1


def test_an_empty_basket_does_not_reach_checkout(client, zone):
    for name in ("checkout", "checkout_slot", "checkout_recap"):
        answer = client.get(reverse(name), follow=True)

        assert "Votre panier est vide" in answer.content.decode()


@pytest.mark.parametrize("name", ["checkout", "checkout_slot", "checkout_recap"])
def test_below_the_minimum_no_step_opens_and_the_basket_says_what_is_missing(walk, slot, name):
    walk.fill(ProductFactory(), quantity=2).hold(slot)

    answer = walk.client.get(reverse(name), follow=True)

    assert answer.redirect_chain == [(reverse("basket"), 302)]
    assert "Il manque 35,00\u00a0€ pour atteindre le minimum de commande" in answer.content.decode()


def test_what_is_typed_below_the_minimum_is_kept_and_orders_nothing(walk, slot):
    walk.fill(ProductFactory(), quantity=2).hold(slot)

    for _ in range(2):
        answer = walk.client.post(reverse("checkout"), RECIPIENT, follow=True)

        assert answer.redirect_chain[-1] == (reverse("basket"), 302)
        assert "Il manque" in answer.content.decode()
    assert CheckoutDraft.objects.get().line1 == RECIPIENT["line1"]
    assert not Order.objects.exists()


def test_the_last_button_below_the_minimum_leads_back_to_the_basket(ready):
    seen = total_seen(ready.recap())
    BasketLine.objects.update(quantity=2)

    answer = ready.client.post(reverse("checkout_recap"), {"terms": "on", "seen_total": seen}, follow=True)

    assert "Il manque 35,00" in answer.content.decode()
    assert not Order.objects.exists() and not PaymentOperation.objects.exists()


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


def test_without_accepting_the_terms_nothing_is_ordered(ready):
    answer = ready.order(terms="")

    assert answer.headers["Location"] == reverse("checkout_recap")
    assert "Acceptez les conditions générales" in ready.told(answer)
    assert not Order.objects.exists()


def test_a_tampered_total_is_refused(ready):
    answer = ready.order(seen_total="0.01")

    assert answer.status_code == 302
    assert not Order.objects.exists() and not PaymentOperation.objects.exists()


def test_errors_are_shown_once_and_the_amount_is_todays(ready):
    refused = ready.order(terms="", letters="on", seen_total="abc")

    told = ready.told(refused)
    reloaded = ready.recap().content.decode()

    assert "Acceptez les conditions générales" in told and "Le total a changé" in told
    assert "checked" in told.split('name="letters"')[1][:80]
    assert 'name="seen_total" value="55.90"' in told
    assert "Acceptez les conditions générales" not in reloaded
    assert not Order.objects.exists()


def test_what_was_refused_on_one_step_is_not_shown_on_another(ready):
    ready.say_who(phone="12")

    assert "à corriger" not in ready.recap().content.decode()
    assert "pas complet" in ready.client.get(reverse("checkout")).content.decode()


@pytest.mark.parametrize("total", ["abc", "", "-5", "NaN", "1e999"])
def test_a_total_that_cannot_be_is_refused(ready, total):
    ready.order(seen_total=total)

    assert not Order.objects.exists()


def test_a_price_raised_behind_the_recap_is_shown_not_charged(ready):
    seen = total_seen(ready.recap())
    Product.objects.update(price=Decimal("3.00"))

    answer = ready.client.post(reverse("checkout_recap"), {"terms": "on", "seen_total": seen}, follow=True)

    assert "Des prix ont changé" in answer.content.decode()
    assert not Order.objects.exists()


def test_a_stock_gone_behind_the_recap_is_told_and_nothing_is_kept(ready, slot):
    seen = total_seen(ready.recap())
    StockItem.objects.update(available=3)

    ready.client.post(reverse("checkout_recap"), {"terms": "on", "seen_total": seen})

    assert not Order.objects.exists() and not PaymentOperation.objects.exists()
    assert StockItem.objects.get().available == 3
    assert Hold.objects.get().state == Hold.State.HELD


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


def test_a_step_of_a_basket_ordered_meanwhile_leads_to_the_basket(walk, slot, monkeypatch):
    walk.fill(ProductFactory()).hold(slot)
    basket = Basket.objects.get()
    keep = services.keep_draft

    def ordered_first(**wanted):
        Basket.objects.filter(pk=basket.pk).update(is_open=False)
        return keep(**wanted)

    monkeypatch.setattr(services, "keep_draft", ordered_first)

    answer = walk.say_who()

    assert answer.headers["Location"] == reverse("basket")
    assert not CheckoutDraft.objects.exists()


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


def test_while_a_payment_runs_nothing_of_another_address_is_kept(ready):
    ready.order()
    ZoneFactory(slug="lyon", prefixes=["69"])

    ready.say_who(postcode="69003", city="Lyon", first_name="Luc")

    draft = CheckoutDraft.objects.get()
    assert (draft.postcode, draft.first_name) == ("75011", "Léa")


def test_a_lapsed_slot_offers_others_inside_checkout(ready, slot):
    Hold.objects.update(expires_at=timezone.now() - timedelta(minutes=1))

    answer = ready.client.get(reverse("checkout_recap"), follow=True)

    assert answer.redirect_chain[-1][0] == reverse("checkout_slot")
    assert "n’est plus réservé" in answer.content.decode()
    assert "Réserver" in answer.content.decode()


def test_a_slot_of_another_zone_is_not_taken_for_this_address(walk, slot):
    ZoneFactory(slug="lyon", name="Lyon", prefixes=["69"])
    walk.fill(ProductFactory()).hold(slot)

    answer = walk.say_who(postcode="69003", city="Lyon")

    told = walk.client.get(answer.headers["Location"]).content.decode()
    assert answer.headers["Location"] == reverse("checkout_slot")
    assert (
        "n’est plus réservé, car il ne dessert pas le 69003" in told and "choisissez-en un pour Lyon" in told
    )
    assert walk.client.session["postcode"] == "69003"
    slot.refresh_from_db()
    assert slot.booked == 0


def test_while_a_payment_runs_the_address_stays_in_its_zone(ready, slot):
    ZoneFactory(slug="lyon", name="Lyon", prefixes=["69"])
    ready.order()

    answer = ready.say_who(postcode="69003", city="Lyon")

    assert "Un paiement est en cours" in ready.client.get(answer.headers["Location"]).content.decode()
    assert CheckoutDraft.objects.get().postcode == "75011"
    assert ready.client.session.get("postcode") != "69003"
    slot.refresh_from_db()
    assert slot.booked == 1


def test_a_refused_card_leaves_basket_and_slot(ready):
    answer = ready.order()

    refused = ready.pay(answer, card="refuse")

    assert refused.status_code == 422
    assert Order.objects.get().status == Order.Status.AWAITING_PAYMENT
    again = ready.pay(answer)
    ready.come_back(again)
    assert Order.objects.get().status == Order.Status.PLACED


def test_a_second_press_resumes_the_same_payment(ready):
    first = ready.order()
    second = ready.order()

    assert first.headers["Location"] == second.headers["Location"]
    assert Order.objects.count() == 1 and PaymentOperation.objects.count() == 1


def test_back_and_another_wish_makes_one_order_of_the_new_wish(ready):
    ready.order()
    ready.fill(ProductFactory(name="Beurre"), quantity=4)

    ready.come_back(ready.pay(ready.order()))

    assert sorted(Order.objects.values_list("status", flat=True)) == ["abandoned", "placed"]
    placed = Order.objects.get(status="placed")
    assert placed.lines.count() == 2
    assert {item.product.name: item.available for item in StockItem.objects.select_related("product")} == {
        "Comté": 80,
        "Beurre": 96,
    }


def test_giving_up_the_payment_frees_the_basket(ready, slot):
    ready.order()

    answer = ready.client.post(reverse("give_up_payment"), follow=True)

    assert "Le paiement est abandonné" in answer.content.decode()
    assert Order.objects.get().status == Order.Status.ABANDONED
    assert StockItem.objects.get().available == 100
    assert Hold.objects.get().state == Hold.State.HELD


def test_an_order_left_unpaid_gives_everything_back_after_half_an_hour(ready, slot):
    ready.order()

    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        expire_unpaid()

    assert Order.objects.get().status == Order.Status.ABANDONED
    assert StockItem.objects.get().available == 100
    assert Basket.objects.get().is_open


def test_an_order_paid_meanwhile_is_placed_instead_of_expired(ready):
    ready.pay(ready.order())

    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        expire_unpaid()

    assert Order.objects.get().status == Order.Status.PLACED


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


def test_the_recap_shows_all_the_courier_needs(walk, slot):
    walk.fill(ProductFactory()).hold(slot).say_who(instructions="Sonner deux fois")

    page = walk.recap().content.decode()

    assert "06\u00a012\u00a034\u00a056\u00a078" in page
    assert "Sonner deux fois" in page and "A12" in page and "3e" in page


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


def test_a_slot_beyond_four_days_saves_the_card_only(walk, zone):
    far = SlotFactory(
        zone=zone, starts_at=timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=8)
    )
    walk.fill(ProductFactory()).hold(far).say_who()
    recap = walk.recap().content.decode()

    walk.come_back(walk.pay(walk.order()))

    assert Order.objects.get().status == Order.Status.PLACED
    assert PaymentOperation.objects.get().kind == PaymentOperation.Kind.SAVE_CARD
    told = walk.client.get(reverse("tracking", args=[Order.objects.get().tracking_token])).content.decode()
    assert "votre carte est enregistrée aujourd’hui" in recap and "seulement autorisée" not in recap
    assert "Carte enregistrée" in told and "autorisé" not in told


def test_an_unknown_return_address_is_not_found(client, zone):
    assert client.get("/commande/retour/nexistepas/").status_code == 404


def statements(captured):
    """Queries as the budget counts them: opening and closing transactions are not questions."""
    control = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
    return [query["sql"] for query in captured if not query["sql"].startswith(control)]


def test_placing_an_order_keeps_its_budget_of_queries_however_long_the_basket(walk, slot):
    counts = []
    for lines in (4, 8):
        walk.fill(*ProductFactory.create_batch(lines), quantity=5)
        walk.hold(slot).say_who()
        seen = total_seen(walk.recap())
        with CaptureQueriesContext(connection) as captured:
            walk.client.post(reverse("checkout_recap"), {"terms": "on", "seen_total": seen})
        # The demonstration gateway keeps its own two statements where Stripe has a network call.
        counts.append(len([sql for sql in statements(captured.captured_queries) if "demosession" not in sql]))
        walk.client.post(reverse("give_up_payment"))
        walk.client.post(reverse("empty_basket"))

    assert counts[0] == counts[1]
    assert counts[0] <= 30


def test_what_is_added_while_paying_stays_in_a_basket(ready):
    answer = ready.order()
    ready.fill(ProductFactory(name="Beurre"), quantity=4)

    ready.come_back(ready.pay(answer))

    left = Basket.objects.get(is_open=True)
    assert [line.product.name for line in left.lines.select_related("product")] == ["Beurre"]
    assert "Beurre" in ready.client.get(reverse("basket")).content.decode()
    assert Order.objects.get().lines.get().name == "Comté"


def test_signing_in_while_paying_never_makes_a_second_order(walk, slot, client):
    customer = CustomerFactory()
    client.force_login(customer.user)
    walk.fill(ProductFactory(name="Brie")).hold(slot).say_who()
    answer = walk.order()
    client.logout()
    walk.fill(ProductFactory(name="Lait"), quantity=3)

    client.force_login(customer.user)
    walk.come_back(walk.pay(answer))

    open_basket = Basket.objects.get(is_open=True, customer=customer)
    assert [line.product.name for line in open_basket.lines.select_related("product")] == ["Lait"]
    assert Order.objects.get().status == Order.Status.PLACED


def test_signing_in_between_two_presses_orders_as_the_customer(walk, slot, client):
    walk.fill(ProductFactory()).hold(slot).say_who()
    walk.order()
    customer = CustomerFactory()

    client.force_login(customer.user)
    walk.come_back(walk.pay(walk.order()))

    placed = Order.objects.get(status="placed")
    assert placed.customer == customer and placed.email == customer.email


def test_a_corrected_name_is_the_one_ordered(ready):
    ready.order()
    ready.say_who(first_name="Léo")

    ready.come_back(ready.pay(ready.order()))

    assert Order.objects.get(status="placed").first_name == "Léo"


def test_letters_ticked_on_the_second_press_are_kept(ready):
    ready.order()

    ready.order(letters="on")

    assert Consent.objects.get().customer == Order.objects.get().customer


def test_a_date_of_birth_is_kept_with_whom_it_is_about(walk, slot):
    walk.fill(ProductFactory(alcohol=True)).hold(slot).say_who()

    walk.order(birth_on="31/12/1980")

    assert f"{Order.objects.get().customer.birth_on:%d/%m/%Y}" == "31/12/1980"


def test_holding_a_slot_inside_checkout_leads_on_to_the_recap(walk, slot):
    walk.fill(ProductFactory()).say_who()
    page = walk.client.get(reverse("checkout_slot")).content.decode()

    answer = walk.client.post(
        reverse("hold_slot", args=[slot.pk]), {"next": reverse("checkout_recap"), "code_postal": "75011"}
    )

    assert f'name="next" value="{reverse("checkout_recap")}"' in page
    assert answer.headers["Location"] == reverse("checkout_recap")


def test_giving_up_again_and_again_never_keeps_a_slot_above_three_hours(ready):
    hold = Hold.objects.get()
    Hold.objects.update(created_at=hold.created_at - timedelta(hours=2, minutes=55))
    ready.order()

    ready.client.post(reverse("give_up_payment"))

    assert Hold.objects.get().expires_at <= timezone.now() + timedelta(minutes=11)


def test_without_published_terms_nothing_is_sold_and_nothing_is_lost(ready):
    LegalPage.objects.filter(slug="cgv").update(version="")

    answer = ready.client.post(
        reverse("checkout_recap"), {"terms": "on", "seen_total": total_seen(ready.recap())}, follow=True
    )

    assert "fermée pour un moment" in answer.content.decode()
    assert not Order.objects.exists() and Basket.objects.get().is_open


def test_the_last_units_taken_by_ones_own_waiting_order_are_not_missing(ready):
    StockItem.objects.update(available=20)
    first = ready.order()

    basket = ready.client.get(reverse("basket")).content.decode()
    again = ready.order()

    assert "plus assez" not in basket
    assert first.headers["Location"] == again.headers["Location"]
    assert Order.objects.count() == 1
