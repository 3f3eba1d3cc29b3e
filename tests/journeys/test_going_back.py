"""A customer gives back: a replacement that they do not want, and what they withdraw from, in two steps each."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from delivery.slots.models import Slot
from shop.orders import services
from shop.orders.models import Order, Refund, Withdrawal
from shop.orders.services import Returned
from shop.orders.services.substituting import add_stand_in
from tests.factories import UserFactory
from tests.journeys import steps
from tests.journeys.test_pages import goods, ordered, see, signed_in  # noqa: F401
from tests.shop.orders.depot import KEEPS, pick, settle


def prepared(order, goods):  # noqa: F811
    """Half of one article was missing, and another one stands in for it."""
    Slot.objects.filter(pk=order.slot_id).update(cutoff_at=timezone.now() - timedelta(minutes=1))
    services.start_picking(references=[order.reference])
    short = order.lines.get(product=goods["food"])
    pick(order, {short.product: short.quantity // 2}, best_before_on=KEEPS)
    add_stand_in(order=order, line=short, product=goods["second"], quantity=2)
    return order


def delivered(order):
    pick(order, best_before_on=KEEPS)
    services.pack_order(reference=order.reference)
    settle()
    services.hand_over(reference=order.reference)
    return Order.objects.select_related("slot").get(pk=order.pk)


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
def test_a_customer_refuses_a_replacement_and_is_refunded(shop, goods, open_page, javascript):  # noqa: F811
    order = delivered(prepared(ordered(goods, signed_in()), goods))
    page = open_page(phone=True, javascript=javascript)

    steps.sign_in(page, f"{shop}/commandes/{order.reference}/", "camille@cabas.example")
    page.get_by_role("link", name="Je n’en veux pas").click()
    expect(page.locator("main")).to_contain_text("remboursé en entier")
    page.get_by_role("button", name="Je n’en veux pas").click()

    expect(page.locator("main")).to_contain_text("remplacement refusé")
    expect(page.get_by_role("link", name="Je n’en veux pas")).to_have_count(0)
    assert Refund.objects.get().reason == "substitute"
    assert not page.problems


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
def test_a_guest_withdraws_in_two_steps(shop, goods, open_page, javascript):  # noqa: F811
    order = ordered(goods)
    Slot.objects.filter(pk=order.slot_id).update(cutoff_at=timezone.now() - timedelta(minutes=1))
    services.start_picking(references=[order.reference])
    order = delivered(order)
    page = open_page(phone=True, javascript=javascript)
    name = order.lines.get(product=goods["long"]).name

    page.goto(f"{shop}/suivi/{order.tracking_token}/")
    page.locator("main").get_by_role("link", name="Renoncer au contrat ici").click()
    page.get_by_label(name).select_option("2")
    page.get_by_label("Nom", exact=True).fill("Léa Martin")
    page.get_by_label("Adresse e-mail de la commande").fill("autre@exemple.fr")
    page.get_by_role("button", name="Continuer").click()
    expect(page.locator("main")).to_contain_text("pas celle de la commande")
    page.problems.clear()  # The browser tells of the 422 that it was just shown.
    page.get_by_label("Adresse e-mail de la commande").fill(order.email)
    page.get_by_role("button", name="Continuer").click()
    expect(page.locator("h2")).to_contain_text(["Vérifiez, puis confirmez"])
    assert not Withdrawal.objects.exists()
    page.get_by_role("button", name="Confirmer la rétractation").click()

    expect(page.locator("main")).to_contain_text("Rétractation du")
    assert Withdrawal.objects.get().lines.get().quantity == 2
    assert not page.problems


def test_pages_of_what_goes_back(see, goods):  # noqa: F811
    client = signed_in()
    order = prepared(ordered(goods, client), goods)
    line = order.lines.get(replaces__isnull=False)
    address, tracked = f"/commandes/{order.reference}/", f"/suivi/{order.tracking_token}/"
    refusal = f"remplacements/{line.pk}/refuser/"
    see("back-refuse-before", f"{address}{refusal}", client=client, says="ni livré, ni débité")
    see("back-withdraw-early", f"{address}retractation/", client=client, says="pas encore préparée")
    order = delivered(order)
    see("back-order", address, client=client, says="Je n’en veux pas")
    see("back-refuse", f"{address}{refusal}", client=client, says="remboursé en entier")
    see("back-refuse-guest", f"{tracked}{refusal}", client=Client(), says="c’est bien vous")
    wrong = Client().post(f"{tracked}{refusal}", {"email": "a@exemple.fr"})
    see("back-refuse-wrong", client=Client(), answer=wrong, status=422, says="pas celle de la commande")
    services.refuse_substitute(order_reference=order.reference, line_id=line.pk)
    services.give_back(
        order_reference=order.reference, lines=[Returned(order.lines.first().pk, 1)], amount=Decimal("2.50"),
        reason="damaged", occasion="plainte",
    )  # fmt: skip
    see("back-asked", address, client=client, says="demandé")
    settle()
    see("back-made", address, client=client, says="Remboursement effectué")
    see("back-tracking", tracked, client=Client(), says="Renoncer au contrat ici")

    page = client.get(f"{address}retractation/")
    kept = order.lines.get(product=goods["long"])
    see("back-withdraw", f"{address}retractation/", client=client, says="Je rends")
    sent = {
        "name": "Camille", "email": order.email, "key": str(page.context["form"]["key"].value()),
        f"ligne-{kept.pk}": "1",
    }  # fmt: skip
    nothing = client.post(f"{address}retractation/", sent | {f"ligne-{kept.pk}": "0"})
    see("back-withdraw-nothing", client=client, answer=nothing, status=422, says="au moins un article")
    looked = client.post(f"{address}retractation/", sent)
    see("back-withdraw-confirm", client=client, answer=looked, says="Confirmer la rétractation")
    client.post(f"{address}retractation/", sent | {"confirm": "1"})
    see("back-withdrawn", f"{address}retractation/", client=client, says="Rétractation du")
    see("withdrawal-start", "/retractation/", client=client, says=order.reference)
    see("withdrawal-start-stranger", "/retractation/", says="Sans compte")

    staff = UserFactory(staff=True)
    declared = Withdrawal.objects.get()
    services.close_withdrawal(withdrawal_id=declared.pk, why="kept", by_id=staff.pk)
    see("back-withdrawal-kept", f"{address}retractation/", client=client, says="vous gardez ces articles")
    Withdrawal.objects.update(closed_why="never_came")
    see("back-withdrawal-never-came", f"{address}retractation/", client=client, says="ne sont pas arrivés")
    services.receive_withdrawn_goods(withdrawal_id=declared.pk, by_id=staff.pk)
    settle()
    see("back-withdrawal-refunded", f"{address}retractation/", client=client, says="remboursement fait")
    slot = Slot.objects.filter(zone=order.zone, cutoff_at__gt=timezone.now()).last()
    services.redo_delivery(
        order_reference=order.reference, quantities={kept.pk: 1}, slot_id=slot.pk, key=uuid4()
    )
    see("back-redone", address, client=client, says="sans frais")
    redone = Order.objects.get(makes_good=order)
    see("back-redone-order", f"/commandes/{redone.reference}/", client=client, says="Offert, en remplacement")
    Order.objects.filter(pk=order.pk).update(delivered_at=timezone.now() - timedelta(days=40))
    see("back-withdraw-late", f"{address}retractation/", client=client, says="s’est terminé le")
