"""The payment behind the last button: refused, given up, pressed twice, left, and what happens meanwhile."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from delivery.slots.models import Hold
from shop.basket.models import Basket
from shop.checkout.models import CheckoutDraft
from shop.customers.models import Consent
from shop.orders.models import Order
from shop.orders.tasks import expire_unpaid
from shop.payments.models import PaymentOperation
from shop.stock.models import StockItem
from tests.factories import (
    CustomerFactory,
    ProductFactory,
    SlotFactory,
    ZoneFactory,
)

pytestmark = pytest.mark.django_db


def test_while_a_payment_runs_nothing_of_another_address_is_kept(ready):
    ready.order()
    ZoneFactory(slug="lyon", prefixes=["69"])

    ready.say_who(postcode="69003", city="Lyon", first_name="Luc")

    draft = CheckoutDraft.objects.get()
    assert (draft.postcode, draft.first_name) == ("75011", "Léa")


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


def test_giving_up_again_and_again_never_keeps_a_slot_above_three_hours(ready):
    hold = Hold.objects.get()
    Hold.objects.update(created_at=hold.created_at - timedelta(hours=2, minutes=55))
    ready.order()

    ready.client.post(reverse("give_up_payment"))

    assert Hold.objects.get().expires_at <= timezone.now() + timedelta(minutes=11)


def test_the_last_units_taken_by_ones_own_waiting_order_are_not_missing(ready):
    StockItem.objects.update(on_hand=20)
    first = ready.order()

    basket = ready.client.get(reverse("basket")).content.decode()
    again = ready.order()

    assert "plus assez" not in basket
    assert first.headers["Location"] == again.headers["Location"]
    assert Order.objects.count() == 1
