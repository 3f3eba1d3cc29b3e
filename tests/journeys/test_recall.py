"""A recall from the form to the buyer's page: opened by staff, told to whoever has it, gone from the shelves."""

import re

import pytest
from playwright.sync_api import expect

from config.facts import deliver_all
from crm.outbox.models import Message
from shop.orders import services as orders
from shop.orders.models import Order
from shop.recalls import tasks
from tests.journeys import steps
from tests.journeys.conftest import PICTURES
from tests.shop.orders.depot import pick, settle, started

QUALITY = "catalogue@cabas.example"


@pytest.fixture
def picture():
    """Keep what a page looks like, for whoever wants to look."""

    def taken(page, name):
        PICTURES.mkdir(parents=True, exist_ok=True)
        width = page.viewport_size["width"]
        page.screenshot(path=PICTURES / f"recall-{name}-{width}.png", full_page=True)

    return taken


def packed(order):
    """As the depot does it."""
    started(order)
    pick(order)
    orders.pack_order(reference=order.reference)
    deliver_all()
    settle()


@pytest.mark.parametrize("phone", [True, False], ids=["390", "1280"])
def test_a_recall_reaches_its_buyer(shop, open_page, phone, picture):
    buyer = open_page(phone=phone)
    steps.order_as_a_stranger(buyer, shop, query="riz", quantity=20)
    order = Order.objects.get()
    line = order.lines.get()
    packed(order)
    tracking = buyer.url.partition("?")[0]

    staff = open_page(phone=phone)
    steps.sign_in(staff, f"{shop}/admin/recalls/recall/ouvrir/", QUALITY)
    picture(staff, "form")
    staff.get_by_label("Code-barres").fill(line.ean)
    staff.get_by_label("Lots", exact=True).fill("L2311, L2312")
    staff.get_by_label("Risque").select_option(label="présence possible d’un corps étranger")
    staff.get_by_label("Motif, lu par les clients").fill("Un contrôle a trouvé des éclats de verre.")
    staff.get_by_role("button", name="Continuer").click()
    expect(staff.locator("form").last).to_contain_text(re.compile("1 acheteur est prévenu"))
    picture(staff, "preview")
    staff.get_by_role("button", name="Ouvrir le rappel et prévenir").click()
    expect(staff.locator("body")).to_contain_text("Où en est ce rappel")
    tasks.work()
    deliver_all()
    staff.reload()
    picture(staff, "recall")

    buyer.goto(tracking)
    expect(buyer.locator("main")).to_contain_text("Produit rappelé")
    expect(buyer.locator("main")).to_contain_text("Nous vous remboursons")
    picture(buyer, "order")
    buyer.get_by_role("link", name="Tout sur ce rappel").click()
    expect(buyer.locator("h1")).to_have_text("Rappels de produits")
    expect(buyer.locator("main")).to_contain_text("L2311, L2312")
    picture(buyer, "public")
    buyer.goto(f"{shop}/produits/{line.product.slug}/")
    expect(buyer.locator("main")).to_contain_text("Ce produit est rappelé")
    picture(buyer, "product")
    assert Message.objects.filter(purpose="product_recalled").count() == 1

    staff.get_by_label("Sains, remis en rayon").first.fill("5")
    staff.get_by_role("button", name="Le rayon est contrôlé").first.click()
    expect(staff.locator("body")).to_contain_text("Rayon contrôlé")
    # A page that is gone says 410, which the console notes.
    assert [said for said in buyer.problems if "410" not in said] == []
