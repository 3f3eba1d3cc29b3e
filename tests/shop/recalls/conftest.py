from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from config.facts import deliver_all
from config.staff import StaffGroup, seed_groups
from delivery.zones.models import Depot
from shop.orders import services as orders
from shop.orders.models import Order
from shop.payments.services import reconcile
from shop.recalls import services
from shop.recalls.models import RecallNotice
from shop.recalls.services import NewRecall
from tests.factories import ProductFactory
from tests.shop.catalogue.test_services import NUTRITION
from tests.shop.checkout.conftest import terms, zone  # noqa: F401
from tests.shop.orders.depot import pick, place, started
from tests.shop.orders.test_orders import member
from tests.shop.stock.counting import count_shelf

NOTICE = {"notice_reference": "2026-11-0123", "notice_url": "https://rappel.conso.gouv.fr/fiche-rappel/123"}


@pytest.fixture
def quality(db):
    seed_groups()
    return member(StaffGroup.CATALOGUE)


@pytest.fixture
def brie():
    product = ProductFactory(name="Brie", price=Decimal("4.00"), stock=0, nutrition=NUTRITION)
    count_shelf(product, 200, Depot.objects.get())
    return product


@pytest.fixture
def apples():
    return ProductFactory(name="Pommes", weighed=True, stock=90_000)


@pytest.fixture
def recall(quality):
    """Open a recall and do all that follows from it."""

    def opened(product, *, work=True, **about):
        wanted = NewRecall(
            ean=product.ean, hazard="listeria", sentence="Un contrôle en a trouvé.", advice="destroy", **about
        )
        made = services.open_recall(wanted=wanted, by_id=quality.pk)
        if work:
            work_off(made)
        return made

    return opened


def work_off(recall):
    services.list_buyers(recall_id=recall.pk)
    services.treat_some(recall_id=recall.pk)
    deliver_all()


def paid(order, quantities=None, **read):
    """Picked, closed and charged, as its customer has it."""
    started(order)
    pick(order, quantities, **read)
    orders.pack_order(reference=order.reference)
    settle_payments()
    return Order.objects.get(pk=order.pk)


def all_paid(where, basket, number):
    """Several orders of one slot, all picked, closed and charged."""
    return [paid(order) for order in [place(where, basket) for _ in range(number)]]


def settle_payments():
    """What the worker does with the provider."""
    deliver_all()
    reconcile(now=timezone.now() + timedelta(minutes=5))
    deliver_all()


def notice_of(order):
    return RecallNotice.objects.get(order=order)


def day(days):
    return timezone.localdate() + timedelta(days=days)


__all__ = ["NOTICE", "all_paid", "day", "notice_of", "paid", "place", "started", "work_off"]
