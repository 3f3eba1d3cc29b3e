"""A code for many at the last step: once a customer, for named articles, for some customers, within its budget; each
refusal in words, and each tab, machine and guess told no more than is fair.
"""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.limits import Limit
from loyalty.vouchers import services as vouchers
from loyalty.vouchers.codes import stop_code
from loyalty.vouchers.models import SharedCode, Voucher
from shop.basket.models import Basket
from shop.checkout import voucher_views
from shop.checkout.models import CheckoutDraft
from shop.orders import services as orders
from shop.orders.models import Order
from shop.stock.models import StockItem
from tests.factories import AisleFactory, CustomerFactory, ProductFactory
from tests.loyalty.vouchers.coding import drawn, off, over, proven, shared, take
from tests.loyalty.vouchers.granting import granted
from tests.shop.checkout.conftest import Walk, total_seen
from tests.shop.checkout.test_checkout import statements
from tests.shop.checkout.test_vouchers import UNKNOWN, enter
from tests.shop.orders.sales import bought_by
from tests.shop.pricing.promoting import promote

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def cheese():
    shelf = AisleFactory(slug="fromages", name="Fromages", parent=AisleFactory(slug="frais", name="Frais"))
    product = ProductFactory(name="Comté", shelf=shelf)
    StockItem.objects.update(unit_cost=D("0.50"))
    return product


@pytest.fixture
def customer(client, zone):
    found = proven()
    client.force_login(found.user)
    return found


@pytest.fixture
def own(customer, walk, slot, cheese):
    """A signed-in customer at the recap, fifty euros of cheese and 5.90 of delivery."""
    walk.fill(cheese).hold(slot).say_who()
    return walk


# --- from the field to the order and back ----------------------------------------------------------


def test_a_code_for_many_is_typed_seen_ordered_and_drawn(own, customer):
    code = off(budget=D(100))

    page = enter(own, code="cinq")
    own.come_back(own.pay(own.order()))

    assert "C’est noté\u202f: 5,00\u00a0€ de moins." in page and "Code CINQ (5,00\u00a0€)" in page
    order = Order.objects.get()
    assert (order.total, order.voucher_discount, order.voucher_label) == (
        D("50.90"),
        D(5),
        "Code CINQ (5,00\u00a0€)",
    )
    voucher = Voucher.objects.get()
    assert (voucher.owner, voucher.order_reference, voucher.shared_code) == (customer, order.reference, code)
    assert drawn(code) == (1, D("5.00"))
    assert CheckoutDraft.objects.filter(voucher__isnull=False).count() == 0


def test_cancelled_it_comes_back_to_the_customer_who_picks_it_again(own, customer, slot, cheese):
    code = off(budget=D(5))
    enter(own, code="CINQ")
    own.come_back(own.pay(own.order()))
    own.client.post(reverse("cancel_order", args=[Order.objects.get().reference]))
    assert drawn(code) == (0, 0)
    Basket.objects.update(is_open=False)
    walk = Walk(own.client).fill(cheese)
    walk.hold(slot).say_who()

    offered = walk.recap().content.decode()
    page = enter(walk, voucher=Voucher.objects.get().pk)
    walk.order()

    assert "Code CINQ" in offered and 'value="50.90"' in page
    assert drawn(code) == (1, D("5.00")) and Voucher.objects.count() == 1


def test_given_up_unpaid_it_is_drawn_once_for_the_order_that_follows(own):
    code = off(budget=D(5), most_uses=1)
    enter(own, code="CINQ")
    own.order()
    waiting = own.recap().content.decode()
    own.order()
    assert drawn(code) == (1, D("5.00"))
    own.client.post(reverse("give_up_payment"))
    assert drawn(code) == (0, 0)

    own.order()

    assert 'value="50.90"' in waiting
    assert drawn(code) == (1, D("5.00"))
    assert sorted(Order.objects.values_list("status", flat=True)) == ["abandoned", "awaiting_payment"]


