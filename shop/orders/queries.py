"""Reads of orders. Every one starts from the customer, or from the token of a signed link."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from config.templatetags.cabas import quantity_label
from shop.orders.models import Order

# How long an order waits for its payment before slot and stock are given back.
PAYMENT_WAITS = timedelta(minutes=30)


def orders_of(customer_ids: Sequence[int]) -> QuerySet[Order]:
    """A customer's orders (guests merged into them included), newest first, without abandoned attempts."""
    return (
        Order.objects.filter(customer_id__in=customer_ids)
        .exclude(status=Order.Status.ABANDONED)
        .select_related("slot")
    )


def order_under_way(customer_ids: Sequence[int]) -> Order | None:
    """The next order to arrive. One query."""
    return (
        orders_of(customer_ids)
        .filter(status=Order.Status.PLACED, slot__ends_at__gt=timezone.now())
        .order_by("slot__starts_at")
        .first()
    )


def order_by_reference(reference: str | None) -> Order:
    """For callers who hold a key of this very order. Raises Http404. One query."""
    return get_object_or_404(Order, reference=reference)


def order_by_token(token: str) -> Order | None:
    """The order a signed link names; abandoned attempts have no page. One query."""
    return (
        Order.objects.select_related("slot", "zone")
        .filter(tracking_token=token)
        .exclude(status=Order.Status.ABANDONED)
        .first()
    )


def waiting_order(basket_key: UUID) -> Order | None:
    """The order of this basket that still waits for its payment. One query."""
    return Order.objects.filter(basket_key=basket_key, status=Order.Status.AWAITING_PAYMENT).first()


def wants_payment(order_reference: str) -> bool:
    """Is a payment that succeeds now welcome: the order is neither abandoned nor cancelled? One query."""
    return Order.objects.filter(
        reference=order_reference, status__in=[Order.Status.AWAITING_PAYMENT, Order.Status.PLACED]
    ).exists()


def payment_deadline(order_reference: str) -> datetime | None:
    """The cut-off of the order's slot. One query."""
    return Order.objects.filter(reference=order_reference).values_list("slot__cutoff_at", flat=True).first()


def overdue_references(now: datetime, limit: int = 100) -> list[str]:
    """Orders whose payment did not come in time. One query."""
    return list(
        Order.objects.filter(status=Order.Status.AWAITING_PAYMENT, created_at__lt=now - PAYMENT_WAITS)
        .order_by("created_at")
        .values_list("reference", flat=True)[:limit]
    )


def unpaid_at_cutoff(now: datetime, limit: int = 100) -> list[str]:
    """Placed orders whose payment was asked for again and whose cut-off has come. One query."""
    return list(
        Order.objects.filter(
            status=Order.Status.PLACED, payment_needed_at__isnull=False, slot__cutoff_at__lte=now
        ).values_list("reference", flat=True)[:limit]
    )


def letter_context(order_reference: str) -> dict[str, Any]:
    """What the confirmation letter says. Three queries."""
    order = Order.objects.select_related("slot").get(reference=order_reference)
    return {
        "reference": order.reference,
        "recipient": order.email,
        "customer_id": order.customer_id,
        "first_name": order.first_name,
        "slot": order.slot,
        "cutoff_at": order.slot.cutoff_at,
        "address_lines": address_lines(order),
        "lines": [
            {
                "name": line.name,
                "quantity_label": quantity_label(line.sold_by, line.quantity),
                "total": line.total,
            }
            for line in order.lines.all()
        ],
        "goods_total": order.goods_total,
        "deposit_total": order.deposit_total,
        "delivery_fee": order.delivery_fee,
        "total": order.total,
        "vat": [{"rate": total.rate, "vat": total.vat} for total in order.vat_totals.all()],
        "tracking_path": reverse("tracking", args=[order.tracking_token]),
        "pay_path": f"/commande/paiement/{order.tracking_token}/",
        "for_want_of_payment": order.payment_needed_at is not None,
    }


def address_lines(order: Order) -> list[str]:
    """The delivery address as it stands on a letter."""
    name = f"{order.first_name} {order.last_name}"
    return [line for line in (name, order.line1, order.line2, f"{order.postcode} {order.city}") if line]
