"""The life of an order up to its cut-off. Lock order everywhere: basket → order → slot → stock → promotions →
account.

No call to the payment provider happens inside a transaction here: see docs/adr/0008-placing-an-order.md.
"""

import logging
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
from shop.customers.models import ShortageChoice
from shop.orders.events import OrderCancelled, OrderPaymentNeeded, OrderPlaced
from shop.orders.models import Order, OrderEvent, OrderLine, OrderVatTotal
from shop.orders.queries import CUTOFF_NEAR, rank_of_next_order
from shop.orders.rules import Article, Figures, new_reference
from shop.payments import services as payments
from shop.payments.queries import payment_state
from shop.payments.rules import cents
from shop.pricing import services as promotions
from shop.stock import services as stock

Status = Order.Status
Kind = OrderEvent.Kind
logger = logging.getLogger(__name__)


class BasketAlreadyOrdered(Exception):
    """An order of this basket exists; ``reference`` names it."""

    def __init__(self, reference: str) -> None:
        super().__init__(reference)
        self.reference = reference


class MoveRefused(Exception):
    """The order's state does not allow this."""


class TooLateToPlace(MoveRefused):
    """The slot's cut-off came before the payment."""


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
    shortage_choice: str = ShortageChoice.ASK,
    is_first_order: bool = False,
) -> tuple[Order, str]:
    """Transaction A: an order awaiting payment with its stock taken, its slot pinned, its payment prepared.

    Returns the order and the key of its payment. Raises BasketAlreadyOrdered, stock.StockShort,
    slots.HoldLapsed, promotions.PromotionOver: then nothing is left behind. Slot, stock and promotions are locked
    last, in that order.
    """
    rank = 1 if is_first_order else rank_of_next_order(recipient.customer_id)
    order = _insert_order(
        basket_key,
        recipient,
        hold,
        articles,
        totals,
        rank,
        terms_version=terms_version,
        shortage_choice=shortage_choice,
    )
    record(order, Kind.CREATED, total_cents=cents(order.total))
    # Its account is new, so nobody waits for it: the rows that everybody wants are locked last.
    operation = payments.prepare_payment(
        order_reference=order.reference,
        customer_id=recipient.customer_id,
        amount=order.total,
        slot_starts_at=hold.slot.starts_at,
    )
    pinned = slots.pin_hold(holder=str(basket_key), order_reference=order.reference)
    if pinned.slot_id != hold.slot_id:
        raise slots.HoldLapsed  # Another tab changed the slot while this one was pressing the button.
    costs = stock.take_stock(
        order_reference=order.reference,
        depot_id=order.depot_id,
        quantities={article.product_id: article.priced.quantity for article in articles},
    )
    _insert_lines(order, articles, totals, costs)
    # Every buyer of a promotion wants its row: held for this last statement alone.
    promotions.spend(order_reference=order.reference, amounts=totals.promotions)
    return order, str(operation.key)


def _insert_order(
    basket_key: UUID,
    recipient: Recipient,
    hold: Hold,
    articles: Sequence[Article],
    totals: Figures,
    rank: int,
    **agreed: str,
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
                discount_total=totals.discount_total,
                delivery_label=totals.delivery_label,
                total=totals.total,
                requires_age_check=any(article.minimum_age for article in articles),
                **agreed,
                **details,
            )
    except IntegrityError as clash:
        existing = Order.objects.exclude(status=Status.ABANDONED).filter(basket_key=basket_key).first()
        if existing is None:
            raise
        raise BasketAlreadyOrdered(existing.reference) from clash


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
            discount=article.priced.discount,
            promotion_id=article.promotion_id,
            promotion_label=article.promotion_label,
            vat_amount=vat,
            deposit=article.priced.deposit_total,
            unit_cost=costs[article.product_id][0],
            cost_on=costs[article.product_id][1],
            minimum_age=article.minimum_age,
            labels=list(article.labels),
            shortage_choice=article.shortage_choice,
        )
        for article, vat in zip(articles, totals.line_vat, strict=True)
    )
    OrderVatTotal.objects.bulk_create(
        OrderVatTotal(order=order, rate=rate, gross=gross, vat=vat)
        for rate, (gross, vat) in totals.vat.items()
    )