def test_taken_off_again_or_replaced_only_the_last_one_counts(own, customer):
    code, (mine, _secret) = off(), granted("7.00", owner_id=customer.pk)

    enter(own, code="CINQ")
    replaced = enter(own, voucher=mine.pk)
    again = enter(own, code="CINQ")
    removed = enter(own, remove="1")

    assert [f'value="{total}"' in page for total, page in (("48.90", replaced), ("50.90", again), ("55.90", removed))] == [True] * 3  # fmt: skip
    draft = CheckoutDraft.objects.get()
    assert (draft.voucher, draft.shared_code) == (None, None) and drawn(code) == (0, 0)


# --- each refusal in words -------------------------------------------------------------------------


def refused(walk, code, **sent):
    page = enter(walk, code=code, **sent)
    assert 'name="seen_total" value="55.90"' in page
    assert CheckoutDraft.objects.get().shared_code is None
    return page


def test_a_guest_is_told_to_sign_in(ready):
    off()

    page = enter(ready, code="CINQ")

    assert "connectez-vous ou créez un compte" in page and 'value="55.90"' in page


def test_an_address_that_is_not_proven_is_told(client, walk, slot, cheese):
    client.force_login(CustomerFactory().user)
    walk.fill(cheese).hold(slot).say_who()
    off()

    assert "Confirmez d’abord votre adresse" in refused(walk, "CINQ")


def test_what_it_is_for_is_named_where_none_is_in_the_basket(own):
    fruit = AisleFactory(slug="fruits", name="Fruits et légumes")
    ProductFactory(shelf=fruit, price=D(9))
    shared("FRUITS", aisles=[fruit])

    assert "Il vaut pour Fruits et légumes\u202f: rien de tel" in refused(own, "FRUITS")


def test_each_state_has_its_words(own, customer):
    later = timezone.now() + timedelta(days=3)
    shared("DEMAIN", starts_at=later, ends_at=later + timedelta(days=1))
    over(shared("HIER"))
    stop_code(code_id=shared("STOP").pk)
    stop_code(code_id=shared("JAMAIS", starts_at=later, ends_at=later + timedelta(days=1)).pk)
    take(off(code="PLEIN", most_uses=1), proven(), "CB-9")
    shared("PAUVRE", budget=D("4.99"))
    shared("CENT", minimum_goods=D(100))
    shared("SERVI")
    take(SharedCode.objects.get(code="SERVI"), customer, "CB-8")
    taken = refused(own, "SERVI")
    vouchers.use(order_reference="CB-8", amount=D(5))

    said = {
        code: refused(own, code)
        for code in ("DEMAIN", "HIER", "STOP", "JAMAIS", "PLEIN", "PAUVRE", "CENT", "SERVI")
    }

    assert "pas encore valable\u202f: il le sera le" in said["DEMAIN"]
    assert "l’offre est terminée" in said["HIER"] and "l’offre est terminée" in said["STOP"]
    assert UNKNOWN in said["JAMAIS"]
    assert "a été utilisé" in said["PLEIN"] and "a été utilisé" in said["PAUVRE"]
    assert "Il manque 50,00\u00a0€" in said["CENT"]
    assert "pris par une autre commande" in taken and "Vous avez déjà utilisé ce code" in said["SERVI"]


def test_newcomers_are_welcome_and_others_are_told(own, customer, zone):
    code = shared("BIENVENUE", audience="newcomers")
    assert "5,00\u00a0€ de moins" in enter(own, code="BIENVENUE")
    enter(own, remove="1")
    bought_by(customer, zone, ProductFactory())

    assert "réservé à une première commande" in refused(own, "BIENVENUE") and drawn(code) == (0, 0)


def test_a_code_for_other_customers_reads_like_an_unknown_one(own, customer, zone):
    shared("RETOUR", audience="away", audience_number=60)
    unknown = refused(own, "N1MPORTE")

    assert refused(own, "RETOUR").count(UNKNOWN) == unknown.count(UNKNOWN) == 1
    bought_by(customer, zone, ProductFactory(), age=timedelta(days=90))

    assert "5,00\u00a0€ de moins" in enter(own, code="RETOUR")


