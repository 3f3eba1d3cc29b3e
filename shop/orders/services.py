"""The life of an order up to its cut-off. Lock order everywhere: basket → order → slot → stock → account.

No call to the payment provider happens inside a transaction here: see docs/adr/0008-placing-an-order.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from config.facts import publish
from delivery.slots import services as slots
from delivery.slots.models import Hold
from shop.basket import services as baskets
from shop.orders.events import OrderCancelled, OrderPaymentNeeded, OrderPlaced
from shop.orders.models import Order, OrderEvent, OrderLine, OrderVatTotal
from shop.orders.rules import Article, Figures, new_reference
from shop.payments import services as payments
from shop.stock import services as stock

Status = Order.Status


class BasketAlreadyOrdered(Exception):
    """An order of this basket exists; ``reference`` names it."""

    def __init__(self, reference: str) -> None:
        super().__init__(reference)
        self.reference = reference


class MoveRefused(Exception):
    """The order's state does not allow this."""


class TooLateToCancel(MoveRefused):
    """The slot's cut-off has passed."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who and where, frozen into the order."""

    customer_id: int
    email: str
    first_name: str
    last_name: str
    phone: str
    line1: str
    postcode: str
    city: str
    line2: str = ""
    floor: str = ""
    door_code: str = ""
    instructions: str = ""


@transaction.atomic
def create_order(
    *,
    basket_key: UUID,
    recipient: Recipient,
    hold: Hold,
    articles: Sequence[Article],
    totals: Figures,
    terms_version: str,
    is_first_order: bool = False,
) -> tuple[Order, str]:
    """Transaction A: an order awaiting payment with its stock taken, its slot pinned, its payment prepared.

    Returns the order and the key of its payment. Raises BasketAlreadyOrdered, stock.StockShort,
    slots.HoldLapsed: then nothing is left behind. Slot and stock are locked last, in that order.
    """
    rank = 1 if is_first_order else _rank_of_next_order(recipient.customer_id)
    order = _insert_order(basket_key, recipient, hold, articles, totals, terms_version, rank)
    record(order, OrderEvent.Kind.CREATED, total_cents=_cents(order.total))
    operation = payments.prepare_payment(
        order_reference=order.reference,
        customer_id=recipient.customer_id,
        amount=order.total,
        slot_starts_at=hold.slot.starts_at,
    )
    slots.pin_hold(holder=str(basket_key), order_reference=order.reference)
    costs = stock.take_stock(
        order_reference=order.reference,
        depot_id=order.depot_id,
        quantities={article.product_id: article.priced.quantity for article in articles},
    )
    _insert_lines(order, articles, totals, costs)
    return order, str(operation.key)


def _insert_order(
    basket_key: UUID,
    recipient: Recipient,
    hold: Hold,
    articles: Sequence[Article],
    totals: Figures,
    terms_version: str,
    rank: int,
) -> Order:
    details = {name: getattr(recipient, name) for name in Recipient.__dataclass_fields__}
    zone = hold.slot.zone
    try:
        with transaction.atomic():
            return Order.objects.create(
                reference=new_reference(),
                basket_key=basket_key,
                zone=zone,
                depot_id=zone.depot_id,
                slot=hold.slot,
                rank=rank,
                goods_total=totals.goods_total,
                deposit_total=totals.deposit_total,
                delivery_fee=totals.delivery_fee,
                total=totals.total,
                terms_version=terms_version,
                requires_age_check=any(article.minimum_age for article in articles),
                **details,
            )
    except IntegrityError as clash:
        existing = Order.objects.exclude(status=Status.ABANDONED).filter(basket_key=basket_key).first()
        if existing is None:
            raise
        raise BasketAlreadyOrdered(existing.reference) from clash


def _rank_of_next_order(customer_id: int) -> int:
    return Order.objects.filter(customer_id=customer_id, status=Status.PLACED).count() + 1


def _insert_lines(
    order: Order, articles: Sequence[Article], totals: Figures, costs: dict[int, tuple[Decimal, date]]
) -> None:
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            product_id=article.product_id,
            ean=article.ean,
            name=article.name,
            packaging_label=article.packaging_label,
            sold_by=article.priced.sold_by,
            quantity=article.priced.quantity,
            unit_price=article.priced.unit_price,
            vat_rate=article.priced.vat_rate,
            total=article.priced.total,
            vat_amount=vat,
            deposit=article.priced.deposit_total,
            unit_cost=costs[article.product_id][0],
            cost_on=costs[article.product_id][1],
            minimum_age=article.minimum_age,
            labels=list(article.labels),
        )
        for article, vat in zip(articles, totals.line_vat, strict=True)
    )
    OrderVatTotal.objects.bulk_create(
        OrderVatTotal(order=order, rate=rate, gross=gross, vat=vat)
        for rate, (gross, vat) in totals.vat.items()
    )


@transaction.atomic
def place_order(*, reference: str) -> Order:
    """Transaction B: payment is secured, the order is firm. Idempotent; locks basket, order, then the slot.

    Raises MoveRefused when the order was abandoned meanwhile: the caller voids the payment.
    """
    basket_key = Order.objects.values_list("basket_key", flat=True).get(reference=reference)
    baskets.lock_by_key(key=basket_key)
    order = Order.objects.select_for_update().get(reference=reference)
    if order.status != Status.AWAITING_PAYMENT:
        if order.status in {Status.ABANDONED, Status.CANCELLED}:
            raise MoveRefused(order.status)
        return order
    _move(order, Status.PLACED, placed_at=timezone.now())
    record(order, OrderEvent.Kind.PAYMENT_SECURED)
    record(order, OrderEvent.Kind.PLACED)
    slots.book_hold(order_reference=reference)
    baskets.close(
        key=order.basket_key,
        order_reference=reference,
        ordered=[product for product in order.lines.values_list("product_id", flat=True) if product],
    )
    publish(
        OrderPlaced(
            order_reference=reference,
            customer_id=order.customer_id,
            rank=order.rank,
            total_cents=_cents(order.total),
        )
    )
    return order


