"""What of an order went back, what may still, and how far the money has got."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from config.templatetags.cabas import quantity_label
from shop.orders.models import BillVat, Order, OrderBill, OrderLine, Refund, RefundLine
from shop.orders.refund_rules import REFUSED_WITHIN, Charged, left_at
from shop.payments.models import PaymentOperation
from shop.payments.queries import RefundAsked, RefundStateName, refund_of, refunds_of
from shop.pricing.rules import NOTHING

STATES: Mapping[RefundStateName, Promise] = {
    "asked": _("demandé"),
    "under_way": _("en route"),
    "made": _("fait"),
    "refused": _("refusé par la banque, nous nous en occupons"),
}
Rates = dict[Decimal | None, Decimal]


@dataclass(frozen=True, slots=True)
class Ledger:
    """What was billed for an order, and what of it is not given back: by line, for the delivery, at each VAT rate."""

    lines: Mapping[int, OrderLine]
    charged: Mapping[int, Charged]
    delivery_left: Decimal
    left: Rates

    @property
    def total_left(self) -> Decimal:
        return sum(self.left.values(), NOTHING)


def ledger_of(order: Order) -> Ledger | None:
    """None before there is a bill. What the provider refused counts as not given back. Five queries."""
    bill = OrderBill.objects.filter(order=order).first()
    if bill is None:
        return None
    billed: Rates = {None: bill.deposit_total}
    for total in BillVat.objects.filter(bill=bill):
        billed[total.rate] = total.gross
    given = standing_lines(order)
    lines = {line.pk: line for line in order.lines.all()}
    # What a voucher took off was never paid: of articles their share, of the delivery the rest.
    shares = sum((line.billed_share or NOTHING for line in lines.values()), NOTHING)
    fee = bill.delivery_fee - (bill.voucher_discount - shares)
    return Ledger(
        lines=lines,
        charged={
            pk: _charged(line, [one for one in given if one.line_id == pk]) for pk, line in lines.items()
        },
        delivery_left=fee - sum((one.amount for one in given if one.is_delivery), NOTHING),
        left=left_at(billed, [part for one in given for part in _by_rate(one)]),
    )


def standing_lines(order: Order) -> list[RefundLine]:
    """Parts of all refunds but those that the provider refused. Two queries."""
    asked = refunds_of(order.reference)
    refused = [occasion for occasion, one in asked.items() if one.state == "refused"]
    return list(RefundLine.objects.filter(refund__order=order).exclude(refund__occasion__in=refused))


def _by_rate(one: RefundLine) -> list[tuple[Decimal | None, Decimal]]:
    return [(one.vat_rate, one.amount), (None, one.deposit)] if one.amount else [(None, one.deposit)]


def _charged(line: OrderLine, given: Sequence[RefundLine]) -> Charged:
    return Charged(
        picked=line.picked or 0,
        billed=(line.billed or NOTHING) - (line.billed_share or NOTHING),
        deposit=line.prepared.billed_deposit,
        returned=sum(one.quantity for one in given),
        refunded=sum((one.amount for one in given), NOTHING),
        deposit_refunded=sum((one.deposit for one in given), NOTHING),
    )


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a refund as a credit note prints it; euros incl. VAT, ``rate`` None outside VAT."""

    label: str
    gross: Decimal
    rate: Decimal | None
    quantity: int | None = None
    by_weight: bool = False


def parts_of_refund(order_reference: str, occasion: str) -> tuple[str, list[Part]] | None:
    """Why, and what at which VAT rate; None where orders know of no such refund. Two queries."""
    found = Refund.objects.filter(order__reference=order_reference, occasion=occasion).first()
    if found is None:
        return None
    parts: list[Part] = []
    for one in found.lines.select_related("line"):
        if one.amount:
            parts.append(_part(one))
        if one.deposit:
            name = one.line.name if one.line else ""
            label = _("Consigne\u202f: %(name)s") % {"name": name} if name else _("Consignes")
            parts.append(Part(str(label), one.deposit, None))
    return str(found.get_reason_display()).capitalize(), parts


