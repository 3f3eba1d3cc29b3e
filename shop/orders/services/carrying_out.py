"""An amendment is done, or comes to nothing. The caller holds the order's lock; not called from other rooms."""

import logging
from datetime import date
from decimal import Decimal

from django.utils import timezone

from config.facts import publish
from delivery.slots import services as slots
from loyalty.vouchers import services as vouchers
from shop.basket import services as baskets
from shop.orders.events import AmendmentDropped, OrderAmended
from shop.orders.models import Amendment, LineEvent, Order, OrderLine, OrderVatTotal, Pickup
from shop.orders.rules import Article
from shop.orders.services.books import Kind, Status, record
from shop.orders.services.promising import promise_anew
from shop.orders.services.proposals import AmendedLine, Proposal
from shop.payments import services as payments
from shop.payments.rules import cents
from shop.pricing import services as promotions
from shop.stock import services as stock

Costs = dict[int, tuple[Decimal, date]]
logger = logging.getLogger(__name__)
Why = Amendment.Why
# What the customer did not do themselves is told by letter.
TOLD = frozenset({Why.UNPAID, Why.TOO_LATE, Why.CHANGED})


def carry_out(order: Order, amendment: Amendment, proposal: Proposal, *, is_card_saved: bool = False) -> None:
    """The order becomes what was agreed. Locks slots, stock, promotions, then the account; about 30 queries, whatever
    its lines.

    Raises slots.HoldLapsed, stock.StockShort, promotions.PromotionOver, payments.AmountFixed, payments.PaymentClosed.
    """
    if proposal.is_slot_new and amendment.extra:
        slots.exchange_booking(order_reference=order.reference, pinned_as=amendment.occasion)
    elif proposal.is_slot_new:
        slots.move_booking(order_reference=order.reference, slot_id=proposal.slot.pk)
    costs: Costs = {}
    if proposal.changes:
        costs = stock.change_reservations(
            order_reference=order.reference,
            depot_id=order.depot_id,
            changes=proposal.changes,
            kept_as=amendment.occasion,
        )
    promotions.change_uses(
        order_reference=order.reference, amounts=proposal.totals.promotions, kept_as=amendment.occasion
    )
    if order.voucher_discount:
        vouchers.change_amount(order_reference=order.reference, amount=proposal.totals.voucher_discount)
    if is_card_saved:
        payments.change_amount_due(
            order_reference=order.reference,
            amount=proposal.most,
            slot_starts_at=proposal.slot.starts_at if proposal.is_slot_new else None,
        )
    lines = _write_lines(order, proposal, costs)
    _write_order(order, proposal)
    promise_anew(order, lines)
    if proposal.basket_key:
        baskets.take_out(key=proposal.basket_key, taken=proposal.taken)
    _settle(amendment, Amendment.State.APPLIED)
    record(order, Kind.AMENDED, amendment=amendment.pk, total_cents=cents(order.total))
    publish(
        OrderAmended(
            order_reference=order.reference,
            customer_id=order.customer_id,
            amendment_id=amendment.pk,
            total_cents=cents(order.total),
        )
    )


def _settle(amendment: Amendment, state: str, why: str = "") -> None:
    """Settled once: the database refuses a second time. Where it was to go is the order's to know from here on."""
    amendment.state, amendment.why, amendment.ended_at = state, why, timezone.now()
    amendment.proposal = {**amendment.proposal, "address": {}}
    amendment.save(update_fields=["state", "why", "ended_at", "proposal"])


def _write_lines(order: Order, proposal: Proposal, costs: Costs) -> list[OrderLine]:
    """Lines as agreed, each change with its event. Six queries."""
    vat, shares = iter(proposal.totals.line_vat), iter(proposal.totals.voucher_shares)
    rows = {line.ean: line for line in OrderLine.ever.filter(order=order)}
    old: list[OrderLine] = []
    new: list[OrderLine] = []
    events: list[LineEvent] = []
    for amended in proposal.lines:
        article = amended.article
        line = rows.get(article.ean) or OrderLine(order=order, ean=article.ean, product_id=article.product_id)
        _write(line, article)
        line.vat_amount = next(vat) if amended.quantity else Decimal(0)
        line.voucher_share = next(shares) if amended.quantity else Decimal(0)
        if amended.before == 0:
            line.unit_cost, line.cost_on = costs[article.product_id]
        (old if line.pk else new).append(line)
        if amended.is_changed:
            events.append(_event(line, amended))
    OrderLine.objects.bulk_create(new)
    OrderLine.ever.bulk_update(old, [*_WRITTEN, "unit_cost", "cost_on"])
    LineEvent.objects.bulk_create(events)
    return [*old, *new]


