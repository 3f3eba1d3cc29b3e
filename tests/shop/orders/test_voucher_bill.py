"""A voucher from the order to the bill: it takes off what is delivered, and is spent when the money is taken."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from loyalty.vouchers.models import Voucher
from shop.documents.services import issue_invoice
from shop.orders.models import Order
from tests.factories import ProductFactory
from tests.loyalty.vouchers.granting import granted, off_delivery
from tests.shop.checkout.conftest import Walk, terms, zone  # noqa: F401
from tests.shop.orders.depot import new_slot, packed, settled

pytestmark = pytest.mark.django_db


@pytest.fixture
def comte():
    return ProductFactory(name="Comté", price=Decimal("4.00"), stock=50)


def ordered(zone, product, code, also=None):  # noqa: F811
    """Paid for with a voucher, forty-eight euros of goods, and one piece of ``also``."""
    walk = Walk(Client()).fill(product, quantity=12)
    if also:
        walk.fill(also, quantity=1)
    walk.hold(new_slot(zone))
    walk.say_who()
    walk.client.post(reverse("checkout_voucher"), {"code": code})
    walk.come_back(walk.pay(walk.order()))
    return Order.objects.get()


def invoiced(order):
    """Label, rate and euros of each row of its invoice."""
    settled(order)
    payload = issue_invoice(order_reference=order.reference).payload
    assert Decimal(payload["total"]) == order.bill.total
    return [(row["label"], row["rate"], row["gross"]) for row in payload["rows"]]


def test_the_bill_takes_the_whole_amount_off_and_the_voucher_is_spent(zone, comte):  # noqa: F811
    voucher, code = granted("5.00")

    order = packed(ordered(zone, comte, code), {comte: 11})
    money = settled(order)

    bill = order.bill
    assert (bill.goods_total, bill.voucher_discount) == (Decimal("44.00"), Decimal("5.00"))
    assert bill.total == money.captured == Decimal("44.00") + bill.delivery_fee - 5
    assert order.lines.get().billed_share == Decimal("5.00")
    voucher.refresh_from_db()
    assert (voucher.state, voucher.amount) == ("used", Decimal("5.00"))


def test_the_invoice_shows_it_at_each_rate(zone, comte):  # noqa: F811
    soap = ProductFactory(name="Savon", price=Decimal("12.00"), vat_rate=Decimal(20), stock=9)
    _voucher, code = granted("10.00")

    rows = invoiced(packed(ordered(zone, comte, code, also=soap)))

    assert [row for row in rows if row[0].startswith("Bon")] == [
        ("Bon de 10,00\u00a0€", "5.5", "-8.00"),
        ("Bon de 10,00\u00a0€", "20.0", "-2.00"),
    ]


def test_the_invoice_shows_a_delivery_credit(zone, comte):  # noqa: F811
    _voucher, code = off_delivery()

    rows = invoiced(packed(ordered(zone, comte, code)))

    assert [row[2] for row in rows if row[1] == "20.0"] == ["5.90", "-5.90"]


def test_a_percentage_follows_what_is_delivered(zone, comte):  # noqa: F811
    voucher, code = granted("10", kind="percentage", minimum_goods=Decimal(48))

    order = packed(ordered(zone, comte, code), {comte: 11})
    settled(order)

    assert (order.voucher_discount, order.bill.voucher_discount) == (Decimal("4.80"), Decimal("4.40"))
    voucher.refresh_from_db()
    assert voucher.amount == Decimal("4.40")


def test_a_delivery_credit_pays_the_delivery_of_what_is_left(zone, comte):  # noqa: F811
    _voucher, code = off_delivery()

    order = packed(ordered(zone, comte, code), {comte: 1})

    assert order.bill.voucher_discount == order.bill.delivery_fee > 0
    assert order.bill.total == Decimal("4.00")


def test_where_nothing_was_found_it_comes_back(zone, comte):  # noqa: F811
    _voucher, code = granted()

    order = packed(ordered(zone, comte, code), {comte: 0})
    settled(order)

    assert order.status == Order.Status.CANCELLED
    assert Voucher.objects.get().state == "live"