def test_another_customers_voucher_of_it_is_not_picked(own):
    code = off()
    take(code, proven(), "CB-9")
    vouchers.give_back(order_reference="CB-9")

    assert UNKNOWN in enter(own, voucher=Voucher.objects.get().pk)


# --- lost between the page and the button ----------------------------------------------------------


def test_the_last_use_lost_in_the_very_transaction_leaves_nothing_behind(own, monkeypatch):
    code, quick = off(most_uses=1), proven()
    enter(own, code="CINQ")
    create = orders.create_order

    def after_another(**wanted):
        take(code, quick, "CB-9")
        return create(**wanted)

    monkeypatch.setattr(orders, "create_order", after_another)

    told = own.told(own.order())

    assert "Tout ce qui était prévu pour ce code a été utilisé" in told and "Le total a changé" in told
    assert not Order.objects.exists() and StockItem.objects.first().available == 100
    assert drawn(code) == (0, 0)


def test_stopped_since_it_was_chosen_it_is_told_and_the_order_costs_its_full_price(own):
    code = off()
    enter(own, code="CINQ")
    seen = total_seen(own.recap())
    stop_code(code_id=code.pk)

    answer = own.client.post(reverse("checkout_recap"), {"terms": "on", "seen_total": seen}, follow=True)

    page = answer.content.decode()
    assert "Le total a changé" in page and "l’offre est terminée" in page and not Order.objects.exists()


def test_signed_out_since_it_takes_nothing_off(own, cheese, slot):
    off()
    enter(own, code="CINQ")
    guest = Walk(Client()).fill(cheese)
    guest.hold(slot).say_who()
    CheckoutDraft.objects.update(shared_code=SharedCode.objects.get())

    page = guest.recap().content.decode()

    assert "connectez-vous ou créez un compte" in page and 'value="55.90"' in page


# --- guessing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", ["CODES_BY_MACHINE", "CODES_BY_CUSTOMER"])
def test_after_so_many_tries_even_the_right_code_waits(own, monkeypatch, limit):
    off()
    monkeypatch.setattr(voucher_views, limit, Limit(f"{limit}.t", most=3))
    for n in range(3):
        enter(own, code=f"FAUX{n}")

    answer = own.client.post(reverse("checkout_voucher"), {"code": "CINQ"})

    assert answer.status_code == 429 and CheckoutDraft.objects.get().shared_code is None


def test_somebody_elses_personal_code_still_reads_like_an_unknown_one(own):
    _theirs, secret = granted(owner_id=proven().pk)

    assert UNKNOWN in refused(own, secret) and UNKNOWN in refused(own, "ABCDE-FGHJK-MNPQR-STVWX")


@pytest.mark.parametrize(
    "typed", ["    ", "CINQ\0", "cinq’; --", "１２３４", "CINQ" * 30, "%s%s", "🥕🥕🥕🥕"]
)
def test_what_cannot_be_a_code_is_unknown(own, typed):
    off()

    assert UNKNOWN in refused(own, typed)


# --- named articles --------------------------------------------------------------------------------


def test_for_a_shelf_it_reduces_that_shelf_alone_and_says_on_how_much(own, cheese):
    bread = ProductFactory(name="Pain", price=D("4.00"), stock=9)
    own.fill(bread, quantity=3)
    shared("FROMAGE", value=D(20), aisles=[cheese.shelf])

    page = enter(own, code="FROMAGE")
    own.order()

    assert (
        "Il compte sur 50,00\u00a0€ d’articles\u202f: Fromages." in page and "10,00\u00a0€ de moins" in page
    )
    lines = {line.name: (line.voucher_share, line.voucher_room) for line in Order.objects.get().lines.all()}
    assert lines == {"Comté": (D("10.00"), D("17.00")), "Pain": (D("0.00"), D("0.00"))}


def test_with_a_promotion_it_stops_where_the_law_does_and_says_so(own, cheese):
    own.fill(cheese, quantity=30)
    promote("percent", percent=D(30), products=[cheese])
    shared("FROMAGE", value=D(20), aisles=[cheese.shelf.parent])

    page = enter(own, code="FROMAGE")
    own.order()

    order = Order.objects.get()
    assert (order.discount_total, order.voucher_discount) == (D("22.50"), D("3.00"))
    assert "la loi limite la somme des réductions" in page and "le reste n’est pas reporté" in page


