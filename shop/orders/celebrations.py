"""What milestones and samples must know of a customer's orders. Guests who merged into a customer count with them."""

from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Min, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from loyalty.milestones.rules import years_between
from shop.customers.queries import of_party, same_address
from shop.orders.models import Order, OrderLine
from shop.orders.services.books import Status
from shop.payments.queries import kept_of

# Whoever came back after a longer while is welcomed anew.
KNOWN_FOR = timedelta(days=3 * 365)


def bought_shelves(customer_id: int) -> set[int]:
    """Shelves, and the aisles above them, of all that a customer ever ordered. One query."""
    lines = OrderLine.objects.filter(of_party(customer_id, "order__"), order__status__in=Order.STANDING)
    pairs = lines.exclude(product=None).values_list("product__shelf", "product__shelf__parent").distinct()
    return {pk for pair in pairs for pk in pair if pk}


def is_known_otherwise(order: Order) -> bool:
    """Whether somebody with the same e-mail address, another party for all we know, had an order before. Two queries."""
    others = same_address(order.email) - {order.customer_id}
    before = Order.objects.filter(
        customer__in=others, status__in=Order.STANDING, placed_at__lt=order.placed_at
    )
    return before.filter(placed_at__gt=order.placed_at - KNOWN_FOR).exists() if order.placed_at else False


def spent_in(customer_id: int, year: int) -> Decimal:
    """Euros taken for orders delivered in a year, less what went back. Two queries."""
    delivered = Order.objects.filter(
        of_party(customer_id), status=Status.DELIVERED, delivered_at__year=year, makes_good=None
    )
    return kept_of(list(delivered.values_list("reference", flat=True)))


def next_open_order(customer_id: int) -> Order | None:
    """The next order of a customer that nobody prepares yet. One query."""
    waiting = Order.objects.filter(of_party(customer_id), status=Status.PLACED, makes_good=None)
    return waiting.order_by("slot__starts_at", "pk").first()


def anniversaries_today() -> list[tuple[int, int]]:
    """(customer, years) of those with an account whose first delivery, as a guest or not, was on this day of an earlier year.
    One query over first deliveries.
    """
    today = timezone.localdate()
    has_account = Q(customer__user__isnull=False) | Q(customer__merged_into__user__isnull=False)
    firsts = (
        Order.objects.filter(has_account, status=Status.DELIVERED, delivered_at__isnull=False)
        .annotate(owner=Coalesce("customer__merged_into", "customer"))
        .values_list("owner")
        .annotate(first=Min("delivered_at"))
        .filter(_near(today), first__lt=timezone.now() - timedelta(days=364))
    )
    found = ((pk, years_between(timezone.localdate(first), today)) for pk, first in firsts)
    return [(pk, years) for pk, years in found if years]


def _near(today: date) -> Q:
    """Around this day of any year: the database counts days elsewhere than in Paris, and the 29 February has no day of its own in
    most years.
    """
    near = Q()
    for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
        near |= Q(first__month=day.month, first__day=day.day)
    return near | Q(first__month=2, first__day=29) if (today.month, today.day) == (3, 1) else near
