"""Sell by the services alone, without a browser: for tests that live through many orders."""

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone

from config.facts import deliver_all
from delivery.slots import services as slots
from shop.customers.models import Customer
from shop.orders import services
from shop.orders.models import Order
from shop.orders.rules import Article, figures
from shop.orders.services import Recipient
from shop.payments import services as payments
from shop.payments.gateways import demo
from shop.payments.models import PaymentOperation
from shop.pricing.rules import PricedLine


def article(product, quantity, choice=""):
    """A product as it is sold today, without promotion."""
    return Article(
        product_id=product.pk, ean=product.ean, name=product.name, packaging_label="", minimum_age=None,
        priced=PricedLine(product.price, product.sold_by, quantity, product.vat_rate, product.deposit),
        labels=tuple(product.labels), shortage_choice=choice, minimum_life_days=product.promised_life_days,
    )  # fmt: skip


def sell(slot, basket, *, choice="ask", customer=None, rank=9):
    """An order of ``basket`` (product → pieces or grams) for a slot, paid for. Raises what selling raises."""
    zone, key = slot.zone, uuid4()
    customer = customer or Customer.objects.create(email=f"{key.hex}@exemple.fr")
    hold = slots.hold_slot(slot_id=slot.pk, holder=str(key))
    articles = [article(product, quantity) for product, quantity in basket.items()]
    order, payment = services.create_order(
        basket_key=key,
        recipient=Recipient(
            customer_id=customer.pk, email=customer.email, first_name="Léa", last_name="Marchand",
            phone="0612345678", line1="12 rue des Lilas", postcode="75011", city="Paris",
        ),
        hold=hold, articles=articles, terms_version="1", shortage_choice=choice,
        totals=figures(articles, slot_price=slot.price, free_delivery_from=zone.free_delivery_from),
    )  # fmt: skip
    Order.objects.filter(pk=order.pk).update(rank=rank)
    pay_page(payment)
    deliver_all()
    return Order.objects.get(pk=order.pk)


def pay_page(key, card="accepte"):
    """What a customer does on the payment page of an operation."""
    payments.open_payment_page(key=key, return_url="https://a.example/", cancel_url="https://a.example/")
    page = PaymentOperation.objects.get(key=key)
    demo.pay(token=page.session_id, card_code=card)
    payments.refresh(key=key)


def money_moves():
    """Everything that was asked of the provider is answered, and what follows is told."""
    payments.reconcile(now=timezone.now() + timedelta(minutes=10))
    deliver_all()