def test_never_below_cost(own, cheese):
    StockItem.objects.update(unit_cost=D("2.00"))
    shared("FROMAGE", value=D(20), brands=[cheese.brand])

    enter(own, code="FROMAGE")
    own.order()

    # 2.00 € and a tenth, with 5.5 % of VAT, is 2.321 € a piece: 46.42 € of twenty.
    assert Order.objects.get().voucher_discount == D("3.58")


def test_where_nothing_may_be_taken_off_it_is_kept(own, cheese):
    own.fill(cheese, quantity=30)
    promote("percent", percent=D(34), products=[cheese])
    shared("FROMAGE", value=D(20), products=[cheese])

    assert "n’enlèverait rien" in enter(own, code="FROMAGE")


def test_alcohol_on_the_shelf_bears_nothing(own, cheese, customer):
    ProductFactory(name="Vin", alcohol=True, shelf=cheese.shelf, price=D("10.00"))
    own.fill(ProductFactory(name="Porto", alcohol=True, shelf=cheese.shelf, price=D("10.00")), quantity=1)
    shared("FROMAGE", value=D(20), aisles=[cheese.shelf])

    page = enter(own, code="FROMAGE")

    assert "Il compte sur 50,00\u00a0€" in page and "ni l’alcool" in page


# --- explained, and what it costs ------------------------------------------------------------------


def test_what_adds_up_is_said_in_the_basket_and_at_the_last_step(own):
    told = "Un seul bon ou code par commande. Il s’ajoute aux promotions, et se déduit après elles."

    assert told in own.client.get(reverse("basket")).content.decode()
    assert told in own.recap().content.decode()


def test_the_recap_costs_the_same_however_many_codes_a_customer_has(own, customer, cheese):
    def had(n):
        take(shared(f"CODE{n}", products=[cheese]), customer, f"CB-{n}")
        vouchers.give_back(order_reference=f"CB-{n}")

    def cost(address):
        own.client.get(address)
        with CaptureQueriesContext(connection) as asked:
            own.client.get(address)
        return len(asked)

    pages = [reverse("checkout_recap"), reverse("my_loyalty")]
    had(1)
    before = [cost(page) for page in pages]
    for n in range(2, 6):
        had(n)

    assert [cost(page) for page in pages] == before


def test_a_code_costs_the_button_three_statements(own):
    def pressed():
        seen = total_seen(own.recap())
        with CaptureQueriesContext(connection) as asked:
            own.client.post(reverse("checkout_recap"), {"terms": "on", "seen_total": seen})
        told = [sql for sql in statements(asked.captured_queries) if "demosession" not in sql]
        own.client.post(reverse("give_up_payment"))
        return len(told)

    off(budget=D(100))
    without = pressed()
    enter(own, code="CINQ")

    assert pressed() == without + 3
    assert Order.objects.latest("pk").voucher_discount == 5


# --- a part of one product for points ----------------------------------------------------------------


def for_product(customer, product, value="3.00"):
    return granted(value, owner_id=customer.pk, origin="loyalty", product_ref=product.pk)[0]


def test_what_points_take_off_one_product_is_held_to_its_own_cap(own, customer, cheese):
    """Ten pieces of 5 €: a voucher of 30 € for them takes 34 % of fifty euros off, whatever it was granted for."""
    for_product(customer, cheese, "30.00")

    page = enter(own, voucher=Voucher.objects.get().pk)

    assert "C’est noté\u202f: 17,00\u00a0€ de moins." in page


def test_without_its_product_it_says_which_one_it_waits_for(own, customer):
    for_product(customer, ProductFactory(name="Beaufort"))

    page = enter(own, voucher=Voucher.objects.get().pk)

    assert "Il vaut pour Beaufort" in page and "€ de moins" not in page
    assert Voucher.objects.get().state == "live"
