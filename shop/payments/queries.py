"""What other rooms may read of payments."""

from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils import timezone

from shop.payments.models import PaymentAccount, PaymentEntry, PaymentOperation

PaymentStateName = Literal["none", "pending", "card_saved", "secured", "refused", "unknown", "lapsed"]
State = PaymentOperation.State

_NAMES: dict[str, PaymentStateName] = {
    State.PREPARED: "pending",
    State.OPENED: "pending",
    State.UNKNOWN: "unknown",
    State.REFUSED: "refused",
    State.SUCCEEDED: "secured",
    State.EXPIRED: "lapsed",
    State.RELEASED: "lapsed",
}


def payment_state(order_reference: str) -> PaymentStateName:
    """Where an order's payment stands, in one word. Two queries at most.

    "card_saved": a card to charge two days before the slot: no money is secured yet.
    "refused": a card was; the page is open for another one, or the saved card's holder must pay again.
    "lapsed": nothing is secured, a new payment may be prepared unless the order was released.
    """
    page = _latest_page(order_reference)
    if page is None:
        return "none"
    if page.kind == PaymentOperation.Kind.SAVE_CARD and page.state == State.SUCCEEDED:
        charge = page.children.filter(kind=PaymentOperation.Kind.AUTHORISE_SAVED).first()
        if charge is None:
            return "card_saved"
        # About to be sent is as good as sent: its answer comes within a minute.
        return "unknown" if charge.state == State.PREPARED else _NAMES[charge.state]
    return _NAMES[page.state]


def orders_with_money() -> QuerySet[PaymentAccount, str]:
    """References of the orders whose money is authorised or taken, as a subquery. No query by itself."""
    return PaymentAccount.objects.filter(authorised__gt=F("released")).values_list(
        "order_reference", flat=True
    )


def latest_of_page(field: Literal["opened_at", "checked_at"], order_reference: OuterRef) -> Subquery:
    """When the order's latest page was last handed to the customer, or looked at. No query by itself."""
    pages = PaymentOperation.objects.filter(
        account_id=order_reference, kind__in=PaymentOperation.PAGE_KINDS
    ).order_by("-id")
    return Subquery(pages.values(field)[:1])


def order_of_payment(key: str) -> str | None:
    """The order that a page operation is about. One query."""
    return (
        PaymentOperation.objects.filter(key=key, kind__in=PaymentOperation.PAGE_KINDS)
        .values_list("account_id", flat=True)
        .first()
    )


class Captured(NamedTuple):
    """Euros taken for an order, and the day in Paris."""

    amount: Decimal
    on: date


def captured(order_reference: str) -> Captured | None:
    """What was taken for an order; None while nothing was. One query."""
    entry = PaymentEntry.objects.filter(account_id=order_reference, kind=PaymentEntry.Kind.CAPTURED).first()
    return Captured(entry.amount, timezone.localdate(entry.at)) if entry else None


def refund_occasion(key: str) -> str | None:
    """What a refund was asked for. One query."""
    refunds = PaymentOperation.objects.filter(key=key, kind=PaymentOperation.Kind.REFUND)
    return refunds.values_list("occasion", flat=True).first()


def unknown_answers() -> int:
    """How many operations wait for an answer of the provider. One query."""
    return PaymentOperation.objects.filter(state=State.UNKNOWN).count()


def _latest_page(order_reference: str) -> PaymentOperation | None:
    return (
        PaymentOperation.objects.filter(account_id=order_reference, kind__in=PaymentOperation.PAGE_KINDS)
        .order_by("-id")
        .first()
    )
