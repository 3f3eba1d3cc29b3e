"""Reads of orders. Every one starts from the customer, or from the token of a signed link."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeGuard
from uuid import UUID

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from config.templatetags.cabas import quantity_label
from delivery.zones.models import Zone
from loyalty.vouchers.rules import Buying
from shop.catalogue.models import Product
from shop.customers.models import Customer
from shop.customers.queries import customer_ids, of_party
from shop.orders.delay_wording import delay_letter as delay_letter
from shop.orders.kept import kept_letter as kept_letter
from shop.orders.letters import addressed
from shop.orders.models import Amendment, Order, OrderEvent
from shop.orders.pickups import pickup_of, place_of
from shop.orders.questions import question_letter as question_letter
from shop.orders.receipts import receipt_letter as receipt_letter
from shop.payments.queries import latest_of_page, orders_with_money
from shop.pricing.rules import line_total
from shop.reviews.ports import Receipt
from shop.stock.queries import orders_on_shelves

# The reference of the order placed in this session: its buyer may see what a link alone does not show.
SESSION_ORDERED = "ordered"
# How long an order waits for its payment since its page was last opened, and in all, before slot and stock
# are given back.
PAYMENT_WAITS = timedelta(minutes=30)
PAYMENT_WAITS_AT_MOST = timedelta(hours=3)
# A saved card is charged two days before: one still uncharged so near the cut-off asks for its holder.
CUTOFF_NEAR = timedelta(hours=6)
# Unpaid orders are looked for this far back, should no worker have run.
CUTOFF_PAST = timedelta(days=7)
# After so long an order has left the depot, whether or not anybody said what was picked for it.
LEFT_FOR_SURE = timedelta(hours=12)


# How long money that could not be taken is asked for again; further back accounts ask.
CHARGED_WITHIN = timedelta(days=60)


def orders_of(customer_ids: Sequence[int]) -> QuerySet[Order]:
    """A customer's orders (guests merged into them included), newest first, without abandoned attempts."""
    return (
        Order.objects.filter(customer_id__in=customer_ids)
        .exclude(status=Order.Status.ABANDONED)
        .select_related("slot", "zone")
    )


def last_delivery(customer_ids: Sequence[int]) -> Order | None:
    """The latest order that was placed and stands, for where it goes. One query.

    A cancelled one went nowhere, one that was fetched has the address of its pickup point, and whoever typed an
    address may never have paid.
    """
    delivered = orders_of(customer_ids).filter(zone__kind=Zone.Kind.DELIVERY)
    placed = delivered.filter(placed_at__isnull=False)
    return placed.exclude(status=Order.Status.CANCELLED).order_by("-placed_at").first()


def is_received(order: Order) -> bool:
    """Whether it has come: handed over, or its slot has ended and nobody had to come for it.

    No query: needs its slot and zone.
    """
    is_over = order.stands and order.slot.ends_at <= timezone.now()
    return order.status == Order.Status.DELIVERED or (is_over and not order.is_collect)


def receipt(customer_id: int, order_reference: str) -> Receipt | None:
    """What this customer, merged guests included, received by an order; None when it is not theirs or to come.

    Three queries.
    """
    mine = orders_of(customer_ids(Customer(pk=customer_id)))
    order = mine.filter(reference=order_reference).first()
    if order is None or not is_received(order):
        return None
    products = order.lines.exclude(product=None).exclude(picked=0).values_list("product_id", flat=True)
    return Receipt(timezone.localdate(order.slot.starts_at), frozenset(pk for pk in products if pk))


def rank_of_next_order(customer_id: int) -> int:
    """One more than the orders of this party, merged guests included, that were placed and stand; what was delivered
    once more at no cost does not count. One query.
    """
    return _counted(customer_id).count() + 1


def has_ordered(customer_id: int) -> bool:
    """Whether an order of this party was placed and stands. One query."""
    return _counted(customer_id).exists()


def buying_of(customer_id: int) -> Buying:
    """What this party has bought, merged guests included, as shared codes ask. One query."""
    found = _counted(customer_id).aggregate(
        placed=Count("pk"),
        delivered=Count("pk", filter=Q(status=Order.Status.DELIVERED)),
        last_at=Max("placed_at"),
    )
    return Buying(**found)


def _counted(customer_id: int) -> QuerySet[Order]:
    placed = Order.objects.filter(of_party(customer_id), placed_at__isnull=False, makes_good=None)
    return placed.exclude(status=Order.Status.CANCELLED)


def order_by_reference(reference: str | None) -> Order:
    """For callers who hold a key of this very order. Raises Http404. One query."""
    return get_object_or_404(Order, reference=reference)


def reference_exists(reference: str) -> bool:
    """Whether an order was ever made under it. One query."""
    return Order.objects.filter(reference=reference).exists()


def order_by_token(token: str) -> Order | None:
    """The order a signed link names; abandoned attempts have no page. One query."""
    return (
        Order.objects.select_related("slot", "zone")
        .filter(tracking_token=token)
        .exclude(status=Order.Status.ABANDONED)
        .first()
    )