def _part(one: RefundLine) -> Part:
    if one.line is None:
        return Part(
            str(_("Livraison") if one.is_delivery else _("Remboursement d’articles")),
            one.amount,
            one.vat_rate,
        )
    return Part(one.line.name, one.amount, one.vat_rate, one.quantity, one.line.is_weighed)


@dataclass(frozen=True, slots=True)
class ShownRefund:
    """One refund as an order's page tells it."""

    amount: Decimal
    reason: str
    state: RefundStateName
    at: datetime | None
    lines: tuple[str, ...] = ()

    @property
    def state_said(self) -> str:
        return str(STATES[self.state])


@dataclass(frozen=True, slots=True)
class Shown:
    """What an order's page tells of its refunds: each of them, those of each line, the sum that went or goes back."""

    refunds: tuple[ShownRefund, ...]
    of_line: Mapping[int, list[ShownRefund]]
    total: Decimal


def shown_refunds(order: Order) -> Shown:
    """Four queries, one where nothing was given back."""
    asked = refunds_of(order.reference)
    if not asked:
        return Shown((), {}, NOTHING)
    known = {one.occasion: one for one in order.refunds.prefetch_related("lines__line")}
    shown = {occasion: _shown(one, known.get(occasion)) for occasion, one in asked.items()}
    of_line: dict[int, list[ShownRefund]] = {}
    for occasion, one in known.items():
        for part in one.lines.all():
            if part.line_id and occasion in shown:
                of_line.setdefault(part.line_id, []).append(shown[occasion])
    total = sum((one.amount for one in shown.values() if one.state != "refused"), NOTHING)
    return Shown(tuple(shown.values()), of_line, total)


def _shown(asked: RefundAsked, known: Refund | None) -> ShownRefund:
    reason = PaymentOperation.Reason(asked.reason).label if asked.reason else _("remboursement")
    return ShownRefund(
        amount=asked.amount if asked.amount or known is None else known.amount,
        reason=str(reason),
        state=asked.state,
        at=known.created_at if known else None,
        lines=tuple(said_part(part) for part in known.lines.all()) if known else (),
    )


def refund_letter(operation_key: str, order_reference: str) -> dict[str, Any] | None:
    """What the letter about a refund says, and its occasion; None until all parts of it have gone. Five queries."""
    asked = refund_of(operation_key)
    if asked is None or asked.state != "made":
        return None
    known = (
        Refund.objects.filter(order__reference=order_reference, occasion=asked.occasion)
        .prefetch_related("lines__line")
        .first()
    )
    shown = _shown(asked, known)
    return {
        "occasion": f"{order_reference} {asked.occasion}",
        "amount": shown.amount,
        "reason": shown.reason,
        "parts": list(shown.lines),
    }


def said_part(part: RefundLine) -> str:
    """« 2 × Yaourt nature », « Livraison »."""
    if part.line is None:
        return str(_("Livraison") if part.is_delivery else _("Somme sans article"))
    return said_article(part.line, part.quantity)


def said_article(line: OrderLine, quantity: int) -> str:
    """« 2 × Yaourt nature », « Pommes, 500 g »."""
    label = quantity_label(line.sold_by, quantity)
    return f"{line.name}, {label}" if line.is_weighed else f"{label} {line.name}"


def refusable(order: Order, lines: Sequence[OrderLine]) -> set[int]:
    """Replacements among these lines that may still be refused, and were not. Needs the order's slot; two queries
    where its crates are closed, none else.
    """
    stands = [line for line in lines if line.replaces_id and line.wanted] if may_refuse_now(order) else []
    if not stands or not is_closed(order):
        return {line.pk for line in stands}
    back: dict[int | None, int] = {}
    for one in standing_lines(order):
        back[one.line_id] = back.get(one.line_id, 0) + one.quantity
    return {line.pk for line in stands if (line.picked or 0) > back.get(line.pk, 0)}


def is_closed(order: Order) -> bool:
    """Whether its crates are closed and its bill made."""
    return order.status in {Order.Status.PACKED, Order.Status.DELIVERED}


def may_refuse_now(order: Order) -> bool:
    """Until a day after its slot. No query: needs the order's slot."""
    return order.stands and timezone.now() <= order.slot.ends_at + REFUSED_WITHIN
