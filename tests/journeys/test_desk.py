"""A day at the desk: from the help page to the answer, a call, a customer's page and an order by telephone."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import expect

from crm.desk import queries, services
from crm.desk.models import Callback, Conversation
from crm.desk.services import phone_orders
from crm.outbox.models import Message
from shop.customers.models import Customer, User
from shop.orders.models import Order
from tests.crm.desk.talking import mail
from tests.factories import AddressFactory
from tests.journeys import steps
from tests.journeys.conftest import PICTURES
from tests.journeys.pages import AXE, OVERFLOW, SETTLED, TYPOGRAPHY
from tests.journeys.test_pages import free_slot, goods, see  # noqa: F401

AGENT = "aide@cabas.example"
# Of the desk's own part of a page: what surrounds it is the admin's.
EXAMINED = """async (how) => (await axe.run(".desk", how)).violations.map(rule => rule.id + " " + rule.nodes[0].target)"""


@pytest.fixture
def look():
    """Keep what a page looks like, and say what no reader should meet."""

    def at(page, name):
        expect(page.locator(".desk")).to_be_visible()
        page.wait_for_load_state("networkidle")
        PICTURES.mkdir(parents=True, exist_ok=True)
        width = page.viewport_size["width"]
        page.screenshot(path=PICTURES / f"desk-{name}-{width}.png", full_page=True)
        assert not page.evaluate(OVERFLOW), name
        page.evaluate(SETTLED)
        page.evaluate(Axe().axe_script)
        assert page.evaluate(EXAMINED, AXE) == [], name
        words = page.locator(".desk").inner_text()
        assert {rule: found[0] for rule, p in TYPOGRAPHY.items() if (found := re.findall(p, words))} == {}, (
            name
        )

    return at


def furnished():
    """What waits on an ordinary morning."""
    customer = Customer.objects.get(email="camille@cabas.example")
    Customer.objects.filter(pk=customer.pk).update(phone="0612345678")
    AddressFactory(customer=customer)
    services.seed_reply_texts()
    services.receive_contact_request(
        name="Camille Durand", email=customer.email, subject="missing_item", customer_id=customer.pk,
        message="Bonjour,\n\nIl manquait le beurre dans ma livraison de ce matin. Pouvez-vous le rembourser\u202f?",
    )  # fmt: skip
    services.receive_contact_request(
        name="Maximilienne-Charlotte de La Rochefoucauld-Montbazon", email="m@exemple.fr", subject="accessibility",
        message="Un très long message, " * 30,
    )  # fmt: skip
    services.receive_mail(
        mail(subject="Livraison de demain, une autre adresse", text="Peut-on livrer en face\u202f?")
    )
    services.ask_callback(
        occasion="signalement-1", reason="damaged", order_reference="", customer_id=customer.pk
    )
    return customer


@pytest.mark.parametrize(
    ("phone", "dark"), [(True, False), (False, False), (False, True)], ids=["390", "1280", "dark"]
)
def test_agent_answers_calls_and_orders(shop, open_page, look, phone, dark):
    customer = furnished()
    mark = "dark-" if dark else ""
    page = open_page(phone=phone, dark=dark)
    steps.sign_in(page, f"{shop}/admin/desk/conversation/file/", AGENT)
    look(page, f"{mark}queue")

    page.get_by_role("link", name=re.compile("^Camille Durand")).click()
    page.get_by_role("button", name="Je m’en occupe").click()
    page.get_by_label("Texte de réponse").select_option(label="Article manquant, remboursé")
    page.get_by_role("button", name="Insérer").click()
    expect(page.get_by_label("Votre réponse")).to_have_value(re.compile("⟦référence⟧"))
    page.get_by_role("button", name="Envoyer", exact=True).click()
    expect(page.locator("body")).to_contain_text("Il reste à compléter")
    look(page, f"{mark}conversation")
    page.get_by_label("Votre réponse").fill("C’est remboursé, avec nos excuses.")
    page.get_by_label("Votre réponse").press("Control+Enter")
    expect(page.locator("body")).to_contain_text("Réponse enregistrée")
    assert Message.objects.get(purpose="contact_answered").recipient == customer.email
    assert Conversation.objects.get(customer=customer).state == "answered"

    page.goto(f"{shop}/admin/desk/callback/{Callback.objects.get().pk}/change/")
    expect(page.get_by_role("link", name=re.compile(r"^0\d"))).to_have_attribute("href", re.compile("^tel:0"))
    look(page, f"{mark}call")
    page.get_by_label("L’appel").select_option(label="joint")
    page.get_by_role("button", name="Noter", exact=True).click()
    expect(page.locator("body")).to_contain_text("Appel noté")

    page.locator(".desk").get_by_role("searchbox").fill("camille")
    page.get_by_role("button", name="Chercher", exact=True).click()
    page.wait_for_url(re.compile("recherche|client"))
    look(page, f"{mark}search")
    assert "camille" not in page.url
    page.goto(f"{shop}/admin/desk/conversation/client/{customer.pk}/")
    look(page, f"{mark}customer")

    page.goto(f"{shop}/admin/desk/conversation/nouvelle/?client={customer.pk}")
    look(page, f"{mark}note")
    page.goto(f"{shop}/admin/desk/conversation/client/{customer.pk}/")
    page.get_by_role("button", name="Commander pour ce client").click()
    page.get_by_label("Chercher un produit").fill("riz")
    page.get_by_role("button", name="Chercher un produit").click()
    page.get_by_label(re.compile("^Quantité de")).first.fill("20")
    page.get_by_role("button", name=re.compile("^Ajouter")).first.click()
    page.locator(".desk-slots button:visible").last.click()
    look(page, f"{mark}phone-order")
    page.get_by_role("button", name="Envoyer le lien de paiement").click()
    expect(page.locator("body")).to_contain_text("sous 30")
    order = Order.objects.get(customer=customer)
    look(page, f"{mark}customer-after")

    theirs = open_page(phone=phone, dark=dark)
    theirs.goto(f"{shop}/commande/paiement/{order.tracking_token}/")
    theirs.screenshot(path=PICTURES / f"desk-{mark}agree-{theirs.viewport_size['width']}.png", full_page=True)
    theirs.get_by_label(re.compile("conditions générales")).check()
    theirs.get_by_role("button", name=re.compile("obligation de paiement")).click()
    theirs.get_by_role("button", name=re.compile("Payer")).click()
    expect(theirs.locator("h1")).to_be_visible()
    order.refresh_from_db()
    assert order.status == "placed"


def test_queue_is_walked_by_keyboard(shop, open_page):
    furnished()
    page = open_page()
    steps.sign_in(page, f"{shop}/admin/desk/conversation/file/", AGENT)

    page.wait_for_load_state("networkidle")
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.locator("[data-desk-row]").nth(1)
    expect(second).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("[data-desk-row]").first).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator(".desk").get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("j")
    expect(page.locator(".desk").get_by_role("searchbox")).to_have_value("j")


def test_order_to_agree_to(see, goods):  # noqa: F811
    customer = furnished()
    agent = User.objects.get(email=AGENT)
    started = phone_orders.start_phone_order(agent_id=agent.pk, customer_id=customer.pk)
    own = {"phone_order_id": started.pk, "agent_id": agent.pk}
    for name in ("food", "weighed", "long"):
        phone_orders.set_phone_line(**own, product_id=goods[name].pk, quantity=goods[name].step * 20)
    phone_orders.hold_phone_slot(**own, slot_id=free_slot().pk)
    recap = queries.phone_recap(queries.on_the_phone(started))
    order = phone_orders.send_phone_order(**own, seen_total=recap.totals.total)
    link = f"/commande/paiement/{order.tracking_token}/"
    theirs = Client()

    see("order-to-agree", link, client=theirs, says="préparée avec vous au téléphone")
    see(
        "order-to-agree-refused",
        client=theirs,
        answer=theirs.post(link),
        status=422,
        says="Acceptez les conditions",
    )
