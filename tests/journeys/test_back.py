"""The browser's Back button, after an error or from the payment page, never asks to send a form again."""

import re

from playwright.sync_api import expect

from shop.orders.models import Order
from tests.journeys import steps


def at_the_recap(page, shop):
    steps.say_postcode(page, shop)
    steps.hold_first_slot(page)
    steps.add_found(page, shop, "beurre", 20)
    page.get_by_role("link", name="Passer commande").click()
    steps.fill_recipient(page)
    expect(page.locator("h1")).to_have_text("Tout est juste ?")


def press_without_the_terms(page):
    page.get_by_role("button", name="Commander avec obligation de paiement").click()
    expect(page.get_by_role("alert")).to_contain_text("Acceptez les conditions générales")


def test_back_after_an_error_on_the_last_step_shows_a_page(shop, open_page):
    page = open_page()
    at_the_recap(page, shop)
    press_without_the_terms(page)
    page.get_by_role("link", name="Changer l’adresse").click()
    expect(page.locator("h1")).to_have_text("Où livrons-nous ?")

    answer = page.go_back()

    assert answer is None or answer.status == 200
    expect(page.locator("h1")).to_have_text("Tout est juste ?")
    assert not Order.objects.exists()


def test_back_from_the_payment_page_after_an_error_makes_one_order(shop, open_page):
    page = open_page()
    at_the_recap(page, shop)
    press_without_the_terms(page)
    steps.press_order(page)
    expect(page.get_by_role("button", name=re.compile("^Payer"))).to_be_visible()

    page.go_back()
    expect(page.locator("h1")).to_have_text("Tout est juste ?")
    steps.press_order(page)
    steps.pay(page)

    expect(page.locator("h1")).to_contain_text("Merci Léa")
    assert Order.objects.count() == 1


def test_back_after_an_error_on_the_first_step_shows_what_was_typed(shop, open_page):
    page = open_page()
    steps.say_postcode(page, shop)
    steps.hold_first_slot(page)
    steps.add_found(page, shop, "beurre", 20)
    page.get_by_role("link", name="Passer commande").click()
    steps.fill_recipient(page, Téléphone="12")
    expect(page.get_by_role("alert")).to_contain_text("pas complet")
    steps.fill_recipient(page)
    expect(page.locator("h1")).to_have_text("Tout est juste ?")

    page.go_back()

    expect(page.locator("h1")).to_have_text("Où livrons-nous ?")
    expect(page.get_by_label("Numéro et rue", exact=True)).to_have_value("12 rue des Lilas")
