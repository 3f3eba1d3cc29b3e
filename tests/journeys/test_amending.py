"""A customer changes their order in a browser: a refused difference changes nothing, a paid one does, then it is picked."""

import re
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from config.facts import deliver_all
from shop.orders import services
from shop.orders.models import Order
from shop.payments.models import PaymentAccount
from shop.payments.services import reconcile
from tests.journeys import steps
from tests.shop.orders.depot import KEEPS, pick


def ordered(page, shop):
    """Camille's order of twenty butters, and of ten milks."""
    steps.sign_in(page, f"{shop}/commandes/", "camille@cabas.example")
    steps.say_postcode(page, shop)
    steps.hold_first_slot(page)
    steps.add_found(page, shop, "beurre", 20)
    steps.add_found(page, shop, "lait demi", 10)
    page.get_by_role("link", name="Passer commande").click()
    expect(page.locator("h1")).to_contain_text("Où livrons-nous")
    for label in ("Prénom", "Nom", "Téléphone", "Numéro et rue", "Code postal", "Ville"):
        page.get_by_label(label, exact=True).fill(steps.RECIPIENT[label])
    page.get_by_role("button", name="Continuer vers la livraison").click()
    steps.press_order(page)
    steps.pay(page)
    expect(page.locator("h1")).to_contain_text("Merci")
    return Order.objects.get()


def change(page, shop, order, line, quantity):
    page.goto(f"{shop}/commandes/{order.reference}/modifier/")
    page.locator(f"#ligne-{line.pk} input").fill(str(quantity))
    page.get_by_role("button", name="Voir ce qui change").last.click()
    expect(page.locator("main")).to_contain_text("au lieu de")
    page.get_by_role("button", name=re.compile("^Confirmer les modifications")).click()


def choose_card(page, code):
    page.locator(f'[name="card"][value="{code}"]').check()
    steps.pay(page)


def test_refused_then_paid_then_lowered_then_delivered(shop, open_page):
    page = open_page(phone=True)
    order = ordered(page, shop)
    before = order.total
    butter, milk = order.lines.get(quantity=20), order.lines.get(quantity=10)

    change(page, shop, order, butter, 26)
    choose_card(page, "refuse")
    page.goto(f"{shop}/commandes/{order.reference}/")
    order.refresh_from_db()
    butter.refresh_from_db()
    assert (order.total, butter.quantity) == (before, 20)
    page.get_by_role("button", name="Y renoncer").first.click()

    change(page, shop, order, butter, 24)
    steps.pay(page)
    expect(page.locator("h1")).to_contain_text(order.reference)
    deliver_all()
    butter.refresh_from_db()
    assert butter.quantity == 24

    change(page, shop, order, milk, 0)
    order.refresh_from_db()
    assert [line.quantity for line in order.lines.all()] == [24]
    services.start_picking(references=[order.reference])
    pick(order, best_before_on=KEEPS)
    services.pack_order(reference=order.reference)
    deliver_all()
    # First the money is taken, then what is left of both authorisations given back.
    for minutes in (5, 10):
        reconcile(now=timezone.now() + timedelta(minutes=minutes))
        deliver_all()

    money = PaymentAccount.objects.get(order_reference=order.reference)
    assert money.captured == Order.objects.get().bill.total == order.total
    assert money.held == 0
    page.goto(f"{shop}/commandes/{order.reference}/")
    expect(page.locator("main")).to_contain_text("Facture")
    services.hand_over(reference=order.reference)
    page.reload()
    expect(page.locator("main")).to_contain_text("Commande remise")