@transaction.atomic
def place_order(*, reference: str) -> Order:
    """Transaction B: payment is secured, the order is firm. Idempotent; locks basket, order, then the hold.

    Raises MoveRefused when the order was abandoned meanwhile, TooLateToPlace when its cut-off has come: the
    caller voids the payment.
    """
    basket_key = Order.objects.values_list("basket_key", flat=True).get(reference=reference)
    baskets.lock_by_key(key=basket_key)
    order = _locked(reference)
    if order.status != Status.AWAITING_PAYMENT:
        if order.status in {Status.ABANDONED, Status.CANCELLED}:
            raise MoveRefused(order.status)
        return order
    if _cutoff_has_come(order):
        raise TooLateToPlace(reference)
    _move(order, Status.PLACED, placed_at=timezone.now())
    record(order, _what_was_secured(reference))
    record(order, Kind.PLACED)
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
            total_cents=cents(order.total),
        )
    )
    return order


def _locked(reference: str) -> Order:
    """The order, its row locked, with its slot, which is not. One query."""
    return Order.objects.select_for_update(of=("self",)).select_related("slot").get(reference=reference)


def _cutoff_has_come(order: Order) -> bool:
    return order.slot.cutoff_at <= timezone.now()


@transaction.atomic
def note_refusal(*, reference: str) -> None:
    """The card was refused: the order waits for another one until it expires. Locks the order."""
    order = Order.objects.select_for_update().get(reference=reference)
    if order.status == Status.AWAITING_PAYMENT:
        record(order, Kind.PAYMENT_REFUSED)


@transaction.atomic
def ask_for_payment(*, reference: str) -> None:
    """Nothing secures a placed order: its customer is asked, the slot kept until the cut-off. Idempotent.

    Whatever fact led here may be old news, so the payment itself is looked at: nobody who has paid is asked,
    nor anybody whose answer is awaited. Locks the order; four queries at most.
    """
    order = _locked(reference)
    if order.status != Status.PLACED or order.payment_needed_at or _cutoff_has_come(order):
        return
    if _is_paid(order) or payment_state(reference) == "unknown":
        return
    order.payment_needed_at = timezone.now()
    order.save(update_fields=["payment_needed_at"])
    record(order, Kind.PAYMENT_NEEDED)
    publish(OrderPaymentNeeded(order_reference=reference, customer_id=order.customer_id))


@transaction.atomic
def note_payment_made(*, reference: str) -> None:
    """The customer paid again, or their saved card was charged; the payment itself must confirm it.

    Locks the order; once is enough.
    """
    order = _locked(reference)
    if order.payment_needed_at and _is_paid(order):
        order.payment_needed_at = None
        order.save(update_fields=["payment_needed_at"])
        record(order, _what_was_secured(reference))
    elif payment_state(reference) == "secured" and not _has(order, Kind.PAYMENT_SECURED):
        record(order, Kind.PAYMENT_SECURED)


def _what_was_secured(reference: str) -> Kind:
    """Money on a card, or only the card: the history must not claim the one for the other."""
    is_saved_only = payment_state(reference) == "card_saved"
    return Kind.CARD_SAVED if is_saved_only else Kind.PAYMENT_SECURED


def _has(order: Order, kind: Kind) -> bool:
    return order.events.filter(kind=kind).exists()


def _is_paid(order: Order) -> bool:
    """Money is authorised, or a card is saved whose time to be charged is not over. Two queries."""
    state = payment_state(order.reference)
    in_time = order.slot.cutoff_at > timezone.now() + CUTOFF_NEAR
    return state == "secured" or (state == "card_saved" and in_time)


def abandon_order(*, reference: str) -> str:
    """Give up an unpaid order: the provider's session is expired *before* anything is released.

    Answers "abandoned", "placed" (it turned out to be paid) or "unknown" (the provider did not answer:
    nothing is released, the next run asks again, until the slot's cut-off). Paid once the cut-off had come,
    it is abandoned all the same, the payment voided and told. Outside any transaction.
    """
    outcome = payments.abandon(order_reference=reference)
    if outcome == "secured":
        try:
            place_order(reference=reference)
        except TooLateToPlace:
            return give_up_late(reference=reference)
        except MoveRefused:
            return "abandoned"  # Somebody else gave it up in between.
        return "placed"
    if outcome == "unknown" and not _cutoff_has_come(
        Order.objects.select_related("slot").get(reference=reference)
    ):
        return "unknown"
    return "abandoned" if _give_back(reference) else "placed"


@transaction.atomic
def give_up_late(*, reference: str) -> str:
    """Abandon an order that was paid once its cut-off had come; the payment is voided and its payer told."""
    if not _give_back(reference):
        return "placed"
    payments.void_late_success(order_reference=reference)
    return "abandoned"


