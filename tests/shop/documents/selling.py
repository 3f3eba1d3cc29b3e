"""Orders whose crates are closed and paid, made as the rows that documents read."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import count
from uuid import uuid4

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from config.facts import deliver_all, publish
from shop.documents.services import issue_invoice
from shop.orders import rules
from shop.orders.models import BillVat, Order, OrderBill, OrderLine
from shop.orders.rules import Prepared
from shop.payments.events import PaymentCaptured, PaymentRefunded
from shop.payments.models import PaymentAccount, PaymentEntry, PaymentOperation
from shop.pricing.rules import line_total
from tests.factories import CustomerFactory, SlotFactory, ZoneFactory

_numbers = count(1)
SOON = timedelta(days=30)
Kind, State = PaymentOperation.Kind, PaymentOperation.State


@dataclass
class Sold:
    """An article; pieces unless ``grams``."""

    name: str = "Yaourt nature"
    price: str = "2.50"
    quantity: int = 2
    rate: str = "5.5"
    picked: int | None = None
    grams: bool = False
    off: str = "0"
    promotion: str = ""
    packaging: str = "500 g"
    deposit: str = "0"
    replaces: str = ""

    @property
    def in_crates(self):
        return self.quantity if self.picked is None else self.picked

    @property
    def sold_by(self):
        return "weight" if self.grams else "piece"

    @property
    def total(self):
        """What all that was ordered costs."""
        return line_total(Decimal(self.price), self.sold_by, self.quantity) - Decimal(self.off)


def order_of(*articles, delivery="3.90", customer=None, **recipient):
    """An order and its lines, picked."""
    customer = customer or CustomerFactory()
    goods = sum((article.total for article in articles), Decimal(0))
    deposits = sum((Decimal(article.deposit) for article in articles), Decimal(0))
    slot = SlotFactory(zone=ZoneFactory(), starts_at=timezone.now() + SOON + timedelta(hours=next(_numbers)))
    who = {
        "first_name": "Élodie", "last_name": "Martin", "phone": "0612345678", "line1": "12 rue des Lilas",
        "postcode": "75011", "city": "Paris",
    }  # fmt: skip
    order = Order.objects.create(
        reference=f"CB-DOC-{next(_numbers):05}", customer=customer, basket_key=uuid4(), slot=slot, zone=slot.zone,
        status=Order.Status.PACKED, depot=slot.zone.depot, email=customer.email, goods_total=goods,
        deposit_total=deposits, delivery_fee=Decimal(delivery), total=goods + deposits + Decimal(delivery),
        weighing_margin=1000, terms_version="1", placed_at=timezone.now(), **(who | recipient),
    )  # fmt: skip
    lines = {}
    for place, article in enumerate(articles):
        lines[article.name] = OrderLine.objects.create(
            order=order, ean=f"{place:013}", name=article.name, packaging_label=article.packaging,
            sold_by=article.sold_by, quantity=article.quantity, unit_price=Decimal(article.price),
            vat_rate=Decimal(article.rate), total=article.total, discount=Decimal(article.off), vat_amount=0, unit_cost=1,
            cost_on=timezone.localdate(), deposit=Decimal(article.deposit), promotion_label=article.promotion,
            picked=article.in_crates, replaces=lines.get(article.replaces),
        )  # fmt: skip
    return order


def bill(order):
    """What is charged, by the rule of whoever closes the crates."""
    lines = list(order.lines.all())
    prepared = [
        Prepared(line.sold_by, line.quantity, line.picked, line.total, line.vat_rate, line.deposit)
        for line in lines
    ]
    charged = rules.bill(prepared, fee=order.delivery_fee, most=order.most)
    for line, amount in zip(lines, charged.lines, strict=True):
        OrderLine.objects.filter(pk=line.pk).update(billed=amount)
    made = OrderBill.objects.create(
        order=order, goods_total=charged.goods_total, deposit_total=charged.deposit_total,
        delivery_fee=charged.delivery_fee, total=charged.total,
    )  # fmt: skip
    for rate, (gross, vat) in charged.vat.items():
        BillVat.objects.create(bill=made, rate=rate, gross=gross, vat=vat)
    return made


def take_money(order, amount=None):
    """Captured, and told."""
    taken = amount or order.total
    account = PaymentAccount.objects.create(
        order_reference=order.reference,
        customer_id=order.customer_id,
        authorised=max(order.most, taken),
        captured=taken,
        to_capture=taken,
    )
    operation = PaymentOperation.objects.create(
        account=account, kind=Kind.CAPTURE, amount=taken, state=State.SUCCEEDED
    )
    if taken:
        PaymentEntry.objects.create(
            account=account, operation=operation, kind=PaymentEntry.Kind.CAPTURED, amount=taken
        )
    return tell(PaymentCaptured(order.reference, operation.key, int(taken * 100)))


def invoice(order):
    """The invoice of an order placed by hand, as if all of it had been picked and charged."""
    order.lines.update(picked=F("quantity"))
    bill(order)
    PaymentAccount.objects.filter(pk=order.reference).update(
        authorised=order.most, captured=order.total, to_capture=order.total
    )
    operation = PaymentOperation.objects.filter(account_id=order.reference).first()
    PaymentEntry.objects.create(
        account_id=order.reference, operation=operation, kind=PaymentEntry.Kind.CAPTURED, amount=order.total
    )
    return issue_invoice(order_reference=order.reference)


def give_back(order, amount, occasion="plainte-1"):
    """Refunded, and told. Its operation's key."""
    operation = PaymentOperation.objects.create(
        account_id=order.reference, kind=Kind.REFUND, amount=Decimal(amount), state=State.SUCCEEDED,
        occasion=occasion,
    )  # fmt: skip
    tell(PaymentRefunded(order.reference, operation.key, int(Decimal(amount) * 100)))
    return operation.key


def tell(happened):
    with transaction.atomic():
        publish(happened)
    return happened


def packed(*articles, **about):
    """Billed and paid; its facts are told to nobody yet."""
    order = order_of(*(articles or (Sold(),)), **about)
    take_money(order, bill(order).total)
    return order


def documented(*articles, **about):
    """Billed, paid, and its invoice made by the fact."""
    order = packed(*articles, **about)
    deliver_all()
    return order
