"""A price planned ahead comes at its instant, once, and may be cancelled before."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from shop.catalogue.services import PriceRefused
from shop.pricing import services
from shop.pricing.models import PlannedPrice
from shop.pricing.tasks import apply_due
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def product():
    return ProductFactory(price=Decimal("2.50"))


def plan(product, price="1.99", after=HOUR):
    return services.plan_price(product_id=product.pk, price=Decimal(price), starts_at=timezone.now() + after)


def price_of(product):
    product.refresh_from_db()
    return product.price


def test_a_planned_price_waits_for_its_instant(product):
    planned = plan(product)

    assert services.apply_due_prices(now=planned.starts_at - timedelta(seconds=1)) == 0
    assert price_of(product) == Decimal("2.50")


def test_a_planned_price_comes_at_its_instant_and_once(product):
    planned = plan(product)
    version = product.version

    applied = [services.apply_due_prices(now=planned.starts_at) for _run in range(2)]

    assert applied == [1, 0]
    assert price_of(product) == Decimal("1.99")
    assert product.version == version + 1
    assert product.price_changes.count() == 2
    planned.refresh_from_db()
    assert planned.state == PlannedPrice.State.APPLIED and planned.applied_at


def test_the_latest_of_several_due_plans_stays(product):
    plan(product, "1.80", after=2 * HOUR)
    plan(product, "1.99", after=HOUR)

    services.apply_due_prices(now=timezone.now() + 3 * HOUR)

    assert price_of(product) == Decimal("1.80")


def test_the_task_applies_what_is_due(product):
    planned = plan(product)
    PlannedPrice.objects.filter(pk=planned.pk).update(starts_at=timezone.now() - HOUR)

    apply_due()

    assert price_of(product) == Decimal("1.99")


def test_a_cancelled_plan_never_comes(product):
    planned = plan(product)

    services.cancel_planned_price(plan_id=planned.pk)

    assert services.apply_due_prices(now=planned.starts_at) == 0
    assert price_of(product) == Decimal("2.50")


def test_what_was_applied_cannot_be_cancelled(product):
    planned = plan(product)
    services.apply_due_prices(now=planned.starts_at)

    with pytest.raises(services.PlanOver):
        services.cancel_planned_price(plan_id=planned.pk)

    planned.refresh_from_db()
    assert planned.state == PlannedPrice.State.APPLIED


def test_the_past_takes_no_plan(product):
    with pytest.raises(services.PlanInPast):
        plan(product, after=-HOUR)

    assert not PlannedPrice.objects.exists()


def test_one_instant_takes_one_plan(product):
    first = plan(product)

    with pytest.raises(services.PlanDoubled):
        services.plan_price(product_id=product.pk, price=Decimal("1.50"), starts_at=first.starts_at)

    assert PlannedPrice.objects.get().price == Decimal("1.99")


def test_a_cancelled_plan_leaves_its_instant_free(product):
    first = plan(product)
    services.cancel_planned_price(plan_id=first.pk)

    again = services.plan_price(product_id=product.pk, price=Decimal("1.50"), starts_at=first.starts_at)

    assert again.state == PlannedPrice.State.PLANNED


@pytest.mark.parametrize("price", ["0", "-1", "10000", "1.999"])
def test_what_is_no_price_is_not_planned(product, price):
    with pytest.raises(PriceRefused):
        plan(product, price)

    assert not PlannedPrice.objects.exists()
