"""From a basket to a firm order: two short transactions with the payment in between."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from config.facts import publish
from delivery.slots import services as slots
from delivery.slots.models import Hold
from loyalty.vouchers import services as vouchers
from loyalty.vouchers.models import Voucher
from shop.basket import services as baskets
from shop.customers.models import ShortageChoice
from shop.orders.events import OrderPlaced
from shop.orders.models import Order, OrderLine, OrderVatTotal
from shop.orders.queries import rank_of_next_order
from shop.orders.rules import Article, Figures, new_reference, weighing_margin
from shop.orders.services.books import Kind, Status, cutoff_has_come, locked, move, record
from shop.orders.services.errors import BasketAlreadyOrdered, MoveRefused, TooLateToPlace
from shop.orders.services.paying import what_was_secured
from shop.orders.services.pickup_codes import open_pickup
from shop.orders.services.promising import Ordered, promise
from shop.payments import services as payments
from shop.payments.rules import cents
from shop.pricing import services as promotions
from shop.stock import services as stock


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
    voucher: Voucher | None = None,
) -> tuple[Order, str]:
    """Transaction A: an order awaiting payment with its stock taken, its slot pinned, its payment prepared.

    Returns the order and the key of its payment. Raises BasketAlreadyOrdered, stock.StockShort,
    slots.HoldLapsed, promotions.PromotionOver, a VoucherRefused: then nothing is left behind. Slot, stock,
    promotions, the shared code and the voucher are locked last, in that order.
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
        amount=order.most,
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
    if voucher is not None:
        vouchers.take(
            voucher=voucher,
            order_reference=order.reference,
            customer_id=order.customer_id,
            goods=totals.goods_total,
            is_first_order=rank == 1,
            amount=totals.voucher_discount,
        )
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
                voucher_discount=totals.voucher_discount,
                voucher_label=totals.voucher_label,
                total=totals.total,
                weighing_margin=weighing_margin(articles),
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
            points_factor=article.points_factor,
            takes_voucher=article.takes_voucher,
            voucher_room=article.voucher_room,
            voucher_share=share,
            vat_amount=vat,
            deposit=article.priced.deposit_total,
            unit_cost=costs[article.product_id][0],
            cost_on=costs[article.product_id][1],
            minimum_age=article.minimum_age,
            labels=list(article.labels),
            shortage_choice=article.shortage_choice,
            minimum_life_days=article.minimum_life_days,
            may_be_returned=article.may_be_returned,
        )
        for article, share, vat in zip(articles, totals.voucher_shares, totals.line_vat, strict=True)
    )
    OrderVatTotal.objects.bulk_create(
        OrderVatTotal(order=order, rate=rate, gross=gross, vat=vat)
        for rate, (gross, vat) in totals.vat.items()
    )


@transaction.atomic
def place_order(*, reference: str) -> Order:
    """Transaction B: payment is secured, the order is firm. Idempotent; locks basket, order, then the hold,
    then the outcome.

    Raises MoveRefused when the order was abandoned meanwhile, TooLateToPlace when its cut-off has come: the
    caller voids the payment.
    """
    basket_key = Order.objects.values_list("basket_key", flat=True).get(reference=reference)
    baskets.lock_by_key(key=basket_key)
    order = locked(reference)
    if order.status != Status.AWAITING_PAYMENT:
        if order.status in {Status.ABANDONED, Status.CANCELLED}:
            raise MoveRefused(order.status)
        return order
    if cutoff_has_come(order):
        raise TooLateToPlace(reference)
    move(order, Status.PLACED, placed_at=timezone.now())
    open_pickup(order=order)
    record(order, what_was_secured(reference))
    record(order, Kind.PLACED)
    slots.book_hold(order_reference=reference)
    ordered = [
        (product, Ordered(sold_by, quantity, share))
        for product, sold_by, quantity, share in order.lines.values_list(
            "product_id", "sold_by", "quantity", "voucher_share"
        )
    ]
    baskets.close(
        key=order.basket_key,
        order_reference=reference,
        ordered=[product for product, _line in ordered if product],
    )
    promise(order, [line for _product, line in ordered])
    publish(
        OrderPlaced(
            order_reference=reference,
            customer_id=order.customer_id,
            rank=order.rank,
            total_cents=cents(order.total),
        )
    )
    return order
