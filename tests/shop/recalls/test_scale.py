"""A thousand buyers: each in a transaction of their own, and no more memory for the last than for the first."""

import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone

from shop.orders.models import BillVat, Order, OrderBill, OrderLine
from shop.payments.models import PaymentAccount, PaymentEntry, PaymentOperation
from shop.recalls import services
from shop.recalls.models import RecallNotice
from tests.factories import CustomerFactory, ProductFactory, SlotFactory, ZoneFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.heavy]
BUYERS = 1_000
PAGE_KB = 4
MOST_MORE_KB = 5_000
EURO = Decimal(40)


def sold(product, number):
    """So many packed and paid orders of one article, as rows."""
    slot = SlotFactory(zone=ZoneFactory(), starts_at=timezone.now() + timedelta(days=30))
    customer, now = CustomerFactory(), timezone.now()
    orders = Order.objects.bulk_create(
        Order(
            reference=f"CB-R{n:06}", customer=customer, basket_key=uuid4(), status=Order.Status.PACKED, slot=slot,
            zone=slot.zone, depot=slot.zone.depot, email=f"a{n}@exemple.fr", first_name="Élodie", last_name="Martin",
            phone="0612345678", line1="12 rue des Lilas", postcode="75011", city="Paris", goods_total=EURO,
            delivery_fee=0, total=EURO, terms_version="1", placed_at=now,
        )
        for n in range(number)
    )  # fmt: skip
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order, product=product, ean=product.ean, name=product.name, sold_by="piece", quantity=10,
            unit_price=4, vat_rate=Decimal("5.5"), total=EURO, vat_amount=0, unit_cost=1, cost_on=now.date(),
            picked=10, billed=EURO,
        )
        for order in orders
    )  # fmt: skip
    bills = OrderBill.objects.bulk_create(
        OrderBill(order=order, goods_total=EURO, deposit_total=0, delivery_fee=0, total=EURO)
        for order in orders
    )
    BillVat.objects.bulk_create(
        BillVat(bill=bill, rate=Decimal("5.5"), gross=EURO, vat=Decimal("2.09")) for bill in bills
    )
    accounts = PaymentAccount.objects.bulk_create(
        PaymentAccount(
            order_reference=order.reference, customer_id=customer.pk, authorised=EURO, captured=EURO
        )
        for order in orders
    )
    taken = PaymentOperation.objects.bulk_create(
        PaymentOperation(account=account, kind="capture", amount=EURO, state="succeeded")
        for account in accounts
    )
    PaymentEntry.objects.bulk_create(
        PaymentEntry(account=one.account, operation=one, kind="captured", amount=EURO) for one in taken
    )


def test_a_long_recall_takes_no_more_memory_than_a_short_one(recall):
    product = ProductFactory(name="Brie", price=Decimal("4.00"), stock=10)
    sold(product, BUYERS)
    made = recall(product, work=False)
    started = time.monotonic()
    assert services.list_buyers(recall_id=made.pk) == BUYERS
    listed = time.monotonic() - started
    ids = list(RecallNotice.objects.order_by("pk").values_list("pk", flat=True))

    for notice_id in ids[:100]:
        services.treat(notice_id=notice_id)
    held = _resident()
    started = time.monotonic()
    assert services.treat_some(recall_id=made.pk) == BUYERS - 100
    seconds = time.monotonic() - started
    more = _resident() - held

    assert more < MOST_MORE_KB
    assert RecallNotice.objects.filter(state="bought", refund="asked").count() == BUYERS
    assert PaymentOperation.objects.filter(kind="refund").count() == BUYERS
    print(f"listed in {listed:.2f} s, {(BUYERS - 100) / seconds:.0f} orders/s, {more / 1000:.1f} MB more")


def _resident():
    """Kilobytes that this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KB
