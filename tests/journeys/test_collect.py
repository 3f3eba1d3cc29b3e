"""A stranger fetches an order at a point: chosen, paid, coded; the clerk types the code, wrong first."""

import re

import pytest
from playwright.sync_api import expect

from shop.orders import services
from shop.orders.models import Order, Pickup
from tests.journeys import steps
from tests.shop.orders.depot import KEEPS, pick, started

WHO = {name: steps.RECIPIENT[name] for name in ("Adresse e-mail", "Prénom", "Nom", "Téléphone")}


def order_at_a_point(page, shop):
    page.goto(f"{shop}/creneaux/")
    page.get_by_role("link", name="Retrait").click()
    page.locator("main").get_by_label(re.compile("code postal", re.I)).fill("75012")
    page.get_by_role("button", name="Chercher").click()
    page.get_by_role("link", name=re.compile("^Choisir une heure")).first.click()
    expect(page.locator("main")).to_contain_text("Cabas Bastille")
    steps.hold_first_slot(page)
    steps.add_found(page, shop, "beurre", 10)
    page.get_by_role("link", name="Passer commande").click()
    for label, value in WHO.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Continuer").click()
    expect(page.locator("h1")).to_have_text("Tout est juste ?")
    steps.press_order(page)
    steps.pay(page)
    expect(page.locator("h1")).to_contain_text("Merci Léa")


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
def test_a_stranger_fetches_their_order(shop, open_page, javascript):
    page = open_page(phone=True, javascript=javascript)

    order_at_a_point(page, shop)

    code = Pickup.objects.get().code
    expect(page.locator(".pickup__code")).to_contain_text(f"{code[:3]}\xa0{code[3:]}")
    order = started(Order.objects.get())
    pick(order, best_before_on=KEEPS)
    services.pack_order(reference=order.reference)

    clerk = open_page(phone=True, javascript=javascript)
    steps.sign_in(clerk, f"{shop}/retrait/", "preparation@cabas.example")
    clerk.get_by_role("link", name="Cabas Bastille").click()
    clerk.get_by_label("Code de retrait").fill(f"{(int(code) + 1) % 1_000_000:06d}")
    clerk.get_by_role("button", name="Chercher la commande").click()
    expect(clerk.locator("main")).to_contain_text("n’a ce code")
    clerk.get_by_label("Code de retrait").fill(code)
    clerk.get_by_role("button", name="Chercher la commande").click()
    expect(clerk.locator("h1")).to_have_text("Léa M.")
    clerk.get_by_role("button", name="Remettre la commande").click()
    expect(clerk.locator("main")).to_contain_text("remise")

    assert Order.objects.get().status == Order.Status.DELIVERED
    assert not page.problems
