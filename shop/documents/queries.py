"""Reads behind documents. Every one starts from the customer, or from the reference of an order."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet
from django.urls import reverse

from shop.documents.errors import OrderNotBilled
from shop.documents.errors import SellerUnknown as SellerUnknown
from shop.documents.models import Document, Kind
from shop.documents.printing import delivery_sheet, money_sheet
from shop.documents.rendering import render
from shop.documents.rules import by_rate_of, left_to_credit
from shop.documents.seller import seller
from shop.orders.models import BillVat, Order, OrderBill, OrderLine
from shop.orders.ports import DocumentLink
from shop.payments.queries import Captured, captured


@dataclass(frozen=True, slots=True)
class Billed:
    """An order whose crates are closed, and what was taken for it."""

    order: Order
    bill: OrderBill
    lines: Sequence[OrderLine]
    vat: Sequence[BillVat]
    paid: Captured | None


def lock_order(reference: str) -> Order | None:
    """The order with its slot and its bill, if it has one; the order's row alone is locked. One query.

    FOR NO KEY UPDATE, before the counter: two documents of one order are never made at once.
    """
    return (
        Order.objects.select_for_update(of=("self",), no_key=True)
        .select_related("slot", "bill")
        .filter(reference=reference)
        .first()
    )


def billed(order: Order) -> Billed | None:
    """All that an invoice is made from; None before there is a bill. Three queries: needs `lock_order`'s order."""
    bill: OrderBill | None = getattr(order, "bill", None)
    if bill is None:
        return None
    lines = list(order.lines.select_related("replaces"))
    return Billed(order, bill, lines, list(bill.vat_totals.all()), captured(order.reference))


def made(order: Order, kind: Kind, occasion: str = "") -> Document | None:
    """The document of this occasion, were it made. One query."""
    return Document.objects.filter(order=order, kind=kind, occasion=occasion).first()


def creditable(invoice: Document) -> dict[Decimal | None, Decimal]:
    """Rate → euros not credited yet; None → outside VAT. One query."""
    notes = Document.objects.filter(corrects=invoice).values_list("payload", flat=True)
    return left_to_credit(by_rate_of(invoice.payload), [by_rate_of(note) for note in notes])


def documents_of(customer_ids: Sequence[int], order_reference: str) -> QuerySet[Document]:
    """A customer's documents of one order (guests merged into them included), the invoice first. One query."""
    mine = Document.objects.filter(order__customer_id__in=customer_ids, order__reference=order_reference)
    return mine.order_by("id")


def printed(document: Document) -> bytes:
    """The PDF of an invoice or a credit note, from what it kept. No query. Raises RenderedInTransaction."""
    return render("money", money_sheet(document.payload))


def delivery_note(order_reference: str, *, crates: int) -> bytes:
    """The PDF that goes with the crates of an order: what lies in them, replaced or missing, without prices.

    Neither numbered nor kept. Two queries. Raises OrderNotBilled for an unknown reference, SellerUnknown, and
    RenderedInTransaction.
    """
    order = Order.objects.select_related("slot").filter(reference=order_reference).first()
    if order is None:
        raise OrderNotBilled(order_reference)
    lines = list(order.lines.select_related("replaces", "replaced_by"))
    return render("delivery_note", delivery_sheet(order, lines, crates=crates, seller=seller()))


def links_of(order_reference: str) -> list[DocumentLink]:
    """What an order's page offers to its customer. One query."""
    found = Document.objects.filter(order__reference=order_reference).order_by("id")
    return [
        DocumentLink(
            label=document.get_kind_display(),
            number=document.number,
            issued_on=document.issued_on,
            url=reverse("order_document", args=[order_reference, document.number]),
        )
        for document in found.defer("payload")
    ]
