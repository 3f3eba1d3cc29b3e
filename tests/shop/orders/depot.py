"""Orders as the depot gets them: placed and paid for, their cut-off passed, with what each test needs to be special."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from config.facts import deliver_all
from delivery.slots.models import Slot
from shop.orders import services
from shop.orders.models import Order
from shop.orders.services import Found
from shop.payments.models import PaymentAccount
from shop.payments.services import reconcile
from tests.factories import SlotFactory
from tests.shop.checkout.conftest import Walk

# A day that is late enough for whatever is promised of a shelf life.
KEEPS = timezone.localdate() + timedelta(days=400)
FIRST_FREE = timedelta(days=30)


def new_slot(zone, *, starts_in=timedelta(hours=3)):
    """A slot that is still sold: `close` ends that."""
    at = timezone.now().replace(minute=0, second=0, microsecond=0) + starts_in
    found = Slot.objects.filter(zone=zone, starts_at=at).first()
    return found or SlotFactory(zone=zone, starts_at=at, cutoff_at=timezone.now() + timedelta(minutes=5))


def place(
    zone, basket, *, rank=9, choice="ask", lines=None, starts_in=timedelta(hours=3), slot=None, born="", **who
):
    """Order ``basket`` (product → quantity) and pay for it, as a stranger in a browser does; ``born`` for alcohol."""
    walk = Walk(Client())
    for product, quantity in basket.items():
        walk.fill(product, quantity=quantity)
    walk.hold(slot or new_slot(zone, starts_in=starts_in)).say_who(**who)
    chosen = {f"manque-{product.pk}": wish for product, wish in (lines or {}).items()}
    walk.come_back(walk.pay(walk.order(shortage=choice, birth_on=born, **chosen)))
    order = Order.objects.order_by("-pk").first()
    assert order.status == Order.Status.PLACED
    Order.objects.filter(pk=order.pk).update(rank=rank)
    return Order.objects.get(pk=order.pk)


def close(order):
    """Its cut-off has passed."""
    Slot.objects.filter(pk=order.slot_id).update(cutoff_at=timezone.now() - timedelta(minutes=1))
    return order


def started(order):
    services.start_picking(references=[close(order).reference])
    order.refresh_from_db()
    return order


def pick(order, quantities=None, **how):
    """Visit every shelf: all that was ordered, but for ``quantities`` (product → pieces or grams)."""
    told = {product.pk: quantity for product, quantity in (quantities or {}).items()}
    found = [
        Found(line.pk, told.get(line.product_id, line.wanted), before=line.picked, **how)
        for line in order.lines.all()
        if line.picked is None or line.product_id in told
    ]
    return services.note_picked(found=found, by_id=None, order_ids=[order.pk])


def packed(order, quantities=None):
    """Picked, closed, and everything that follows from it told."""
    started(order)
    pick(order, quantities)
    services.pack_order(reference=order.reference)
    deliver_all()
    return Order.objects.get(pk=order.pk)


def lines_of(order):
    """Name → line, as they are now."""
    return {line.name: line for line in order.lines.all()}


def settle():
    """The money has moved as far as it will."""
    reconcile(now=timezone.now() + timedelta(minutes=5))
    deliver_all()


def settled(order):
    settle()
    return PaymentAccount.objects.get(order_reference=order.reference)
