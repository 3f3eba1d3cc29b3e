"""A picker's phone, from the wave to the closed crates: scanned, weighed, over a network that comes and goes."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from config.facts import deliver_all
from delivery.slots.models import Slot
from shop.orders.models import Order, OrderLine
from shop.payments.services import reconcile
from shop.picking.services import build_waves
from shop.stock.services import lay_out
from tests.journeys import steps

pytestmark = pytest.mark.journey


@pytest.fixture
def weighed(shop, open_page):
    """An order of butter and of a kilo of apples, whose slot has just stopped selling."""
    page = open_page()
    steps.say_postcode(page, shop)
    steps.hold_first_slot(page)
    steps.add_found(page, shop, "beurre", 20)
    steps.add_found(page, shop, "pommes gala", 1000)
    page.get_by_role("link", name="Passer commande").click()
    steps.fill_recipient(page)
    button = page.get_by_role("button", name=re.compile("Commander avec obligation de paiement"))
    expect(button).to_contain_text("au plus selon la pesée")
    page.get_by_label(re.compile("conditions générales")).check()
    button.click()
    steps.pay(page)
    expect(page.locator("h1")).to_contain_text("Merci Léa")
    placed = Order.objects.get()
    Order.objects.update(rank=7)
    Slot.objects.filter(pk=placed.slot_id).update(cutoff_at=timezone.now() - timedelta(minutes=1))
    lay_out()
    build_waves(now=timezone.now())
    return page, Order.objects.get()


def test_scanned_and_weighed_over_a_weak_network(shop, weighed, open_page):
    follower, order = weighed
    page = open_page(phone=True)
    steps.sign_in(page, f"{shop}/preparation/", "preparation@cabas.example")
    page.get_by_role("button", name="En prendre 1").click()
    for _shelf in range(2):
        line = OrderLine.objects.get(name=page.locator("h1").inner_text())
        if line.is_weighed:
            page.locator(".shelf__quantity input").fill("1080")
        else:
            page.context.set_offline(True)
        if line.minimum_life_days:
            until = timezone.localdate(order.slot.starts_at) + timedelta(days=line.minimum_life_days)
            page.get_by_label("DLC ou DDM lue").fill(until.isoformat())
        page.get_by_label("Code-barres").fill(line.ean)
        page.get_by_role("button", name="C’est pris").click()
        if not line.is_weighed:
            expect(page.get_by_text(re.compile("Réseau faible"))).to_be_visible()
            page.context.set_offline(False)
        expect(page.locator("h1")).not_to_have_text(line.name)
    page.get_by_role("link", name=re.compile(order.reference)).click()
    page.get_by_role("button", name="Fermer les bacs").click()
    expect(page.locator("main")).to_contain_text("prête")
    deliver_all()
    reconcile(now=timezone.now() + timedelta(minutes=5))
    deliver_all()

    order.refresh_from_db()
    apples = order.lines.get(sold_by="weight")
    assert (order.status, apples.picked) == ("packed", 1080)
    assert order.events.filter(kind="paid").exists()
    assert list(order.lines.values_list("events__kind", flat=True).order_by("events__kind")) == [
        "picked",
        "weighed",
    ]
    follower.goto(f"{shop}/suivi/{order.tracking_token}/")
    expect(follower.locator("main")).to_contain_text(re.compile(r"Pesé.*1,08.kg pour 1.kg", re.S))
