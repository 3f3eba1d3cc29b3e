"""A voucher at the last step: typed or picked, in the sums, in the order, and back when the order comes to nothing."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.facts import deliver_all, publish
from config.limits import Limit
from crm.outbox.models import Message
from loyalty.vouchers import services as vouchers
from shop.basket.models import Basket
from shop.checkout import voucher_views
from shop.checkout.models import CheckoutDraft
from shop.orders import services as orders
from shop.orders.models import Order
from shop.orders.tasks import expire_unpaid
from shop.payments.events import PaymentCaptured
from shop.payments.models import PaymentOperation
from shop.stock.models import StockItem
from tests.factories import CustomerFactory, ProductFactory
from tests.loyalty.vouchers.granting import granted, off_delivery, reserve
from tests.shop.checkout.conftest import Walk, total_seen
from tests.shop.checkout.test_checkout import statements

pytestmark = pytest.mark.django_db
UNKNOWN = "Nous ne reconnaissons pas ce code"


@pytest.fixture
def customer(client, zone):
    found = CustomerFactory()
    client.force_login(found.user)
    return found


@pytest.fixture
def own(customer, walk, slot):
    """A signed-in customer at the recap, fifty euros of goods and 5.90 of delivery."""
    walk.fill(ProductFactory(name="Comté")).hold(slot).say_who()
    return walk


def enter(walk, **sent):
    """Send the voucher's form; what is read then."""
    answer = walk.client.post(reverse("checkout_voucher"), sent)
    assert answer.status_code == 302, answer.status_code
    assert answer.headers["Location"].startswith(reverse("checkout_recap"))
    return walk.recap().content.decode()


def test_a_code_is_typed_seen_in_the_sums_ordered_and_kept_with_the_order(ready):
    voucher, code = granted()

    page = enter(ready, code=code)
    placed = ready.come_back(ready.pay(ready.order()))

    assert "C’est noté\u202f: 5,00\u00a0€ de moins." in page and "−5,00\u00a0€" in page
    order = Order.objects.get()
    assert (order.status, order.total, order.voucher_discount) == (
        "placed",
        Decimal("50.90"),
        Decimal("5.00"),
    )
    assert order.goods_total == Decimal("50.00") and order.lines.get().voucher_share == Decimal("5.00")
    assert sum(rate.gross for rate in order.vat_totals.all()) == order.total
    assert PaymentOperation.objects.get().amount == Decimal("50.90")
    voucher.refresh_from_db()
    assert (voucher.order_reference, voucher.state) == (order.reference, "held")
    tracked = ready.client.get(placed.headers["Location"]).content.decode()
    assert "Bon de 5,00\u00a0€" in tracked and "50,90\u00a0€" in tracked


def test_the_confirmation_tells_it(ready):
    _voucher, code = granted()
    enter(ready, code=code)
    ready.come_back(ready.pay(ready.order()))
    deliver_all()

    letter = Message.objects.get(purpose="order_confirmation")

    assert (
        "Bon de 5,00\u00a0€" in letter.text
        and "−5,00\u00a0€" in letter.text
        and "50,90\u00a0€" in letter.text
    )
    assert "Bon de 5,00" in letter.html and code not in letter.text + letter.html


@pytest.mark.parametrize("said", [str.lower, lambda c: c.replace("-", " "), lambda c: f" {c.replace('-', '').lower()} "])  # fmt: skip
def test_case_spaces_and_dashes_do_not_matter(ready, said):
    _voucher, code = granted()

    assert "5,00\u00a0€ de moins" in enter(ready, code=said(code))


def test_the_code_stands_in_no_address_and_in_no_page(ready):
    _voucher, code = granted()

    answer = ready.client.post(reverse("checkout_voucher"), {"code": code})
    page = ready.recap().content.decode()

    assert code not in answer.headers["Location"] + page
    assert code not in str(dict(ready.client.session))


@pytest.mark.parametrize("typed", ["", "A" * 20, "A" * 1000, "🥕" * 20, "’; --", "\0", "%s%d{}", "١٢٣٤٥" * 4])
def test_what_is_no_code_is_refused_in_the_same_words(ready, typed):
    granted()

    page = enter(ready, code=typed)

    assert UNKNOWN in page and 'name="seen_total" value="55.90"' in page
    assert CheckoutDraft.objects.get().voucher is None


@pytest.mark.parametrize("picked", ["0", "-1", "abc", str(2**70), "1e3"])
def test_a_choice_that_cannot_be_is_refused(own, picked):
    assert UNKNOWN in enter(own, voucher=picked)


def test_somebody_elses_voucher_is_unknown_typed_or_picked(own):
    other, code = granted(owner_id=CustomerFactory().pk)

    assert UNKNOWN in enter(own, code=code)
    assert UNKNOWN in enter(own, voucher=other.pk)
    assert UNKNOWN in enter(own, voucher=granted()[0].pk)  # Nobody's: its code is wanted.
    assert CheckoutDraft.objects.get().voucher is None


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"minimum_goods": Decimal("60.00")}, "Il manque 10,00\u00a0€"),
        ({"valid_from": timezone.now() + timedelta(days=3)}, "pas encore valable"),
    ],
)
def test_conditions_that_are_not_met_are_told(ready, terms, said):
    _voucher, code = granted(**terms)

    page = enter(ready, code=code)

    assert said in page and 'value="55.90"' in page


