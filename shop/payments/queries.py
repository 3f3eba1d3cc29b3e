"""What other rooms may read of payments."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from shop.payments.models import PaymentAccount, PaymentOperation

PaymentStateName = Literal["none", "pending", "secured", "refused", "unknown", "lapsed"]
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

    "refused": a card was; the page is open for another one, or the saved card's holder must pay again.
    "lapsed": nothing is secured, a new payment may be prepared unless the order was released.
    """
    page = _latest_page(order_reference)
    if page is None:
        return "none"
    if page.kind == PaymentOperation.Kind.SAVE_CARD and page.state == State.SUCCEEDED:
        charge = page.children.filter(kind=PaymentOperation.Kind.AUTHORISE_SAVED).first()
        if charge and charge.state != State.PREPARED:
            return _NAMES[charge.state]
    return _NAMES[page.state]


def payment_key(order_reference: str) -> str | None:
    """The key of the order's latest page operation, to open or refresh. One query."""
    page = _latest_page(order_reference)
    return page.key if page else None


def order_of_payment(key: str) -> str | None:
    """The order that a page operation is about. One query."""
    return (
        PaymentOperation.objects.filter(key=key, kind__in=PaymentOperation.PAGE_KINDS)
        .values_list("account_id", flat=True)
        .first()
    )


@dataclass(frozen=True, slots=True)
class PaymentSums:
    """Euros."""

    authorised: Decimal
    captured: Decimal
    released: Decimal
    refunded: Decimal


def payment_sums(order_reference: str) -> PaymentSums:
    """What was authorised, captured, released and refunded for an order. One query."""
    account = PaymentAccount.objects.filter(order_reference=order_reference).first()
    if account is None:
        return PaymentSums(Decimal(0), Decimal(0), Decimal(0), Decimal(0))
    return PaymentSums(account.authorised, account.captured, account.released, account.refunded)


def unknown_answers() -> int:
    """How many operations wait for an answer of the provider. One query."""
    return PaymentOperation.objects.filter(state=State.UNKNOWN).count()


def _latest_page(order_reference: str) -> PaymentOperation | None:
    return (
        PaymentOperation.objects.filter(account_id=order_reference, kind__in=PaymentOperation.PAGE_KINDS)
        .order_by("-id")
        .first()
    )
