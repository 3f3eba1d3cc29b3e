"""Money goes back for what was delivered: by article, for the delivery, or a plain sum. Once for its occasion."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from config.facts import publish
from shop.orders.events import OrderRefundAsked
from shop.orders.models import LineEvent, Order, Refund, RefundLine
from shop.orders.refund_rules import spread_credit
from shop.orders.refunds import Ledger, ledger_of
from shop.orders.services.books import Kind, locked, record
from shop.orders.services.errors import MoreThanBilled, NotBilled, NothingToRefund
from shop.payments import services as payments
from shop.payments.queries import refund_of, refunds_of
from shop.payments.rules import cents, is_sum
from shop.pricing.rules import DELIVERY_VAT_RATE, NOTHING


@dataclass(frozen=True, slots=True)
class Returned:
    """So many pieces or grams of a line."""

    line_id: int
    quantity: int


@transaction.atomic
def give_back(
    *,
    order_reference: str,
    reason: str,
    occasion: str,
    lines: Sequence[Returned] = (),
    amount: Decimal = NOTHING,
    with_delivery: bool = False,
    by_id: int | None = None,
) -> Refund:
    """Refund articles, what is left of the delivery, a plain ``amount`` in euros, or all of these; ``reason`` is one
    of PaymentOperation.Reason.

    For an occasion that is known the first refund stands, and what the provider refused of it is asked anew. Raises
    NotBilled, MoreThanBilled (of a line, or at a VAT rate), NothingToRefund, and what `payments.refund` raises; then
    nothing is written. Locks the order, then the account. At most 18 queries, however many lines.
    """
    order = locked(order_reference)
    if known := order.refunds.filter(occasion=occasion).first():
        return _ask_anew(order, known)
    ledger = ledger_of(order)
    if ledger is None:
        raise NotBilled(order_reference)
    parts = [_of_line(ledger, one) for one in _each_once(lines)]
    if with_delivery and ledger.delivery_left > 0:
        parts.append(RefundLine(amount=ledger.delivery_left, vat_rate=DELIVERY_VAT_RATE, is_delivery=True))
    parts += _of_sum(ledger, parts, amount)
    total = sum((one.amount + one.deposit for one in parts), NOTHING)
    if not total:
        raise NothingToRefund(order_reference)
    _check_rates(ledger, parts)
    refund = Refund.objects.create(order=order, occasion=occasion, reason=reason, amount=total, by_id=by_id)
    for one in parts:
        one.refund = refund
    RefundLine.objects.bulk_create(parts)
    _tell(order, refund, parts)
    payments.refund(order_reference=order_reference, amount=total, occasion=occasion, reason=reason)
    return refund


def _each_once(lines: Sequence[Returned]) -> Iterable[Returned]:
    if len({one.line_id for one in lines}) != len(lines):
        raise MoreThanBilled
    return lines


def _of_line(ledger: Ledger, one: Returned) -> RefundLine:
    charged = ledger.charged.get(one.line_id)
    if charged is None or not 0 < one.quantity <= charged.left:
        raise MoreThanBilled(one.line_id)
    goods, deposit = charged.refund_of(one.quantity)
    return RefundLine(
        line_id=one.line_id, quantity=one.quantity, amount=goods, deposit=deposit,
        vat_rate=ledger.lines[one.line_id].vat_rate,
    )  # fmt: skip


def _of_sum(ledger: Ledger, parts: Sequence[RefundLine], amount: Decimal) -> list[RefundLine]:
    """A sum without articles, over the VAT rates in proportion to what these parts leave."""
    if not amount:
        return []
    if not is_sum(amount):
        raise payments.InvalidAmount
    left = dict(ledger.left)
    for rate, gross in _by_rate(parts):
        left[rate] = left.get(rate, NOTHING) - gross
    spread = spread_credit(amount, left)
    if spread is None:
        raise MoreThanBilled(amount)
    return [
        RefundLine(amount=gross, vat_rate=rate)
        if rate is not None
        else RefundLine(amount=NOTHING, deposit=gross)
        for rate, gross in spread.items()
    ]


def _by_rate(parts: Iterable[RefundLine]) -> Iterable[tuple[Decimal | None, Decimal]]:
    for one in parts:
        yield one.vat_rate, one.amount
        yield None, one.deposit


def _check_rates(ledger: Ledger, parts: Sequence[RefundLine]) -> None:
    """A plain sum given back before has taken its part of each rate: a line may then be worth more than is left."""
    left = dict(ledger.left)
    for rate, gross in _by_rate(parts):
        left[rate] = left.get(rate, NOTHING) - gross
    if any(gross < 0 for gross in left.values()):
        raise MoreThanBilled


def _tell(order: Order, refund: Refund, parts: Sequence[RefundLine]) -> None:
    LineEvent.objects.bulk_create(
        LineEvent(
            line_id=one.line_id, kind=LineEvent.Kind.REFUNDED, quantity=one.quantity, by_id=refund.by_id
        )
        for one in parts
        if one.line_id
    )
    record(order, Kind.REFUND_ASKED, occasion=refund.occasion, total_cents=cents(refund.amount))
    _publish(order, refund)


def _publish(order: Order, refund: Refund) -> None:
    publish(
        OrderRefundAsked(
            order_reference=order.reference,
            customer_id=order.customer_id,
            occasion=refund.occasion,
            amount_cents=cents(refund.amount),
        )
    )


def _ask_anew(order: Order, refund: Refund) -> Refund:
    """What the provider refused of it, unless something else was given back in its place. Nine queries at most."""
    asked = refunds_of(order.reference).get(refund.occasion)
    if asked is None or not asked.was_refused or asked.amount == refund.amount:
        return refund
    ledger = ledger_of(order)
    if asked.state == "refused" and ledger:
        parts = list(refund.lines.all())
        if any(one.line_id and one.quantity > ledger.charged[one.line_id].left for one in parts):
            raise MoreThanBilled
        _check_rates(ledger, parts)
    payments.refund(
        order_reference=order.reference, amount=refund.amount, occasion=refund.occasion, reason=refund.reason
    )
    # It counts as given back again: whoever counted meanwhile took it for refused.
    _publish(order, refund)
    return refund


@transaction.atomic
def note_refund_made(*, reference: str, operation_key: str) -> None:
    """The money of a refund has gone back, all of it: say so in the history, once. Locks the order; five queries."""
    asked = refund_of(operation_key)
    if asked is None or asked.state != "made":
        return
    order = locked(reference)
    if not order.events.filter(kind=Kind.REFUND_MADE, data__occasion=asked.occasion).exists():
        record(order, Kind.REFUND_MADE, occasion=asked.occasion, total_cents=cents(asked.amount))
