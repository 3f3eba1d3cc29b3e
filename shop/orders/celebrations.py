"""What milestones and samples must know of a customer's orders. Guests who merged into a customer count with them."""

from collections.abc import Collection
from datetime import timedelta
from decimal import Decimal

from django.db.models import Min, Q
from django.utils import timezone

from loyalty.milestones.rules import years_between
from shop.customers.queries import same_address
from shop.orders.models import Order, OrderLine
from shop.orders.services.books import Status
from shop.payments.queries import kept_of

# Whoever came back after a longer while is welcomed anew.
KNOWN_FOR = timedelta(days=3 * 365)


def _of(customer_ids: Collection[int], prefix: str = "") -> Q:
    return Q(**{f"{prefix}customer__in": customer_ids}) | Q(
        **{f"{prefix}customer__merged_into__in": customer_ids}
    )


def bought_shelves(customer_id: int) -> set[int]:
    """Shelves, and the aisles above them, of all that a customer ever ordered. One query."""
    lines = OrderLine.objects.filter(_of([customer_id], "order__"), order__status__in=Order.STANDING)
    pairs = lines.exclude(product=None).values_list("product__shelf", "product__shelf__parent").distinct()
    return {pk for pair in pairs for pk in pair if pk}


def is_known_otherwise(order: Order) -> bool:
    """Whether somebody with the same e-mail address, another party for all we know, had an order before. Two queries."""
    others = same_address(order.email) - {order.customer_id}
    before = Order.objects.filter(
        customer__in=others, status__in=Order.STANDING, placed_at__lt=order.placed_at
    )
    return before.filter(placed_at__gt=order.placed_at - KNOWN_FOR).exists() if order.placed_at else False


def spent_this_year(customer_id: int) -> Decimal:
    """Euros taken for orders delivered this year, less what went back. Two queries."""
    year = timezone.localdate().year
    delivered = Order.objects.filter(
        _of([customer_id]), status=Status.DELIVERED, delivered_at__year=year, makes_good=None
    )
    references = list(delivered.values_list("reference", flat=True))
    return kept_of(references)


def next_open_order(customer_id: int) -> Order | None:
    """The next order of a customer that nobody prepares yet. One query."""
    waiting = Order.objects.filter(_of([customer_id]), status=Status.PLACED, makes_good=None)
    return waiting.order_by("slot__starts_at", "pk").first()


def anniversaries_today() -> list[tuple[int, int]]:
    """(customer, years) of those whose first delivery was on this day of an earlier year. One query over first deliveries."""
    today = timezone.localdate()
    days = [today, today - timedelta(days=1)]
    firsts = (
        Order.objects.filter(status=Status.DELIVERED, delivered_at__isnull=False, customer__merged_into=None)
        .values_list("customer")
        .annotate(first=Min("delivered_at"))
        .filter(first__lt=timezone.now() - timedelta(days=364))
    )
    near = Q(first__month=days[0].month, first__day=days[0].day) | Q(
        first__month=days[1].month, first__day=days[1].day
    )
    found = ((pk, years_between(timezone.localdate(first), today)) for pk, first in firsts.filter(near))
    return [(pk, years) for pk, years in found if years]


def rank_of_next(customer_ids: Collection[int]) -> int:
    """Which order of these the next one is. One query."""
    placed = Order.objects.filter(customer__in=customer_ids, placed_at__isnull=False, makes_good=None)
    return placed.exclude(status=Status.CANCELLED).count() + 1
