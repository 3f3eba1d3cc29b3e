"""What documents say, from what was sold: plain values that the database keeps. Reads rows given to it, asks nothing."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shop.catalogue.rules import CENT
from shop.documents.errors import BillDoesNotAddUp
from shop.documents.models import Document, Kind
from shop.documents.queries import Billed
from shop.documents.rules import SCHEMA, Row, Sums, money_as_json, row_as_json, sums
from shop.orders.models import BillVat, Order, OrderLine
from shop.orders.queries import address_lines
from shop.pricing.rules import BY_WEIGHT, DELIVERY_VAT_RATE, NOTHING, line_total


def invoice_payload(known: Billed, seller: dict[str, Any]) -> dict[str, Any]:
    """All that an invoice prints but its number and day. Raises BillDoesNotAddUp."""
    rows = invoice_rows(known)
    total = sums(rows)
    if total.total != known.bill.total or not _vat_agrees(total, known.vat):
        raise BillDoesNotAddUp(known.order.reference)
    paid = known.paid
    return _payload(Kind.INVOICE, known.order, rows, total, seller) | {
        "paid": {"amount": str(paid.amount), "on": paid.on.isoformat()} if paid else None
    }


def credit_payload(
    invoice: Document, rows: Sequence[Row], *, reason: str, refunded_on: date | None, seller: dict[str, Any]
) -> dict[str, Any]:
    """All that a credit note prints but its number and day. Buyer and delivery are those of its invoice."""
    total = sums(rows)
    kept = {key: invoice.payload[key] for key in ("buyer", "order")}
    return {
        "schema": SCHEMA,
        "kind": Kind.CREDIT_NOTE.value,
        "seller": seller,
        **kept,
        "rows": [row_as_json(row) for row in rows],
        **money_as_json(total),
        "corrects": {"number": invoice.number, "issued_on": invoice.issued_on.isoformat()},
        "reason": reason,
        "refunded_on": refunded_on.isoformat() if refunded_on else None,
    }


def _payload(
    kind: Kind, order: Order, rows: Sequence[Row], total: Sums, seller: dict[str, Any]
) -> dict[str, Any]:
    placed = order.placed_at or order.created_at
    return {
        "schema": SCHEMA,
        "kind": kind.value,
        "seller": seller,
        "buyer": address_lines(order),
        "order": {
            "reference": order.reference,
            "ordered_on": timezone.localdate(placed).isoformat(),
            # The day of supply: handed over already, or to be in this slot.
            "supplied_on": timezone.localdate(order.delivered_at or order.slot.starts_at).isoformat(),
        },
        "rows": [row_as_json(row) for row in rows],
        **money_as_json(total),
    }


def invoice_rows(known: Billed) -> list[Row]:
    """What lies in the crates, then delivery, what a voucher takes off, and deposits. A missing article is none of the customer's business here.

    Raises BillDoesNotAddUp when an article would cost more than its price.
    """
    rows = [_article(line) for line in known.lines if line.picked]
    bill = known.bill
    if bill.delivery_fee:
        rows.append(Row(label=_("Livraison"), gross=bill.delivery_fee, rate=DELIVERY_VAT_RATE))
    rows += _voucher(known)
    if bill.deposit_total:
        rows.append(
            Row(label=_("Consignes"), gross=bill.deposit_total, rate=None, detail=_deposits(known.lines))
        )
    return rows


def _voucher(known: Billed) -> list[Row]:
    """What the voucher takes off at each rate: what articles bear of it, and of the delivery the rest."""
    off: dict[Decimal, Decimal] = {}
    for line in known.lines:
        if line.billed_share:
            off[line.vat_rate] = off.get(line.vat_rate, NOTHING) + line.billed_share
    if on_delivery := known.bill.voucher_discount - sum(off.values(), NOTHING):
        off[DELIVERY_VAT_RATE] = off.get(DELIVERY_VAT_RATE, NOTHING) + on_delivery
    return [Row(label=known.order.voucher_label, gross=-off[rate], rate=rate) for rate in sorted(off)]


def _article(line: OrderLine) -> Row:
    by_weight = line.sold_by == BY_WEIGHT
    full = line_total(line.unit_price, line.sold_by, line.picked or 0)
    gross = line.billed if line.billed is not None else full
    discount = full - gross
    # The price of a weight is its part of the price agreed for the weight ordered: a cent from what the scales say.
    if by_weight and abs(discount) <= CENT and (discount < 0 or not line.discount):
        discount = NOTHING
    if discount < 0:
        raise BillDoesNotAddUp(line.ean)
    return Row(
        label=line.name,
        gross=gross,
        rate=line.vat_rate,
        detail=_described(line),
        quantity=line.picked,
        by_weight=by_weight,
        unit_price=line.unit_price,
        discount=discount,
        discount_label=_reason(line) if discount else "",
    )


def _reason(line: OrderLine) -> str:
    """Why an article costs less than its price: its promotion, or scales that showed more than is charged."""
    is_heavy = line.sold_by == BY_WEIGHT and (line.picked or 0) > line.quantity
    return line.promotion_label or (_("poids en plus offert") if is_heavy and not line.replaces else "")


def _described(line: OrderLine) -> str:
    parts = [line.packaging_label]
    if line.replaces:
        parts.append(_("à la place de : %(name)s") % {"name": line.replaces.name})
    return " · ".join(part for part in parts if part)


def _deposits(lines: Iterable[OrderLine]) -> str:
    names = [line.name for line in lines if line.picked and line.deposit]
    return ", ".join(names)


def _vat_agrees(total: Sums, billed: Iterable[BillVat]) -> bool:
    said = {vat.rate: (vat.gross, vat.vat) for vat in billed if vat.gross}
    return said == {vat.rate: (vat.gross, vat.vat) for vat in total.vat if vat.gross}
