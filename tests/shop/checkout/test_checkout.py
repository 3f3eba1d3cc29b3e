"""From basket to a firm order over plain HTTP, without JavaScript: the steps, what they refuse, what the order freezes."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.facts import deliver_all
from crm.desk.models import LegalPage
from delivery.slots.models import Hold
from shop.basket.models import Basket, BasketLine
from shop.catalogue.models import Product
from shop.checkout import services
from shop.checkout.models import CheckoutDraft
from shop.orders.models import Order
from shop.payments.models import PaymentOperation
from shop.stock.models import StockItem
from tests.factories import (
    ProductFactory,
)
from tests.shop.checkout.conftest import total_seen

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


def test_the_last_button_below_the_minimum_leads_back_to_the_basket(ready):
    seen = total_seen(ready.recap())
    BasketLine.objects.update(quantity=2)

    answer = ready.client.post(reverse("checkout_recap"), {"terms": "on", "seen_total": seen}, follow=True)

    assert "Il manque 35,00" in answer.content.decode()
    assert not Order.objects.exists() and not PaymentOperation.objects.exists()


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
    StockItem.objects.update(on_hand=3)

    ready.client.post(reverse("checkout_recap"), {"terms": "on", "seen_total": seen})

    assert not Order.objects.exists() and not PaymentOperation.objects.exists()
    assert StockItem.objects.get().available == 3
    assert Hold.objects.get().state == Hold.State.HELD


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


def test_the_recap_shows_all_the_courier_needs(walk, slot):
    walk.fill(ProductFactory()).hold(slot).say_who(instructions="Sonner deux fois")

    page = walk.recap().content.decode()

    assert "06\u00a012\u00a034\u00a056\u00a078" in page
    assert "Sonner deux fois" in page and "A12" in page and "3e" in page


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


def test_without_published_terms_nothing_is_sold_and_nothing_is_lost(ready):
    LegalPage.objects.filter(slug="cgv").update(version="")

    answer = ready.client.post(
        reverse("checkout_recap"), {"terms": "on", "seen_total": total_seen(ready.recap())}, follow=True
    )

    assert "fermée pour un moment" in answer.content.decode()
    assert not Order.objects.exists() and Basket.objects.get().is_open