def may_pay_again(order: Order | None) -> TypeGuard[Order]:
    """Whether this order is firm but for its payment, and its cut-off has not come. No query: needs its slot."""
    return (
        order is not None
        and order.status == Order.Status.PLACED
        and order.payment_needed_at is not None
        and order.slot.cutoff_at > timezone.now()
    )


def may_agree(order: Order | None) -> TypeGuard[Order]:
    """Whether this order waits for its customer to agree to it and pay. No query: needs its slot."""
    return (
        order is not None
        and order.status == Order.Status.AWAITING_PAYMENT
        and order.slot.cutoff_at > timezone.now()
    )


def waiting_order(basket_key: UUID) -> Order | None:
    """The order of this basket that still waits for its payment. One query."""
    return Order.objects.filter(basket_key=basket_key, status=Order.Status.AWAITING_PAYMENT).first()


def wants_payment(order_reference: str) -> bool:
    """Is a payment that succeeds now welcome? One query.

    A placed order's is, an awaiting one's until its slot's cut-off, an abandoned or cancelled one's never.
    """
    in_time = Q(status=Order.Status.AWAITING_PAYMENT, slot__cutoff_at__gt=timezone.now())
    return Order.objects.filter(in_time | Q(status__in=Order.STANDING), reference=order_reference).exists()


def payment_deadline(order_reference: str) -> datetime | None:
    """The cut-off of the order's slot. One query."""
    return Order.objects.filter(reference=order_reference).values_list("slot__cutoff_at", flat=True).first()


def overdue_references(now: datetime, limit: int = 100) -> list[str]:
    """Orders whose payment did not come in time, the longest unasked first. One query.

    In time is half an hour since the payment page was last opened, three hours in all, and before the cut-off.
    """
    return list(
        Order.objects.filter(status=Order.Status.AWAITING_PAYMENT)
        .annotate(
            opened_at=Coalesce(latest_of_page("opened_at", OuterRef("reference")), F("created_at")),
            checked_at=latest_of_page("checked_at", OuterRef("reference")),
        )
        .filter(
            Q(opened_at__lt=now - PAYMENT_WAITS)
            | Q(created_at__lt=now - PAYMENT_WAITS_AT_MOST)
            | Q(slot__cutoff_at__lte=now)
        )
        .order_by(F("checked_at").asc(nulls_first=True), "created_at")
        .values_list("reference", flat=True)[:limit]
    )


def overdue_amendments(now: datetime, limit: int = 100) -> list[str]:
    """Orders whose amendment was not paid in time, or can be made no more; the longest waiting first. One query."""
    due = Q(expires_at__lte=now) | Q(order__slot__cutoff_at__lte=now) | ~Q(order__status=Order.Status.PLACED)
    live = Amendment.objects.filter(due, state=Amendment.State.PREPARED)
    return list(live.order_by("expires_at").values_list("order__reference", flat=True)[:limit])


def unsecured_near_cutoff(now: datetime, *, has_come: bool, limit: int = 100) -> list[str]:
    """Placed orders that cost something, without any money authorised, whose cut-off has come or is near. One query.

    Whether the payment was asked for again does not matter: what counts is the money. Those whose payment was
    asked about longest ago come first, so that a standing doubt does not keep the others waiting.
    """
    since, until = (now - CUTOFF_PAST, now) if has_come else (now, now + CUTOFF_NEAR)
    found = Order.objects.filter(
        status=Order.Status.PLACED, total__gt=0, slot__cutoff_at__gt=since, slot__cutoff_at__lte=until
    ).exclude(reference__in=orders_with_money())
    if not has_come:
        found = found.filter(payment_needed_at=None)
    return list(
        found.annotate(checked_at=latest_of_page("checked_at", OuterRef("reference")))
        .order_by(F("checked_at").asc(nulls_first=True), "created_at")
        .values_list("reference", flat=True)[:limit]
    )


def uncharged(now: datetime) -> QuerySet[Order]:
    """Closed orders whose money was not taken, for two months. No query by itself."""
    paid = OrderEvent.objects.filter(order=OuterRef("pk"), kind=OrderEvent.Kind.PAID)
    return Order.objects.filter(
        ~Exists(paid),
        status__in=[Order.Status.PACKED, Order.Status.DELIVERED],
        created_at__gt=now - CHARGED_WITHIN,
        bill__total__gt=0,
    ).order_by("packed_at", "pk")


def preparable(now: datetime) -> QuerySet[Order]:
    """Orders that are to be prepared or being so, and did not leave long ago. No query by itself."""
    return Order.objects.filter(
        status__in=[Order.Status.PLACED, Order.Status.PICKING], slot__ends_at__gt=now - LEFT_FOR_SURE
    )