def test_an_expired_a_cancelled_and_a_spent_voucher_say_so(ready):
    _expired, code = granted(
        valid_from=timezone.now() - timedelta(days=2), valid_until=timezone.now() - timedelta(days=1)
    )
    assert "sa date est passée" in enter(ready, code=code)
    cancelled, code = granted()
    vouchers.cancel(voucher_id=cancelled.pk, reason="mistake", by_id=CustomerFactory().user.pk)
    assert "a été annulé" in enter(ready, code=code)
    spent, code = granted()
    reserve(spent, "CB-9")
    assert "pris par une autre commande" in enter(ready, code=code)
    vouchers.use(order_reference="CB-9", amount=Decimal(5))
    assert "a déjà servi" in enter(ready, code=code)


def test_an_owned_voucher_is_picked_without_typing_and_taken_off_again(own, customer):
    voucher, _code = granted(owner_id=customer.pk, minimum_goods=Decimal(30))
    before = own.recap().content.decode()

    chosen = enter(own, voucher=voucher.pk)
    removed = enter(own, remove="1")

    assert "Bon de 5,00\u00a0€" in before and "Dès 30,00\u00a0€ d’articles" in before
    assert 'value="50.90"' in chosen
    assert "vous le gardez" in removed and 'value="55.90"' in removed


def test_a_delivery_credit_takes_the_slots_price_off(own, customer):
    voucher, _code = off_delivery(owner_id=customer.pk)

    page = enter(own, voucher=voucher.pk)
    own.order()

    assert "−5,90\u00a0€" in page
    order = Order.objects.get()
    assert (order.delivery_fee, order.voucher_discount, order.total) == (
        Decimal("5.90"), Decimal("5.90"), Decimal("50.00"),
    )  # fmt: skip


def test_a_delivery_credit_is_kept_where_delivery_is_offered(walk, customer, slot):
    voucher, _code = off_delivery(owner_id=customer.pk)
    walk.fill(ProductFactory(price=Decimal("5.00")), quantity=40).hold(slot).say_who()

    page = enter(walk, voucher=voucher.pk)

    assert "n’enlèverait rien" in page and CheckoutDraft.objects.get().voucher is None


def test_a_voucher_worth_more_than_the_order_leaves_what_a_card_can_pay_and_says_so(ready):
    _voucher, code = granted("90.00")

    page = enter(ready, code=code)
    ready.order()

    assert "le reste n’est pas reporté" in page
    order = Order.objects.get()
    assert order.total == Decimal("5.90") and order.voucher_discount == Decimal("50.00")


def test_the_minimum_of_the_zone_is_judged_before_the_voucher(ready):
    _voucher, code = granted("40.00")

    enter(ready, code=code)
    ready.order()

    assert Order.objects.get().total == Decimal("15.90")


def test_first_order_only_knows_a_customers_orders(own, customer, slot):
    voucher, _code = granted(owner_id=customer.pk, first_order_only=True)
    enter(own, voucher=voucher.pk)
    assert own.order() and Order.objects.get().voucher_discount == 5
    Order.objects.update(status="placed", placed_at=timezone.now(), customer_id=customer.pk)
    again, code = granted(first_order_only=True)
    Basket.objects.update(is_open=False)
    walk = Walk(own.client).fill(ProductFactory())
    walk.hold(slot).say_who()

    page = enter(walk, code=code)

    assert "réservé à une première commande" in page
    again.refresh_from_db()
    assert again.state == "live"


def test_cancelled_it_comes_back_and_serves_again(own, customer):
    voucher, _code = granted(owner_id=customer.pk)
    enter(own, voucher=voucher.pk)
    own.come_back(own.pay(own.order()))
    order = Order.objects.get()

    told = own.client.post(reverse("cancel_order", args=[order.reference]), follow=True).content.decode()

    voucher.refresh_from_db()
    assert "Votre bon vous est rendu." in told
    assert voucher.state == "live"
    assert [entry.kind for entry in voucher.entries.all()] == ["granted", "reserved", "given_back"]


def test_given_up_or_expired_unpaid_it_comes_back_and_stays_chosen(ready):
    voucher, code = granted()
    enter(ready, code=code)
    ready.order()
    ready.client.post(reverse("give_up_payment"))
    voucher.refresh_from_db()
    assert voucher.state == "live"

    ready.order()
    with time_machine.travel(timezone.now() + timedelta(hours=4)):
        expire_unpaid()

    voucher.refresh_from_db()
    assert voucher.state == "live" and {order.status for order in Order.objects.all()} == {"abandoned"}


def test_a_second_press_resumes_the_same_payment_with_its_voucher(ready):
    _voucher, code = granted()
    enter(ready, code=code)

    first, second = ready.order(), ready.order()

    assert first.headers["Location"] == second.headers["Location"]
    assert Order.objects.get().voucher_discount == 5