@transaction.atomic
def _give_back(reference: str) -> bool:
    """Lock order → hold → stock → promotions → account, and give back what they hold; False when the order is firm."""
    order = Order.objects.select_for_update().get(reference=reference)
    if order.status != Status.AWAITING_PAYMENT:
        return order.status == Status.ABANDONED
    _move(order, Status.ABANDONED)
    record(order, Kind.ABANDONED)
    slots.unpin_hold(order_reference=reference, holder=str(order.basket_key))
    stock.return_stock(order_reference=reference)
    promotions.give_back(order_reference=reference)
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
    if order.status == Status.PLACED and _cutoff_has_come(order):
        raise TooLateToCancel(reference)
    _call_off(order, Kind.CANCELLED)
    payments.release(order_reference=order.reference)
    return order


def ask_before_cutoff(*, reference: str) -> str:
    """The cut-off is near and no money secures the order: charge its saved card, else ask its customer.

    Answers "secured", "asked" or "unknown". Outside any transaction: it may talk to the provider.
    """
    payments.authorise_now(order_reference=reference)
    state = payment_state(reference)
    if state == "unknown" or state == "secured":
        return state
    ask_for_payment(reference=reference)
    return "asked"


def settle_at_cutoff(*, reference: str) -> str:
    """The cut-off has come and no money was seen: close the payment page, then call the order off unless paid.

    Answers "secured" (it was paid after all), "cancelled", "unknown" (the provider did not answer) or "doubt"
    (a charge is unanswered: staff see it, reconciliation goes on asking). Outside any transaction.
    """
    # Where a card is saved this asks nobody anything: its charge is for reconciliation to follow.
    if payments.abandon(order_reference=reference) == "unknown":
        return "unknown"
    try:
        order = cancel_unpaid(reference=reference)
    except payments.PaymentAlreadySecured:
        note_payment_made(reference=reference)
        return "secured"
    except payments.PaymentUncertain:
        logger.error("order %s is past its cut-off and its payment in doubt", reference)
        return "doubt"
    return "cancelled" if order.status == Status.CANCELLED else "secured"


@transaction.atomic
def cancel_unpaid(*, reference: str) -> Order:
    """The cut-off came and no money did: the shop calls the order off. Idempotent; nothing before the cut-off.

    Whether it is paid is decided last, under the account's lock: raises payments.PaymentAlreadySecured,
    payments.PaymentUncertain, and then nothing is given back.
    """
    order = _locked(reference)
    if order.status != Status.PLACED or not _cutoff_has_come(order):
        return order
    _call_off(order, Kind.UNPAID)
    payments.release_unsecured(order_reference=reference)
    return order


def _call_off(order: Order, why: Kind) -> None:
    """Give back slot, stock, then promotions; the caller then asks for the money to be. All of it commits together."""
    _move(order, Status.CANCELLED, cancelled_at=timezone.now())
    record(order, why)
    slots.release_booking(order_reference=order.reference)
    stock.return_stock(order_reference=order.reference)
    promotions.give_back(order_reference=order.reference)
    publish(OrderCancelled(order_reference=order.reference, customer_id=order.customer_id))


@transaction.atomic
def note_release(*, reference: str) -> None:
    """The provider has lifted the authorisation, or forgotten the card: say so in the history, once."""
    order = Order.objects.select_for_update().get(reference=reference)
    history = set(order.events.values_list("kind", flat=True))
    if history & OrderEvent.RELEASES:
        return
    only_a_card = Kind.CARD_SAVED in history and Kind.PAYMENT_SECURED not in history
    record(order, Kind.CARD_FORGOTTEN if only_a_card else Kind.PAYMENT_RELEASED)


def take_off_shelf(*, reference: str) -> int:
    """The order has left and nobody said what was picked for it: its goods lie there no more; how many articles."""
    return stock.pick_as_ordered(order_reference=reference)


def record(order: Order, kind: Kind, **data: Any) -> None:
    """Add a line to the order's own history. One INSERT."""
    OrderEvent.objects.create(order=order, kind=kind, data=data)


def _move(order: Order, to: Order.Status, **fields: Any) -> None:
    if to not in Order.MOVES[order.status]:
        raise MoveRefused(f"{order.status} → {to}")
    order.status = to
    for name, value in fields.items():
        setattr(order, name, value)
    order.save(update_fields=["status", *fields])
