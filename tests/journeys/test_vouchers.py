"""A customer picks a voucher at the last step, orders, cancels, and has it again; a code works by telephone, without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from loyalty.vouchers.models import Voucher
from shop.orders.models import Order
from tests.journeys import steps
from tests.loyalty.vouchers.granting import granted

GIFT = re.compile(r"Bon de 5,00\s€")


def go_to_recap(page, shop, fill=steps.fill_recipient, **recipient):
    steps.say_postcode(page, shop)
    steps.hold_first_slot(page)
    steps.add_found(page, shop, "beurre", 20)
    page.get_by_role("link", name="Passer commande").click()
    fill(page, **recipient)
    expect(page.locator("h1")).to_have_text("Tout est juste ?")


def fill_as_a_customer(page):
    for label, value in steps.RECIPIENT.items():
        if label != "Adresse e-mail":
            page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Continuer vers la livraison").click()


def test_a_voucher_used_at_checkout_comes_back_when_the_order_is_cancelled(shop, open_page):
    page = open_page(phone=True)
    steps.sign_in(page, f"{shop}/compte/", "camille@cabas.example")
    go_to_recap(page, shop, fill_as_a_customer)

    page.get_by_role("button", name=re.compile(r"^Utiliser Bon de 5,00\s€")).click()
    expect(page.get_by_text("C’est noté\u202f: 5,00\u00a0€ de moins.")).to_be_in_viewport()
    steps.press_order(page)
    steps.pay(page)
    expect(page.locator("h1")).to_contain_text("Merci")
    expect(page.locator("main")).to_contain_text("−5,00\u00a0€")
    order = Order.objects.get()
    assert order.voucher_discount == 5 and Voucher.objects.get(value=5).state == "held"

    page.goto(f"{shop}/fidelite/")
    expect(page.locator("main")).to_contain_text(order.reference)
    page.goto(f"{shop}/commandes/{order.reference}/")
    page.get_by_text("Annuler cette commande").click()
    page.get_by_role("button", name="Annuler la commande").click()

    expect(page.locator("main, body").first).to_contain_text("Votre bon vous est rendu.")
    page.goto(f"{shop}/fidelite/")
    expect(page.get_by_role("region", name="À utiliser")).to_contain_text(GIFT)
    assert Voucher.objects.get(value=5).state == "live"
    assert not page.problems


@pytest.mark.parametrize("javascript", [True, False])
def test_a_stranger_types_a_code_and_takes_it_off_again(shop, open_page, javascript):
    _voucher, code = granted("7.00")
    page = open_page(phone=True, javascript=javascript)
    go_to_recap(page, shop)

    page.get_by_text("Code avantage ou bon").click()
    page.get_by_label("Votre code").fill(code.lower().replace("-", " "))
    page.get_by_role("button", name="Utiliser ce code").click()
    expect(page.locator("#bon")).to_contain_text("7,00\u00a0€ de moins")
    page.get_by_role("button", name=re.compile("^Retirer Bon")).click()
    expect(page.locator("#bon")).to_contain_text("vous le gardez")

    steps.press_order(page)
    steps.pay(page)
    expect(page.locator("h1")).to_contain_text("Merci Léa")
    assert Order.objects.get().voucher_discount == 0
    assert code not in page.url
    assert not page.problems
