"""From the order to the closed crates, with an article that will be missing: each of the five wishes, in a browser."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import expect

from config.facts import deliver_all
from crm.outbox.models import Message
from delivery.slots.models import Slot
from shop.orders import services, tasks
from shop.orders.models import Order, ShortageQuestion
from tests.journeys import steps
from tests.shop.orders.depot import KEEPS, pick
from tests.shop.stock.counting import count_shelf

LEFT = 15


@pytest.fixture
def ordered(shop, open_page):
    """Order 20 of an article in the browser, wishing what is to be done; then five of them are gone."""

    def order(*, wish="ask", for_line="", rank=9):
        page = open_page(phone=True)
        steps.say_postcode(page, shop)
        steps.hold_first_slot(page)
        steps.add_found(page, shop, "beurre", 20)
        page.get_by_role("link", name="Passer commande").click()
        steps.fill_recipient(page)
        page.get_by_text(re.compile("^Si un article manque")).click()
        page.locator(f'[name="shortage"][value="{wish}"]').check()
        if for_line:
            page.locator('select[name^="manque-"]').first.select_option(for_line)
        steps.press_order(page)
        steps.pay(page)
        expect(page.locator("h1")).to_contain_text("Merci Léa")
        placed = Order.objects.get()
        Order.objects.update(rank=rank)
        # Soon enough to be told, late enough to be answered.
        starts = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=47)
        others = Slot.objects.filter(zone=placed.zone).exclude(pk=placed.slot_id)
        others.filter(starts_at=starts).update(starts_at=starts - timedelta(days=400))
        Slot.objects.filter(pk=placed.slot_id).update(starts_at=starts, ends_at=starts + timedelta(hours=1))
        line = placed.lines.get()
        count_shelf(line.product, LEFT, placed.depot)
        tasks.tell_shortages()
        deliver_all()
        return page

    return order


def letter(purpose):
    deliver_all()
    return Message.objects.get(purpose=purpose)


def link_of(choice):
    """The link of the letter that preselects this."""
    told = letter("shortage_told").text
    return re.search(rf"\S+/reponse/\S+\?choix={choice}\S*", told).group()


def deadline_passes():
    with time_machine.travel(ShortageQuestion.objects.get().answer_by + timedelta(minutes=1)):
        tasks.settle_shortages()
    deliver_all()


def prepared():
    """Picked as wanted and packed by the depot."""
    order = Order.objects.get()
    services.start_picking(references=[order.reference])
    pick(order, best_before_on=KEEPS)
    services.pack_order(reference=order.reference)
    deliver_all()
    return Order.objects.get()


def follow(page, shop, *, says):
    page.goto(f"{shop}/suivi/{Order.objects.get().tracking_token}/")
    expect(page.locator("h1")).to_contain_text("Votre commande est prête")
    for words in says:
        expect(page.locator("main")).to_contain_text(words)
    assert not page.problems


def test_asked_and_replaced_from_the_letter(shop, ordered):
    page = ordered(wish="ask")
    page.goto(link_of("replace-"))
    expect(page.locator("h1")).to_contain_text("Il manquera 5")
    assert ShortageQuestion.objects.get().answer == ""
    page.get_by_role("button", name="Confirmer mon choix").click()
    expect(page.locator("h1")).to_have_text("C’est réglé")
    page.reload()
    expect(page.locator("main")).to_contain_text("Vous l’avez choisi le")

    order = prepared()

    follow(page, shop, says=["Manque\u202f: 5 sur 20, non facturé", "Remplacé par 5", "Facturé"])
    assert order.bill.total <= order.total and order.lines.count() == 2
    assert "Remplacé par 5" in letter("order_packed").text
    assert not Message.objects.filter(purpose="shortage_settled").exists()


def test_asked_and_another_choice_than_the_link(shop, ordered):
    page = ordered(wish="ask")
    page.goto(link_of("cancel"))
    page.get_by_label(re.compile("Plus tard")).check()
    page.get_by_role("button", name="Confirmer mon choix").click()
    expect(page.locator("main")).to_contain_text("nous vous écrivons dès son retour")

    prepared()

    follow(page, shop, says=["Manque\u202f: 5 sur 20, non facturé"])
    assert ShortageQuestion.objects.get().answer == "later"


def test_asked_and_cancelled_from_the_letter(shop, ordered):
    page = ordered(wish="ask")
    page.goto(link_of("cancel"))
    page.get_by_role("button", name="Confirmer mon choix").click()
    expect(page.locator("main")).to_contain_text("Toute la commande est annulée")

    assert Order.objects.get().status == "cancelled"
    assert "manquait" in letter("order_cancelled").text


@pytest.mark.parametrize(
    ("wish", "done", "says"),
    [
        ("substitute", "replace", ["Remplacé par 5"]),
        ("leave_out", "leave_out", ["Manque\u202f: 5 sur 20, non facturé"]),
        ("later", "later", ["Manque\u202f: 5 sur 20, non facturé"]),
    ],
)
def test_without_a_word_what_was_wished_is_done(shop, ordered, wish, done, says):
    page = ordered(wish=wish)
    deadline_passes()

    prepared()

    assert ShortageQuestion.objects.get().answer == done
    assert "rien d’autre à faire" in letter("shortage_settled").text
    follow(page, shop, says=says)


def test_without_a_word_all_is_cancelled_where_it_was_wished(shop, ordered):
    page = ordered(for_line="cancel")
    deadline_passes()

    page.goto(f"{shop}/suivi/{Order.objects.get().tracking_token}/")

    expect(page.locator("h1")).to_contain_text("est annulée")
    expect(page.locator("main")).to_contain_text("Un article manquait")


def test_a_newcomer_is_replaced_nothing_without_a_word(shop, ordered):
    page = ordered(wish="substitute", rank=1)
    deadline_passes()

    order = prepared()

    follow(page, shop, says=["Manque\u202f: 5 sur 20, non facturé"])
    assert order.lines.count() == 1
