"""Orders with what was taken off them, and the programme's page."""

from decimal import Decimal
from uuid import uuid4

from django.utils import timezone

from loyalty.vouchers.models import Voucher
from shop.orders.models import Order, OrderBill, OrderLine
from shop.pricing.models import Promotion
from tests.config.test_staff import place_order
from tests.factories import ProductFactory, SlotFactory
from tests.loyalty.vouchers.granting import granted
from tests.shop.pricing.promoting import draft


def sold(total="100.00", *, placed_at=None, slot=None, customer=None, **fields):
    """An order that was placed and stands."""
    order = place_order(
        slot or SlotFactory(price=Decimal("5.90")), Decimal(total), placed_at=placed_at or timezone.now()
    )
    told = fields | ({"customer": customer} if customer else {})
    if told:
        Order.objects.filter(pk=order.pk).update(**told)
        order.refresh_from_db()
    return order


def running():
    """A promotion, the same at each call."""
    known = Promotion.objects.first()
    if known is None:
        known = draft()
        known.save()
    return known


def line(order, *, discount="0.00", price_kept="0.00", quantity=2, picked=None, is_promotion=True):
    product = ProductFactory()
    promotion = running() if is_promotion and Decimal(discount) else None
    return OrderLine.objects.create(
        order=order, product=product, ean=product.ean, name=product.name, sold_by=product.sold_by, quantity=quantity,
        unit_price=Decimal(10), vat_rate=Decimal("5.5"), total=10 * quantity - Decimal(discount), vat_amount=0,
        unit_cost=Decimal(5), cost_on=timezone.localdate(), discount=Decimal(discount), price_kept=Decimal(price_kept),
        picked=picked, promotion=promotion,
    )  # fmt: skip


def paid_with(order, amount, origin=Voucher.Origin.LOYALTY, source=None):
    """The order holds a voucher that takes so much off it."""
    voucher, _code = granted(origin=origin, source=source or f"essai-{uuid4()}", owner_id=order.customer_id)
    Voucher.objects.filter(pk=voucher.pk).update(order_reference=order.reference, amount=Decimal(amount))
    Order.objects.filter(pk=order.pk).update(
        voucher_discount=Decimal(amount), total=order.total - Decimal(amount)
    )
    return voucher


def billed(order, goods, fee="0.00", voucher="0.00"):
    OrderBill.objects.create(
        order=order, goods_total=Decimal(goods), deposit_total=0, delivery_fee=Decimal(fee),
        voucher_discount=Decimal(voucher), total=Decimal(goods) + Decimal(fee) - Decimal(voucher),
    )  # fmt: skip
