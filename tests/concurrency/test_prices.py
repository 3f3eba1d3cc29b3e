"""A planned price is applied once however many workers run; a budget is never overspent."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from shop.catalogue.services import change_prices
from shop.pricing import services
from shop.pricing.models import PlannedPrice
from tests.concurrency.test_stock import together
from tests.factories import ProductFactory

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
WORKERS = 6


@pytest.fixture
def due():
    """Twenty prices whose instant has come."""
    soon = timezone.now() + timedelta(minutes=5)
    for product in ProductFactory.create_batch(20):
        services.plan_price(product_id=product.pk, price=Decimal("1.99"), starts_at=soon)
    return soon


def test_workers_at_once_apply_each_planned_price_once(due):
    applied = together(WORKERS, lambda _n: services.apply_due_prices(now=due))

    assert sum(applied) == 20
    assert not PlannedPrice.objects.exclude(state=PlannedPrice.State.APPLIED).exists()


def test_control_workers_that_do_not_lock_apply_them_several_times(due):
    have_read = threading.Barrier(WORKERS)

    @transaction.atomic
    def careless(_n):
        plans = list(PlannedPrice.objects.filter(state=PlannedPrice.State.PLANNED, starts_at__lte=due))
        have_read.wait(30)
        change_prices(prices={plan.product_id: plan.price for plan in plans})
        return PlannedPrice.objects.filter(pk__in=[plan.pk for plan in plans]).update(
            state=PlannedPrice.State.APPLIED
        )

    assert sum(together(WORKERS, careless)) > 20
