"""A planned price is applied once however many workers run; a budget is never overspent."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from shop.catalogue.services import change_prices
from shop.pricing import services
from shop.pricing.models import PlannedPrice, Promotion, PromotionUse
from shop.pricing.queries import Scope
from tests.concurrency.racing import together
from tests.factories import ProductFactory
from tests.shop.pricing.promoting import promote

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


# --- budgets ----------------------------------------------------------------------------------------

BUYERS = 30


@pytest.fixture
def budget():
    """Ten euros, which thirty orders want one each of."""
    return promote("second", products=[ProductFactory()], percent=Decimal(10), budget=Decimal("10.00"))


def test_thirty_orders_draw_ten_euros_from_a_budget_of_ten(budget):
    one = {budget.pk: Decimal("1.00")}

    answers = together(BUYERS, lambda n: services.spend(order_reference=f"CB-{n}", amounts=one))

    budget.refresh_from_db()
    assert budget.spent == Decimal("10.00")
    assert [type(answer) for answer in answers].count(services.PromotionOver) == 20
    assert PromotionUse.objects.count() == 10


def test_control_reading_then_writing_overspends(budget):
    have_read = threading.Barrier(BUYERS)

    @transaction.atomic
    def careless(n):
        read = Promotion.objects.get(pk=budget.pk)
        have_read.wait(30)
        if read.spent + 1 > read.budget:
            return False
        PromotionUse.objects.create(promotion=read, order_reference=f"CB-{n}", amount=1)
        Promotion.objects.filter(pk=read.pk).update(spent=read.spent + 1)
        return True

    given = sum(answer is True for answer in together(BUYERS, careless))

    assert given > 10
    assert PromotionUse.objects.count() == given


def test_orders_of_several_promotions_never_deadlock_nor_overspend():
    product = ProductFactory()
    ids = [
        promote("second", products=[product], percent=Decimal(5 + n), budget=Decimal("6.00")).pk
        for n in range(4)
    ]

    def order(n):
        wanted = ids if n % 2 else ids[::-1]
        services.spend(order_reference=f"CB-{n}", amounts=dict.fromkeys(wanted[: 2 + n % 3], Decimal("1.00")))
        if n % 3 == 0:
            services.give_back(order_reference=f"CB-{n}")

    answers = together(BUYERS, order)

    assert {type(answer) for answer in answers} <= {type(None), services.PromotionOver}
    for promotion in Promotion.objects.all():
        uses = PromotionUse.objects.filter(promotion=promotion, returned_at=None)
        assert promotion.spent == sum(use.amount for use in uses) <= promotion.budget


def test_an_edit_and_an_order_come_one_after_the_other(budget):
    """Either the order is first and the terms are frozen, or the edit is, and the order takes what it saw."""

    def edit():
        mine = Promotion.objects.get(pk=budget.pk)
        mine.percent = Decimal(20)
        return services.save_promotion(promotion=mine, scope=Scope(list(mine.products.all())))

    def order():
        return services.spend(order_reference="CB-1", amounts={budget.pk: Decimal("1.00")})

    answers = together(2, lambda n: edit() if n else order())

    budget.refresh_from_db()
    assert answers[0] is None and budget.spent == Decimal("1.00")
    frozen = isinstance(answers[1], services.PromotionFrozen)
    assert budget.percent == (Decimal(10) if frozen else Decimal(20))
