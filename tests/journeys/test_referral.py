"""Somebody takes a link and sends it; a friend opens it elsewhere, opens an account, orders with the voucher; both are thanked."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from config.facts import deliver_all
from crm.outbox.models import Message
from loyalty.referrals.models import Referral
from shop.orders import services as orders
from shop.orders.models import Order
from tests.journeys import steps
from tests.shop.customers.test_sign_in import code_in
from tests.shop.orders.depot import KEEPS, pick, settle, started

ADDRESS = "lou@exemple.fr"


def take_link(page, shop):
    steps.sign_in(page, f"{shop}/fidelite/", "camille@cabas.example")
    page.get_by_role("link", name="Parrainer un proche").click()
    page.get_by_role("button", name="Obtenir mon lien").click()
    return page.get_by_label("Votre lien de parrainage").input_value()


def open_account(page):
    page.get_by_role("link", name="Créer mon compte").click()
    page.locator("main").get_by_label("Prénom").fill("Lou")
    page.locator("main").get_by_label(re.compile("e-mail", re.I)).fill(ADDRESS)
    page.locator("main").get_by_label(re.compile("^Mot de passe")).fill("un-cabas-bien-plein")
    page.locator("main").get_by_role("button", name="Créer mon compte").click()
    expect(page.get_by_label(re.compile("code", re.I))).to_be_visible()
    page.get_by_label(re.compile("code", re.I)).fill(code_in("email_verification_code"))
    page.locator("main").get_by_role("button", name="Valider").click()


def order_with_the_voucher(page, shop):
    steps.say_postcode(page, shop)
    steps.hold_first_slot(page)
    steps.add_found(page, shop, "beurre", 25)
    page.get_by_role("link", name="Passer commande").click()
    for label, value in (steps.RECIPIENT | {"Prénom": "Lou", "Numéro et rue": "3 place des Fêtes"}).items():
        if label != "Adresse e-mail":
            page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Continuer vers la livraison").click()
    page.get_by_role("button", name=re.compile(r"^Utiliser Bon de 10,00\s€")).click()
    expect(page.get_by_text("C’est noté\u202f: 10,00\u00a0€ de moins.")).to_be_visible()
    steps.press_order(page)
    page.get_by_label(re.compile("5555 5555 5555 4444")).check()
    steps.pay(page)
    expect(page.locator("h1")).to_contain_text("Merci")
    return Order.objects.get(customer__user__email=ADDRESS)


@pytest.mark.parametrize("javascript", [True, False])
def test_a_friend_comes_by_a_link_and_both_are_thanked_at_the_delivery(shop, open_page, javascript):
    sponsor, friend = open_page(phone=True), open_page(javascript=javascript)
    link = take_link(sponsor, shop)

    friend.goto(link)
    expect(friend.locator("h1")).to_contain_text("Camille vous offre 10,00")
    open_account(friend)
    expect(friend.locator("h1")).to_contain_text("Camille vous offre 10,00")
    friend.get_by_role("button", name="Accepter l’invitation").click()
    expect(friend.locator("main")).to_contain_text("Votre bon de 10,00")
    sponsor.reload()
    expect(sponsor.get_by_role("region", name="Vos proches")).to_contain_text("L.")

    order = order_with_the_voucher(friend, shop)
    assert order.voucher_discount == 10
    started(order)
    pick(order, best_before_on=KEEPS)
    orders.pack_order(reference=order.reference)
    deliver_all()
    settle()
    orders.hand_over(reference=order.reference, at=timezone.now())
    deliver_all()

    assert Referral.objects.get().state == "rewarded"
    sponsor.reload()
    expect(sponsor.get_by_role("region", name="Vos proches")).to_contain_text(
        "Livré\u202f: 300\u00a0points pour vous"
    )
    sponsor.get_by_role("link", name="Mes points et mes bons").click()
    expect(sponsor.locator("main")).to_contain_text("Offerts pour un parrainage")
    friend.goto(f"{shop}/fidelite/")
    expect(friend.get_by_role("region", name="Utilisés")).to_contain_text("−10,00")
    assert Message.objects.filter(purpose="referral_rewarded").count() == 1
    assert not sponsor.problems and not friend.problems
