"""Issue invoices and credit notes. Lock order: order → counter, which nothing is locked after.

Each checks first and takes its number last: a refusal or a rollback leaves no gap. Files are made elsewhere, on demand.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shop.documents.errors import CreditRefused, NothingCaptured, OrderNotBilled
from shop.documents.models import Document, DocumentCounter, Kind
from shop.documents.payloads import credit_payload, invoice_payload
from shop.documents.queries import billed, creditable, lock_order, made
from shop.documents.rules import (
    Row,
    exceeds,
    number_of,
    sums,
)
from shop.documents.seller import seller
from shop.orders.models import Order
from shop.orders.refund_rules import sorted_rates, spread_credit
from shop.orders.refunds import parts_of_refund
from shop.payments.queries import RefundAsked, refund_of


@transaction.atomic
def issue_invoice(*, order_reference: str) -> Document:
    """The invoice of an order, made once its bill is there and its money taken; asked again, the same one.

    Raises OrderNotBilled, NothingCaptured, BillDoesNotAddUp, SellerUnknown. Locks the order, then the counter.
    Nine queries, however long the order.
    """
    order = _locked(order_reference)
    if invoice := made(order, Kind.INVOICE):
        return invoice
    known = billed(order)
    if known is None:
        raise OrderNotBilled(order_reference)
    if known.paid is None and known.bill.total:
        raise NothingCaptured(order_reference)
    return _add(order, Kind.INVOICE, invoice_payload(known, seller()))


@transaction.atomic
def issue_credit_note(
    *,
    order_reference: str,
    occasion: str,
    rows: Sequence[Row],
    reason: str,
    refunded_on: date | None = None,
) -> Document:
    """Take back part of an order's invoice, once for each occasion; asked again, the same one.

    Rows are positive. ``reason`` is printed. ``refunded_on``: the day the money went back to the card, when it did.
    Makes the invoice first where it is still owed, and raises what `issue_invoice` raises; CreditRefused when some
    VAT rate, or the whole, would get back more than was invoiced at it. Locks the order, then the counter.
    """
    invoice = issue_invoice(order_reference=order_reference)
    # Locked by now; the invoice's own row never changes.
    order = invoice.order
    if note := made(order, Kind.CREDIT_NOTE, occasion):
        return note
    asked = sums(rows)
    if not occasion or asked.total <= 0 or min(row.gross for row in rows) <= 0:
        raise CreditRefused(order_reference)
    if exceeds(asked.by_rate(), creditable(invoice)):
        raise CreditRefused(order_reference)
    payload = credit_payload(invoice, rows, reason=reason, refunded_on=refunded_on, seller=seller())
    return _add(order, Kind.CREDIT_NOTE, payload, occasion=occasion, corrects=invoice)


@transaction.atomic
def credit_refund(*, order_reference: str, operation_key: str) -> Document | None:
    """The credit note of a refund that has gone back, all its parts: the articles that orders gave it for, else in
    proportion to what is left at each rate.

    None for a key that is no refund's, or while a part of it is under way or to be asked anew. Raises what
    `issue_credit_note` raises; CreditRefused too when the articles come to another amount.
    """
    refund = refund_of(operation_key)
    if refund is None or refund.state != "made":
        return None
    invoice = issue_invoice(order_reference=order_reference)
    if note := made(invoice.order, Kind.CREDIT_NOTE, refund.occasion):
        return note
    reason, rows = _told(invoice, refund) or (_("Remboursement"), _in_proportion(invoice, refund.amount))
    lacking = sums(rows).total - refund.amount
    if lacking > 0 and refund.was_refused:
        return None
    if lacking:
        raise CreditRefused(order_reference)
    if exceeds(sums(rows).by_rate(), creditable(invoice)):
        # A plain sum refunded beside orders, on the payment's own page, has taken its part of that rate.
        rows = _in_proportion(invoice, refund.amount)
    return issue_credit_note(
        order_reference=order_reference,
        occasion=refund.occasion,
        rows=rows,
        reason=reason,
        refunded_on=timezone.localdate(),
    )


def _told(invoice: Document, refund: RefundAsked) -> tuple[str, list[Row]] | None:
    """Why, and at which rates, as orders say."""
    told = parts_of_refund(invoice.order.reference, refund.occasion)
    return (told[0], [Row(**asdict(part)) for part in told[1]]) if told else None


def _in_proportion(invoice: Document, amount: Decimal) -> list[Row]:
    spread = spread_credit(amount, creditable(invoice))
    if spread is None:
        raise CreditRefused(invoice.number)
    goods, deposits = _("Remboursement d’articles"), _("Consignes")
    return [
        Row(label=goods if rate is not None else deposits, gross=gross, rate=rate)
        for rate, gross in sorted_rates(spread)
    ]


def _locked(order_reference: str) -> Order:
    order = lock_order(order_reference)
    if order is None:
        raise OrderNotBilled(order_reference)
    return order


def _add(order: Order, kind: Kind, payload: dict[str, Any], **about: Any) -> Document:
    """Number it and keep it. Four queries, the counter locked from the first to the end of the transaction."""
    counter, today = _take_number(kind)
    number = number_of(Document.LETTERS[kind], counter.year, counter.last)
    return Document.objects.create(
        kind=kind,
        year=counter.year,
        serial=counter.last,
        number=number,
        order=order,
        issued_on=today,
        total=Decimal(payload["total"]),
        payload=payload | {"number": number, "issued_on": today.isoformat()},
        **about,
    )


def _take_number(kind: Kind) -> tuple[DocumentCounter, date]:
    """The next number of the year, and its day. The day is read under the lock: numbers and days rise together."""
    counter = _locked_counter(kind, timezone.localdate().year)
    today = timezone.localdate()
    if today.year != counter.year:
        counter = _locked_counter(kind, today.year)
    counter.last += 1
    counter.save(update_fields=["last"])
    return counter, today


def _locked_counter(kind: Kind, year: int) -> DocumentCounter:
    DocumentCounter.objects.bulk_create([DocumentCounter(kind=kind, year=year)], ignore_conflicts=True)
    return DocumentCounter.objects.select_for_update().get(kind=kind, year=year)