def test_a_voucher_chosen_taken_off_or_changed_behind_a_waiting_payment_makes_another_order(ready):
    ready.order()
    first, code = granted()
    enter(ready, code=code)
    ready.order()
    _second, other = granted()
    enter(ready, code=other)
    ready.order()
    enter(ready, remove="1")
    ready.order()

    discounts = list(Order.objects.order_by("pk").values_list("status", "voucher_discount"))
    assert discounts == [
        ("abandoned", 0), ("abandoned", 5), ("abandoned", 5), ("awaiting_payment", 0),
    ]  # fmt: skip
    first.refresh_from_db()
    assert first.state == "live"


def test_a_voucher_lost_between_recap_and_button_is_told_and_nothing_is_ordered(ready):
    voucher, code = granted()
    enter(ready, code=code)
    seen = total_seen(ready.recap())
    reserve(voucher, "CB-9")

    answer = ready.client.post(reverse("checkout_recap"), {"terms": "on", "seen_total": seen}, follow=True)

    page = answer.content.decode()
    assert "Le total a changé" in page and "pris par une autre commande" in page
    assert not Order.objects.exists() and StockItem.objects.get().available == 100


def test_a_voucher_lost_in_the_very_transaction_leaves_nothing_behind(ready, monkeypatch):
    voucher, code = granted()
    enter(ready, code=code)
    create = orders.create_order

    def after_another(**wanted):
        reserve(voucher, "CB-9")
        return create(**wanted)

    monkeypatch.setattr(orders, "create_order", after_another)

    told = ready.told(ready.order())

    assert "pris par une autre commande" in told
    assert not Order.objects.exists() and not PaymentOperation.objects.exists()
    assert StockItem.objects.get().available == 100


def test_a_voucher_of_an_account_left_behind_is_no_guests(own, customer):
    voucher, _code = granted(owner_id=customer.pk)
    enter(own, voucher=voucher.pk)
    CheckoutDraft.objects.update(voucher=granted(owner_id=CustomerFactory().pk)[0])

    page = own.recap().content.decode()

    assert UNKNOWN in page and 'value="55.90"' in page


def test_charged_it_is_used_once_whatever_the_fact_says_twice(ready):
    voucher, code = granted()
    enter(ready, code=code)
    ready.come_back(ready.pay(ready.order()))
    order = Order.objects.get()

    for _again in range(2):
        publish(PaymentCaptured(order_reference=order.reference, operation_key="k", amount_cents=5090))
        deliver_all()

    voucher.refresh_from_db()
    assert voucher.state == "used" and voucher.amount == Decimal("5.00")


def test_guessing_is_slowed_down_by_machine(ready, monkeypatch):
    monkeypatch.setattr(voucher_views, "CODES_BY_MACHINE", Limit("voucher.machine.t", most=3))

    answers = [
        ready.client.post(reverse("checkout_voucher"), {"code": "A" * 20}).status_code for _n in range(5)
    ]

    assert answers == [302, 302, 302, 429, 429]
    assert ready.client.post(reverse("checkout_voucher"), {"remove": "1"}).status_code == 302


def test_guessing_is_slowed_down_by_customer(own, monkeypatch):
    monkeypatch.setattr(voucher_views, "CODES_BY_CUSTOMER", Limit("voucher.customer.t", most=2))

    answers = [
        own.client.post(reverse("checkout_voucher"), {"code": "A" * 20}).status_code for _n in range(3)
    ]

    assert answers == [302, 302, 429]


def test_without_a_basket_or_a_slot_nothing_is_chosen(client, walk, zone):
    assert client.post(reverse("checkout_voucher"), {"code": "A"}).headers["Location"] == reverse("basket")
    walk.fill(ProductFactory())

    assert client.post(reverse("checkout_voucher"), {"code": "A"}).headers["Location"] == reverse(
        "checkout_recap"
    )
    assert client.get(reverse("checkout_voucher")).status_code == 405


def test_the_form_is_refused_without_its_token(ready):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = ready.client.cookies

    assert strict.post(reverse("checkout_voucher"), {"code": "A"}).status_code == 403


def test_a_voucher_costs_the_button_one_statement(own, customer):
    def pressed():
        seen = total_seen(own.recap())
        with CaptureQueriesContext(connection) as captured:
            own.client.post(reverse("checkout_recap"), {"terms": "on", "seen_total": seen})
        asked = [sql for sql in statements(captured.captured_queries) if "demosession" not in sql]
        own.client.post(reverse("give_up_payment"))
        return len(asked)

    without = pressed()
    enter(own, voucher=granted(owner_id=customer.pk)[0].pk)

    assert pressed() == without + 1
    assert without <= 30
    assert Order.objects.latest("pk").voucher_discount == 5


def test_the_recap_costs_the_same_however_many_vouchers(own, customer):
    def cost():
        own.recap()
        with CaptureQueriesContext(connection) as captured:
            own.recap()
        return len(captured)

    granted(owner_id=customer.pk)
    before = cost()
    for _n in range(6):
        granted(owner_id=customer.pk)

    assert cost() == before