def ready_to_pick(now: datetime) -> QuerySet[Order]:
    """Placed orders whose slot sells no more and whose money is secured. No query by itself.

    What should have left long ago is not prepared any more.
    """
    return Order.objects.filter(
        status=Order.Status.PLACED,
        slot__cutoff_at__lte=now,
        slot__ends_at__gt=now - LEFT_FOR_SURE,
        payment_needed_at=None,
    ).filter(Q(total=0) | Q(reference__in=orders_with_money()))


def left_unsaid(now: datetime, limit: int = 500) -> list[str]:
    """Placed orders whose slot is long over and whose goods still count as lying on the shelves. One query."""
    return list(
        Order.objects.filter(
            status=Order.Status.PLACED,
            slot__ends_at__lt=now - LEFT_FOR_SURE,
            reference__in=orders_on_shelves(),
        )
        .order_by("slot__ends_at")
        .values_list("reference", flat=True)[:limit]
    )


def letter_context(order_reference: str) -> dict[str, Any]:
    """What the letters about an order say. Four queries; one more about one that is fetched, one more for what missed."""
    order = Order.objects.select_related("slot", "zone").get(reference=order_reference)
    pickup = pickup_of(order)
    history = set(order.events.values_list("kind", flat=True))
    return {
        **addressed(order),
        "cutoff_at": order.slot.cutoff_at,
        "address_lines": address_lines(order),
        "lines": [
            {
                "name": line.name,
                "quantity_label": quantity_label(line.sold_by, line.quantity),
                "total": line.total,
                "promotion": line.promotion_label if line.discount else "",
                "discount": line.discount,
                "if_missing": line.get_shortage_choice_display() if line.shortage_choice else "",
            }
            for line in order.lines.all()
        ],
        "goods_total": order.goods_total,
        "full_goods_total": order.goods_total + order.discount_total,
        "discount_total": order.discount_total,
        "deposit_total": order.deposit_total,
        "delivery_fee": order.delivery_fee,
        "voucher_discount": order.voucher_discount,
        "voucher_label": order.voucher_label,
        "total": order.total,
        "most": order.most,
        "weighing_margin": order.weighing_margin,
        "vat": [{"rate": total.rate, "vat": total.vat} for total in order.vat_totals.all()],
        "tracking_path": reverse("tracking", args=[order.tracking_token]),
        "pay_path": pay_path(order),
        "if_missing": order.get_shortage_choice_display(),
        "place": place_of(order) if order.is_collect else None,
        "pickup_code": pickup.code if pickup else "",
        "is_ready": order.status == Order.Status.PACKED,
        "requires_age_check": order.requires_age_check,
        "for_want_of_payment": OrderEvent.Kind.UNPAID in history,
        "for_want_of_article": _missing_name(order) if OrderEvent.Kind.CANCELLED_SHORT in history else "",
        "nothing_left": OrderEvent.Kind.NOTHING_LEFT in history,
        "was_authorised": OrderEvent.Kind.PAYMENT_SECURED in history,
    }


def _missing_name(order: Order) -> str:
    """What was missing when all was cancelled for it."""
    answered = order.questions.filter(answer="cancel").values_list("line__name", flat=True)
    return str(answered.first() or "")


def products_with_shelves(product_ids: Collection[int]) -> dict[int, Product]:
    """Products by id, on sale or not, as pricing them wants. One query."""
    return Product.objects.select_related("shelf").in_bulk(list(product_ids))


def amendment_context(amendment_id: int) -> dict[str, Any]:
    """What the letters about an amendment say besides `letter_context`. One query."""
    amendment = Amendment.objects.get(pk=amendment_id)
    kept = amendment.proposal
    changed = [line for line in kept["lines"] if line["article"]["priced"]["quantity"] != line["before"]]
    return {
        "changes": [_change(line) for line in changed],
        "is_slot_new": kept["is_slot_new"],
        "is_address_new": kept["is_address_new"],
        "total_before": amendment.total_before,
        "total_after": amendment.total_after,
        "why": amendment.get_why_display(),
    }


def _change(kept: dict[str, Any]) -> dict[str, Any]:
    article = kept["article"]
    priced, before = article["priced"], kept["before"]
    discount = Decimal(priced["discount"])
    gross = line_total(Decimal(priced["unit_price"]), priced["sold_by"], priced["quantity"])
    return {
        "name": article["name"],
        "before": quantity_label(priced["sold_by"], before) if before else "",
        "after": quantity_label(priced["sold_by"], priced["quantity"]) if priced["quantity"] else "",
        "total": gross - discount,
        "promotion": article["promotion_label"] if discount else "",
    }


def pay_path(order: Order) -> str:
    """Where to pay again. Written out: the page belongs to checkout, a room above; a test holds both together."""
    return f"/commande/paiement/{order.tracking_token}/"


def address_lines(order: Order) -> list[str]:
    """The delivery address as it stands on a letter."""
    name = f"{order.first_name} {order.last_name}"
    return [line for line in (name, order.line1, order.line2, f"{order.postcode} {order.city}") if line]