_WRITTEN = (
    "name", "packaging_label", "sold_by", "quantity", "unit_price", "vat_rate", "total", "discount", "price_kept",
    "promotion_id", "promotion_label", "points_factor", "vat_amount", "voucher_share", "takes_voucher", "voucher_room", "may_be_returned", "deposit", "minimum_age", "labels", "minimum_life_days",
)  # fmt: skip


def _write(line: OrderLine, article: Article) -> None:
    priced = article.priced
    for name in (
        "name",
        "packaging_label",
        "promotion_id",
        "promotion_label",
        "points_factor",
        "voucher_room",
        "minimum_age",
        "minimum_life_days",
    ):
        setattr(line, name, getattr(article, name))
    for name in ("sold_by", "quantity", "unit_price", "vat_rate", "total", "discount"):
        setattr(line, name, getattr(priced, name))
    line.takes_voucher, line.may_be_returned = article.takes_voucher, article.may_be_returned
    line.price_kept, line.deposit, line.labels = (
        article.price_kept,
        priced.deposit_total,
        list(article.labels),
    )


def _event(line: OrderLine, amended: AmendedLine) -> LineEvent:
    """How much of it was added or taken out."""
    kinds = LineEvent.Kind
    more = amended.quantity - amended.before
    if not amended.before:
        kind = kinds.JOINED
    elif not amended.quantity:
        kind = kinds.REMOVED
    else:
        kind = kinds.RAISED if more > 0 else kinds.LOWERED
    return LineEvent(line=line, kind=kind, quantity=abs(more))


def _write_order(order: Order, proposal: Proposal) -> None:
    """Sums, slot and address. Five queries at most."""
    totals = proposal.totals
    fields = {
        "goods_total": totals.goods_total,
        "deposit_total": totals.deposit_total,
        "delivery_fee": totals.delivery_fee,
        "discount_total": totals.discount_total,
        "delivery_label": totals.delivery_label,
        "voucher_discount": totals.voucher_discount,
        "voucher_label": totals.voucher_label,
        "total": totals.total,
        "weighing_margin": proposal.margin,
        "requires_age_check": any(article.minimum_age for article in proposal.articles),
        "slot": proposal.slot,
        **proposal.address,
    }
    for name, value in fields.items():
        setattr(order, name, value)
    order.save(update_fields=list(fields))
    if proposal.is_slot_new and order.is_collect:
        Pickup.objects.filter(order=order).update(reminded_at=None)
    OrderVatTotal.objects.filter(order=order).exclude(rate__in=totals.vat).delete()
    OrderVatTotal.objects.bulk_create(
        [
            OrderVatTotal(order=order, rate=rate, gross=gross, vat=vat)
            for rate, (gross, vat) in totals.vat.items()
        ],
        update_conflicts=True,
        unique_fields=["order", "rate"],
        update_fields=["gross", "vat"],
    )


def drop(order: Order, amendment: Amendment, why: Amendment.Why) -> None:
    """Give back what an amendment kept, and what it authorised; the order stands as it was. About 15 queries."""
    slots.release_booking(order_reference=amendment.occasion)
    stock.return_stock(order_reference=amendment.occasion)
    promotions.give_back(order_reference=amendment.occasion)
    give_money_back(order, amendment)
    note_dropped(order, amendment, why)
    if why in TOLD:
        tell_dropped(order, amendment)


def note_dropped(order: Order, amendment: Amendment, why: Amendment.Why) -> None:
    """Settle it, and say so in the order's history. Two queries."""
    _settle(amendment, Amendment.State.DROPPED, why)
    record(order, Kind.AMENDMENT_REFUSED, amendment=amendment.pk, why=str(why))


def give_money_back(order: Order, amendment: Amendment) -> None:
    """Close its page and void what was authorised on it; the worker goes on until the provider has answered."""
    if order.status in {Status.CANCELLED, Status.ABANDONED}:
        payments.release(order_reference=order.reference)
        return
    try:
        payments.release_part(order_reference=order.reference, occasion=amendment.occasion)
    except payments.AlreadyCaptured:
        # The order was packed meanwhile: what was taken is in its bill, the rest is released with it.
        logger.warning("%s of order %s was captured with its order", amendment.occasion, order.reference)


def tell_dropped(order: Order, amendment: Amendment) -> None:
    publish(
        AmendmentDropped(
            order_reference=order.reference, customer_id=order.customer_id, amendment_id=amendment.pk
        )
    )
