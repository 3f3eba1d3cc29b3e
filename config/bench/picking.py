"""What opening a wave costs: two hundred orders of forty lines, made, measured and rolled back."""

import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from delivery.slots.models import Slot
from delivery.zones.models import Zone
from shop.catalogue.models import Product
from shop.customers.models import Customer
from shop.orders.models import Order, OrderLine
from shop.payments.models import PaymentAccount, PaymentOperation
from shop.picking.models import PickTask, Wave
from shop.picking.queries import trolley
from shop.picking.services import build_waves, take_tasks

HEADING = ("preparation", "ms", "KiB at most", "beside")
ORDERS, LINES, TROLLEY = 200, 40, 6


class _Done(Exception):
    """What was made for the measure is taken back."""


def rows() -> Iterator[tuple[str, str, str, str]]:
    """(figure, ms, most memory, baseline in the same run). Nothing is left in the database."""
    found: list[tuple[str, str, str, str]] = []
    try:
        with transaction.atomic():
            found.extend(_measured())
            raise _Done
    except _Done:
        yield from found


def _measured() -> Iterator[tuple[str, str, str, str]]:
    zone = Zone.objects.select_related("depot").order_by("pk")[0]
    _make_orders(zone, ORDERS // 2, hours=1)
    _seconds, half_kib = _timed(lambda: _wave_of(ORDERS // 2))
    _make_orders(zone, ORDERS, hours=2)
    seconds, kib = _timed(lambda: _wave_of(ORDERS))
    bare, _kib = _timed(lambda: _bare_inserts(zone))
    yield (
        f"a wave of {ORDERS} × {LINES} lines",
        f"{seconds * 1000:.0f}",
        f"{kib:.0f}",
        f"{half_kib:.0f} KiB for half; {bare * 1000:.0f} ms to delete and insert half the rows",
    )
    picker = Customer.objects.exclude(user=None).values_list("user_id", flat=True)[0]
    wave = Wave.objects.order_by("-pk").values_list("pk", flat=True)[0]
    took, kib = _timed(lambda: take_tasks(picker_id=picker, wave_id=wave, number=TROLLEY))
    yield (f"{TROLLEY} orders on a trolley", f"{took * 1000:.0f}", f"{kib:.0f}", "")
    read, kib = _timed(lambda: trolley(picker).stops)
    yield (f"its {TROLLEY} × {LINES} lines in walking order", f"{read * 1000:.0f}", f"{kib:.0f}", "")


def _wave_of(number: int) -> None:
    found = build_waves(now=timezone.now())
    if found < number:
        raise RuntimeError(f"{found} orders in the wave instead of {number}: nothing was measured")


def _timed(act: Callable[[], object]) -> tuple[float, float]:
    """Seconds and the most memory in KiB, traced: the seconds are an upper bound."""
    started = time.perf_counter()
    tracemalloc.start()
    act()
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return time.perf_counter() - started, most / 1024


def _make_orders(zone: Zone, number: int, *, hours: int) -> None:
    now = timezone.now()
    at = (now + timedelta(days=400, hours=hours)).replace(minute=0, second=0, microsecond=0)
    slot = Slot.objects.create(
        zone=zone, starts_at=at, ends_at=at + timedelta(hours=1), cutoff_at=now - timedelta(hours=hours),
        capacity=number, booked=number, price=zone.slot_price,
    )  # fmt: skip
    customer = Customer.objects.order_by("pk")[0]
    products = list(Product.objects.published()[:LINES])
    orders = Order.objects.bulk_create(
        Order(
            reference=f"BENCH-{hours}-{place}", customer=customer, basket_key=uuid4(), status=Order.Status.PLACED,
            zone=zone, depot=zone.depot, slot=slot, rank=place % 7 + 1, email="banc@exemple.fr", first_name="Banc",
            last_name="Essai", phone="0612345678", line1="1 rue du Banc", postcode="75011", city="Paris",
            goods_total=Decimal(40), delivery_fee=Decimal(0), total=Decimal(40), terms_version="1",
            placed_at=now - timedelta(hours=30),
        )
        for place in range(number)
    )  # fmt: skip
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order, product=product, ean=product.ean, name=product.name, sold_by=product.sold_by,
            quantity=product.step, unit_price=1, vat_rate=Decimal("5.5"), total=1, vat_amount=0, unit_cost=1,
            cost_on=timezone.localdate(),
        )
        for order in orders
        for product in products
    )  # fmt: skip
    accounts = PaymentAccount.objects.bulk_create(
        PaymentAccount(order_reference=order.reference, customer_id=customer.pk, authorised=Decimal(40))
        for order in orders
    )
    PaymentOperation.objects.bulk_create(
        PaymentOperation(
            account=account, kind=PaymentOperation.Kind.AUTHORISE, amount=Decimal(40),
            state=PaymentOperation.State.SUCCEEDED,
        )
        for account in accounts
    )  # fmt: skip


def _bare_inserts(zone: Zone) -> None:
    """Half the rows without looking for them: what the database itself takes."""
    wave = Wave.objects.create(depot=zone.depot, cutoff_at=timezone.now())
    orders = list(Order.objects.filter(reference__startswith="BENCH-1-").values_list("pk", flat=True))
    PickTask.objects.filter(order__in=orders).delete()
    PickTask.objects.bulk_create(PickTask(wave=wave, order_id=pk, place=1) for pk in orders)
