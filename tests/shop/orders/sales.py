"""What zones bought, made as rows that the count reads."""

from datetime import timedelta
from decimal import Decimal
from itertools import count
from uuid import uuid4

from django.utils import timezone

from shop.orders.models import Order, OrderLine
from tests.factories import CustomerFactory, SlotFactory

_numbers = count(1)


def bought(zone, *products, households=2, status=Order.Status.PLACED, age=timedelta(days=1)):
    """An order of these products by each of so many households, so long ago."""
    return [_order(CustomerFactory(), zone, products, status, age) for _ in range(households)]


def bought_by(customer, zone, *products, age=timedelta(days=1)):
    return _order(customer, zone, products, Order.Status.PLACED, age)


def _order(customer, zone, products, status, age):
    was_placed = status in {Order.Status.PLACED, Order.Status.CANCELLED}
    order = Order.objects.create(
        reference=f"CB-VENTE-{next(_numbers):05}", customer=customer, basket_key=uuid4(), status=status,
        slot=SlotFactory(zone=zone), zone=zone, depot=zone.depot, email=customer.email, first_name="Élodie",
        last_name="Martin", phone="0612345678", line1="12 rue des Lilas", postcode="75011", city="Paris",
        goods_total=Decimal("10.00"), delivery_fee=Decimal(0), total=Decimal("10.00"), terms_version="1",
        placed_at=timezone.now() - age if was_placed else None,
    )  # fmt: skip
    Order.objects.filter(pk=order.pk).update(created_at=timezone.now() - age)
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order, product=product, ean=product.ean, name=product.name, sold_by="piece", quantity=1,
            unit_price=1, vat_rate=5, total=1, vat_amount=0, unit_cost=1, cost_on=timezone.localdate(),
        )
        for product in products
    )  # fmt: skip
    return order
