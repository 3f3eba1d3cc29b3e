"""An order placed in a browser, picked, weighed, charged and partly refunded: its papers follow by themselves."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from config.facts import deliver_all
from shop.documents.models import Document, Kind
from shop.documents.queries import printed
from shop.documents.rules import by_rate_of
from shop.payments import services as payments
from shop.payments.models import PaymentAccount
from tests.factories import ProductFactory
from tests.shop.checkout.conftest import terms, zone  # noqa: F401
from tests.shop.documents.test_files import pages
from tests.shop.orders.depot import packed, place

pytestmark = pytest.mark.django_db


def money_moves(order):
    payments.reconcile(now=timezone.now() + timedelta(minutes=5))
    deliver_all()
    return PaymentAccount.objects.get(order_reference=order.reference)


def test_papers_follow_the_money(zone):  # noqa: F811
    cheese = ProductFactory(name="Comté", price=Decimal("4.00"), stock=50)
    apples = ProductFactory(name="Pommes", weighed=True, stock=50_000)
    water = ProductFactory(name="Eau", price=Decimal("5.00"), vat_rate=20, deposit=Decimal("0.20"), stock=50)
    order = packed(place(zone, {cheese: 12, apples: 1000, water: 3}), {cheese: 11, apples: 1400})
    assert not Document.objects.exists()

    taken = money_moves(order)

    invoice = Document.objects.get()
    assert invoice.total == taken.captured == order.bill.total
    assert Decimal(invoice.payload["untaxed"]) == Decimal("0.60")
    payments.refund(
        order_reference=order.reference, amount=Decimal("4.00"), occasion="plainte-7", reason="damaged"
    )
    money_moves(order)
    note = Document.objects.get(kind=Kind.CREDIT_NOTE)
    assert (note.total, note.occasion, note.corrects) == (Decimal("4.00"), "plainte-7", invoice)
    assert sum(by_rate_of(note.payload).values()) == Decimal("4.00")
    assert pages(printed(invoice)) == pages(printed(note)) == 1
