"""Points from a first delivery to a refund, and the gift of the 5th order from its letter to the door; a voucher that says why not."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from config.facts import deliver_all
from crm.outbox.models import Message
from delivery.slots.models import Slot
from loyalty.points.models import PointLot
from loyalty.points.queries import wrong_accounts
from loyalty.rewards.models import Present
from loyalty.vouchers.models import Voucher
from shop.orders import services
from shop.picking.services import build_waves
from shop.stock.models import StockItem
from shop.stock.services import lay_out
from tests.journeys import steps
from tests.journeys.test_going_back import delivered
from tests.journeys.test_pages import goods, ordered, signed_in  # noqa: F401
from tests.journeys.test_vouchers import fill_as_a_customer, go_to_recap
from tests.loyalty.vouchers.granting import granted
from tests.shop.orders.depot import KEEPS, pick

CAMILLE = "camille@cabas.example"


@pytest.fixture
def customer(shop):
    """Camille's own browser, in a shop with plenty of everything."""
    StockItem.objects.filter(on_hand__gt=0).update(on_hand=2_000_000)
    return signed_in()


def closed(order):
    """Its slot is sold no more."""
    Slot.objects.filter(pk=order.slot_id).update(cutoff_at=timezone.now() - timedelta(minutes=1))
    return order


def received(order):
    services.start_picking(references=[order.reference])
    done = delivered(order)
    deliver_all()
    return done


def the_return_delay_passes():
    PointLot.objects.update(usable_at=timezone.now() - timedelta(days=1))


def test_points_are_earned_wait_are_spent_and_go_back(shop, goods, open_page, customer):  # noqa: F811
    orders = [
        received(ordered(goods, customer, names=("food", "second", "weighed", "long"), days=2))
        for _n in range(3)
    ]
    page = open_page(phone=True)
    main = page.locator("main")

    steps.sign_in(page, f"{shop}/fidelite/", CAMILLE)
    expect(main).to_contain_text(re.compile(r"points en attente.+une fois passé le délai de retour"))
    expect(main.get_by_role("button", name=re.compile("contre Bon"))).to_have_count(0)

    the_return_delay_passes()
    page.reload()
    expect(main).to_contain_text(re.compile(r"points\s*soit"))
    main.get_by_role("button", name=re.compile(r"^100 points contre Bon de 3,00\s€")).click()
    expect(page.get_by_role("region", name="À utiliser")).to_contain_text(re.compile(r"Bon de 3,00\s€"))
    expect(main).to_contain_text("Échangés contre une récompense")

    go_to_recap(page, shop, fill_as_a_customer)
    page.get_by_role("button", name=re.compile(r"^Utiliser Bon de 3,00\s€")).click()
    expect(page.locator("#bon")).to_contain_text(re.compile(r"3,00\s€ de moins"))

    for order in orders:
        for line in order.lines.all():
            services.give_back_rest(
                order_reference=order.reference, line_id=line.pk, occasion=f"staff-{line.pk}"
            )
    deliver_all()
    page.goto(f"{shop}/fidelite/")
    expect(main).to_contain_text("à rattraper")
    expect(main).to_contain_text(re.compile(r"d’articles remboursés"))
    assert wrong_accounts() == [] and not page.problems


def test_a_fifth_orders_gift_is_chosen_packed_and_given(shop, goods, open_page, customer):  # noqa: F811
    for _n in range(4):
        order = received(ordered(goods, customer, days=2))
    assert order.rank == 4
    letter = Message.objects.get(purpose="gift_announced")
    page = open_page(phone=True)
    main = page.locator("main")

    steps.sign_in(page, re.search(r"\S+/fidelite/", letter.text).group(0), CAMILLE)
    main.get_by_label(re.compile("Sac cabas en toile")).check()
    main.get_by_role("button", name="Choisir ce cadeau").click()
    expect(main).to_contain_text("Vous avez choisi Sac cabas en toile, avec votre prochaine commande.")

    fifth = ordered(goods, customer, days=3)
    deliver_all()
    page.goto(f"{shop}/commandes/{fifth.reference}/")
    expect(page.get_by_role("region", name="Avec cette commande")).to_contain_text("Sac cabas en toile")

    closed(fifth)
    lay_out()
    build_waves(now=timezone.now())
    depot = open_page(phone=True)
    steps.sign_in(depot, f"{shop}/preparation/", "preparation@cabas.example")
    depot.get_by_role("button", name="En prendre 1").click()
    expect(depot.locator("h1")).to_be_visible()
    pick(fifth, best_before_on=KEEPS)
    depot.goto(f"{shop}/preparation/chariot/liste/")
    expect(depot.locator("main")).to_contain_text("Sac cabas en toile")
    depot.goto(f"{shop}/preparation/chariot/")
    depot.get_by_role("link", name=re.compile(fifth.reference)).click()
    depot.get_by_role("button", name="Fermer les bacs").click()
    expect(depot.locator("main")).to_contain_text("Dites si c’est mis, ou introuvable.")
    depot.problems.clear()
    for choice in depot.get_by_text("C’est mis", exact=True).all():
        choice.click()
    depot.get_by_role("button", name="Fermer les bacs").click()
    expect(depot.locator("main")).to_contain_text("prête")

    deliver_all()
    services.hand_over(reference=fifth.reference)
    deliver_all()
    page.goto(f"{shop}/fidelite/")
    expect(page.get_by_role("region", name="Mes cadeaux")).to_contain_text("Remis le")
    gift = Present.objects.get(kind="gift")
    assert (gift.state, gift.order_reference) == ("given", fifth.reference)
    assert not page.problems and not depot.problems


def test_a_voucher_is_refused_with_a_reason_one_understands(shop, open_page):
    _voucher, code = granted("7.00", minimum_goods=Decimal(900))
    page = open_page(phone=True)
    go_to_recap(page, shop)
    page.get_by_text("Code avantage ou bon").click()

    for typed, said in (
        (code, re.compile(r"Il manque [\d\s,]+€ d’articles pour utiliser ce bon")),
        ("7KQ2M-XPA4V-7KQ2M-XPA4V", "Nous ne reconnaissons pas ce code"),
    ):
        page.get_by_label("Votre code").fill(typed)
        page.get_by_role("button", name="Utiliser ce code").click()
        expect(page.locator("#bon")).to_contain_text(said)

    assert Voucher.objects.get(minimum_goods=900).state == "live" and not page.problems
