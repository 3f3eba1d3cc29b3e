"""A stranger opens the shop, fills a basket, takes a slot, pays, and follows the order."""

import re

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from config.facts import deliver_all
from crm.outbox.models import Message
from shop.orders.models import Order
from tests.journeys import steps


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desktop"])
def test_a_stranger_orders(shop, open_page, javascript, phone):
    page = open_page(phone=phone, javascript=javascript)

    name = steps.order_as_a_stranger(page, shop)

    assert Order.objects.get().status == Order.Status.PLACED
    expect(page.locator("main")).to_contain_text(name)
    assert not page.problems


def test_the_confirmation_is_read_in_the_admin(shop, open_page):
    steps.order_as_a_stranger(open_page(), shop)
    deliver_all()
    letter = Message.objects.get(purpose="order_confirmation")
    staff = open_page()

    steps.sign_in(staff, f"{shop}/admin/", "direction@cabas.example")
    expect(staff).to_have_url(f"{shop}/admin/")
    staff.goto(f"{shop}/admin/outbox/message/{letter.pk}/change/")

    expect(staff.frame_locator("iframe").locator("body")).to_contain_text(Order.objects.get().reference)


def test_the_keyboard_alone_completes_an_order(shop, open_page):
    page = open_page()
    steps.say_postcode(page, shop)
    _enter(page, "^Réserver")
    page.goto(f"{shop}/recherche/?q=beurre")
    _enter(page, "^Ajouter")
    page.goto(f"{shop}/panier/")
    _focus(page, "^(Quantité|Grammes) de")
    page.keyboard.press("Control+A")
    page.keyboard.type("20")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Passer commande")).to_be_visible()
    _enter(page, "^Passer commande")
    for label, value in steps.RECIPIENT.items():
        _focus(page, f"^{label}$")
        page.keyboard.press("Control+A")
        page.keyboard.type(value)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Tout est juste ?")
    _focus(page, "conditions générales de vente\\.$")
    page.keyboard.press("Space")
    _enter(page, "^Commander avec obligation de paiement")
    _enter(page, "^Payer")

    expect(page.locator("h1")).to_contain_text("Merci Léa")


NAME_OF_FOCUS = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return "";
  const label = e.getAttribute("aria-label") || (e.labels && e.labels[0] && e.labels[0].innerText) || e.textContent;
  return (label || "").replace("(facultatif)", "").replace(/\\s+/g, " ").trim();
}"""


def _focus(page, name):
    """Press Tab until what has the focus is called so."""
    page.wait_for_load_state()
    for _ in range(400):
        page.keyboard.press("Tab")
        try:
            focused = page.evaluate(NAME_OF_FOCUS)
        except PlaywrightError:  # the page is being replaced by the answer to the last key
            page.wait_for_load_state()
            continue
        if re.search(name, focused):
            return
    raise AssertionError(f"{name} is out of the keyboard's reach")


def _enter(page, name):
    _focus(page, name)
    before = page.url
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    page.wait_for_timeout(50) if page.url == before else None


def test_a_double_click_makes_one_order(shop, open_page):
    page = open_page(javascript=False)
    steps.say_postcode(page, shop)
    steps.hold_first_slot(page)
    steps.add_found(page, shop, "beurre", 20)
    page.get_by_role("link", name="Passer commande").click()
    steps.fill_recipient(page)
    page.get_by_label(re.compile("conditions générales")).check()
    page.get_by_role("button", name="Commander avec obligation de paiement").dblclick()
    expect(page.get_by_role("button", name=re.compile("^Payer"))).to_be_visible()

    assert Order.objects.count() == 1


def test_back_from_the_payment_page_resumes_the_same_order(shop, open_page):
    page = open_page()
    steps.say_postcode(page, shop)
    steps.hold_first_slot(page)
    steps.add_found(page, shop, "beurre", 20)
    page.get_by_role("link", name="Passer commande").click()
    steps.fill_recipient(page)
    steps.press_order(page)
    expect(page.get_by_role("button", name=re.compile("^Payer"))).to_be_visible()

    page.goto(f"{shop}/commande/recapitulatif/")
    steps.press_order(page)
    steps.pay(page)

    expect(page.locator("h1")).to_contain_text("Merci Léa")
    assert Order.objects.count() == 1
