"""Every write of planned prices and promotions. `Product.price` itself moves through the catalogue alone."""

from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone

from shop.catalogue.services import change_prices, check_price
from shop.pricing.models import PlannedPrice

PLANS_AT_ONCE = 500


class PlanInPast(Exception):
    """A price is planned ahead, or changed at once in the catalogue."""


class PlanDoubled(Exception):
    """This product already has a price planned for this very instant."""


class PlanOver(Exception):
    """The planned price was applied or cancelled in between."""


@transaction.atomic
def plan_price(*, product_id: int, price: Decimal, starts_at: datetime) -> PlannedPrice:
    """From an instant on, this product will cost that (euros including VAT). One INSERT.

    Raises catalogue.services.PriceRefused, PlanInPast, PlanDoubled; then nothing is planned.
    """
    check_price(price)
    if starts_at <= timezone.now():
        raise PlanInPast(starts_at)
    try:
        with transaction.atomic():
            return PlannedPrice.objects.create(product_id=product_id, price=price, starts_at=starts_at)
    except IntegrityError as clash:
        raise PlanDoubled(starts_at) from clash


@transaction.atomic
def cancel_planned_price(*, plan_id: int) -> None:
    """Give up a plan before its instant; the price stays. Raises PlanOver. One UPDATE."""
    own = PlannedPrice.objects.filter(pk=plan_id, state=PlannedPrice.State.PLANNED)
    if not own.update(state=PlannedPrice.State.CANCELLED):
        raise PlanOver(plan_id)


@transaction.atomic
def apply_due_prices(*, now: datetime) -> int:
    """Give products the prices whose instant has come, oldest first; how many plans were applied.

    Locks the plans, then the products: of two workers the second waits, then finds nothing left to apply.
    Five queries, one where nothing is due; 500 plans at most, the next run takes the rest.
    """
    due = PlannedPrice.objects.filter(state=PlannedPrice.State.PLANNED, starts_at__lte=now)
    plans = list(due.select_for_update().order_by("starts_at", "id")[:PLANS_AT_ONCE])
    if not plans:
        return 0
    # A worker that was away for hours leaves the latest of several plans.
    change_prices(prices={plan.product_id: plan.price for plan in plans})
    return PlannedPrice.objects.filter(pk__in=[plan.pk for plan in plans]).update(
        state=PlannedPrice.State.APPLIED, applied_at=now
    )