@transaction.atomic
def note_refusal(*, reference: str) -> None:
    """The card was refused: the order waits for another one until it expires. Locks the order."""
    order = Order.objects.select_for_update().get(reference=reference)
    if order.status == Status.AWAITING_PAYMENT:
        record(order, OrderEvent.Kind.PAYMENT_REFUSED)


@transaction.atomic
def ask_for_payment(*, reference: str) -> None:
    """The saved card was refused two days before the slot: the customer is asked, the slot kept. Idempotent."""
    order = Order.objects.select_for_update().get(reference=reference)
    if order.status != Status.PLACED or order.payment_needed_at:
        return
    order.payment_needed_at = timezone.now()
    order.save(update_fields=["payment_needed_at"])
    record(order, OrderEvent.Kind.PAYMENT_NEEDED)
    publish(OrderPaymentNeeded(order_reference=reference, customer_id=order.customer_id))


@transaction.atomic
def note_payment_made(*, reference: str) -> None:
    """The customer paid again. Locks the order; once is enough."""
    order = Order.objects.select_for_update().get(reference=reference)
    if order.payment_needed_at:
        order.payment_needed_at = None
        order.save(update_fields=["payment_needed_at"])
        record(order, OrderEvent.Kind.PAYMENT_SECURED)


def abandon_order(*, reference: str) -> str:
    """Give up an unpaid order: the provider's session is expired *before* anything is released.

    Answers "abandoned", "placed" (it turned out to be paid) or "unknown" (the provider did not answer:
    nothing is released, the next run asks again, until the slot's cut-off). Outside any transaction.
    """
    outcome = payments.abandon(order_reference=reference)
    if outcome == "secured":
        place_order(reference=reference)
        return "placed"
    if outcome == "unknown" and not _may_wait_no_longer(reference):
        return "unknown"
    return "abandoned" if _give_back(reference) else "placed"


def _may_wait_no_longer(reference: str) -> bool:
    cutoff = Order.objects.values_list("slot__cutoff_at", flat=True).get(reference=reference)
    return cutoff <= timezone.now()


@transaction.atomic
def _give_back(reference: str) -> bool:
    order = Order.objects.select_for_update().get(reference=reference)
    if order.status != Status.AWAITING_PAYMENT:
        return order.status == Status.ABANDONED
    _move(order, Status.ABANDONED)
    record(order, OrderEvent.Kind.ABANDONED)
    slots.unpin_hold(order_reference=reference, holder=str(order.basket_key))
    stock.return_stock(order_reference=reference)
    # Nothing is held where the page was closed; where the provider never answered, it goes on asking.
    payments.release(order_reference=reference)
    return True


@transaction.atomic
def cancel_order(*, reference: str, customer_ids: Sequence[int] | None = None) -> Order:
    """The customer changes their mind before the cut-off: slot, stock and money are given back. Idempotent.

    ``customer_ids`` limits it to these customers' orders. Raises TooLateToCancel, MoveRefused,
    Order.DoesNotExist. The authorisation is lifted by the worker, which goes on until the provider answers.
    """
    mine = Order.objects.select_for_update(of=("self",)).select_related("slot")
    if customer_ids is not None:
        mine = mine.filter(customer_id__in=customer_ids)
    order = mine.get(reference=reference)
    if order.status == Status.CANCELLED:
        return order
    if order.status == Status.PLACED and order.slot.cutoff_at <= timezone.now():
        raise TooLateToCancel(reference)
    return _call_off(order, OrderEvent.Kind.CANCELLED)


@transaction.atomic
def cancel_unpaid(*, reference: str) -> Order:
    """The cut-off came and the payment asked for again did not: the shop calls the order off. Idempotent."""
    order = Order.objects.select_for_update(of=("self",)).select_related("slot").get(reference=reference)
    if order.status != Status.PLACED or not order.payment_needed_at:
        return order
    return _call_off(order, OrderEvent.Kind.UNPAID)


def _call_off(order: Order, why: OrderEvent.Kind) -> Order:
    """Give back slot, then stock, then ask for the money to be; all of it commits together."""
    _move(order, Status.CANCELLED, cancelled_at=timezone.now())
    record(order, why)
    slots.release_booking(order_reference=order.reference)
    stock.return_stock(order_reference=order.reference)
    payments.release(order_reference=order.reference)
    publish(OrderCancelled(order_reference=order.reference, customer_id=order.customer_id))
    return order


@transaction.atomic
def note_release(*, reference: str) -> None:
    """The provider has lifted the authorisation: say so in the history, once."""
    order = Order.objects.select_for_update().get(reference=reference)
    if not order.events.filter(kind=OrderEvent.Kind.PAYMENT_RELEASED).exists():
        record(order, OrderEvent.Kind.PAYMENT_RELEASED)


def record(order: Order, kind: OrderEvent.Kind, **data: Any) -> None:
    """Add a line to the order's own history. One INSERT."""
    OrderEvent.objects.create(order=order, kind=kind, data=data)


def _move(order: Order, to: Order.Status, **fields: Any) -> None:
    if to not in Order.MOVES[order.status]:
        raise MoveRefused(f"{order.status} → {to}")
    order.status = to
    for name, value in fields.items():
        setattr(order, name, value)
    order.save(update_fields=["status", *fields])


def _cents(amount: Decimal) -> int:
    return int(amount * 100)
