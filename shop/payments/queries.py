"""What other rooms may read of payments."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from django.db.models import F, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone

from shop.payments.models import PaymentAccount, PaymentEntry, PaymentOperation
from shop.payments.rules import CARD_KNOWN

PaymentStateName = Literal[
    "none", "pending", "card_saved", "secured", "ending", "refused", "unknown", "lapsed"
]
Kind, State = PaymentOperation.Kind, PaymentOperation.State

_NAMES: dict[str, PaymentStateName] = {
    State.PREPARED: "pending",
    State.OPENED: "pending",
    State.UNKNOWN: "unknown",
    State.REFUSED: "refused",
    State.SUCCEEDED: "secured",
    State.EXPIRED: "lapsed",
    State.RELEASED: "lapsed",
}


def payment_state(order_reference: str, occasion: str = "") -> PaymentStateName:
    """Where an order's own payment stands, or an extra one's, in one word. One query.

    "card_saved": a card to charge two days before the slot: no money is secured yet.
    "ending": the money is held for hours only, and its holder must pay again.
    "refused": a card was; the page is open for another one, or the saved card's holder must pay again.
    "lapsed": nothing is secured, a new payment may be prepared unless the order was released.
    """
    asked = list(
        PaymentOperation.objects.filter(
            account_id=order_reference,
            occasion=occasion,
            kind__in=[*PaymentOperation.PAGE_KINDS, Kind.AUTHORISE_SAVED],
        )
        .select_related("account")
        .order_by("-id")
    )
    held = [one for one in asked if one.kind != Kind.SAVE_CARD and one.state == State.SUCCEEDED]
    if held:
        return _of_held(held[0], asked)
    pages = [one for one in asked if one.is_page]
    if not pages:
        return "none"
    page = next((one for one in pages if one.state == State.SUCCEEDED), pages[0])
    return _of_card(page, asked) if page.state == State.SUCCEEDED else _NAMES[page.state]


def _of_held(held: PaymentOperation, asked: list[PaymentOperation]) -> PaymentStateName:
    """Secured; unless it is about to end uncaptured: then where the page stands that is to take its place."""
    if held.renewal_asked_at is None or held.account.to_capture is not None:
        return "secured"
    page = next((one for one in asked if one.parent_id == held.pk and one.is_page), None)
    return "ending" if page is None or page.state == State.EXPIRED else _NAMES[page.state]


def _of_card(card: PaymentOperation, asked: list[PaymentOperation]) -> PaymentStateName:
    charge = next((one for one in asked if one.kind == Kind.AUTHORISE_SAVED and one.pk > card.pk), None)
    if charge is None:
        return "card_saved"
    # About to be sent is as good as sent: its answer comes within a minute.
    return "unknown" if charge.state == State.PREPARED else _NAMES[charge.state]


def charges_of(card: PaymentOperation) -> list[str]:
    """The states of a saved card's charge and of those that renewed it, oldest first. One query, for a card."""
    if card.kind != Kind.SAVE_CARD:
        return []
    charges = PaymentOperation.objects.filter(
        account_id=card.account_id, kind=Kind.AUTHORISE_SAVED, occasion=card.occasion, id__gt=card.pk
    )
    return list(charges.order_by("id").values_list("state", flat=True))


def orders_with_money() -> QuerySet[PaymentAccount, str]:
    """References of the orders whose own payment is authorised or taken, as a subquery. No query by itself."""
    return PaymentAccount.objects.filter(
        operations__occasion="",
        operations__kind__in=PaymentOperation.AUTHORISATIONS,
        operations__state=State.SUCCEEDED,
    ).values_list("order_reference", flat=True)


def latest_of_page(field: Literal["opened_at", "checked_at"], order_reference: OuterRef) -> Subquery:
    """When the order's latest page was last handed to the customer, or looked at. No query by itself."""
    pages = PaymentOperation.objects.filter(
        account_id=order_reference, kind__in=PaymentOperation.PAGE_KINDS, occasion=""
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
    """What was taken for an order, over all its captures, and when the last was; None until all is. One query."""
    entries = PaymentEntry.objects.filter(account_id=order_reference, kind=PaymentEntry.Kind.CAPTURED)
    taken = entries.filter(account__captured=F("account__to_capture")).aggregate(
        amount=Sum("amount"), at=Max("at")
    )
    return Captured(taken["amount"], timezone.localdate(taken["at"])) if taken["amount"] else None


def cards_used(order_references: Collection[str]) -> frozenset[str]:
    """Digests of the cards that paid for these orders, or were saved for them, as long as they may be known. One query."""
    paid = PaymentOperation.objects.filter(
        account__in=order_references,
        kind__in=PaymentOperation.PAGE_KINDS,
        card_digest__gt="",
        created_at__gte=timezone.now() - CARD_KNOWN,
    )
    return frozenset(paid.values_list("card_digest", flat=True))


def asked_to_capture(order_reference: str) -> Decimal:
    """Euros taken of an order, or asked for and not refused. One query."""
    asked = PaymentOperation.objects.filter(account_id=order_reference, kind=Kind.CAPTURE)
    return asked.exclude(state=State.REFUSED).aggregate(amount=Sum("amount"))["amount"] or Decimal(0)


def kept_of(order_references: Collection[str]) -> Decimal:
    """Euros taken for these orders, less what went back. One query."""
    paid = PaymentAccount.objects.filter(order_reference__in=order_references)
    sums = paid.aggregate(taken=Sum("captured", default=Decimal(0)), back=Sum("refunded", default=Decimal(0)))
    return Decimal(sums["taken"] - sums["back"])


def unknown_answers() -> int:
    """How many operations wait for an answer of the provider. One query."""
    return PaymentOperation.objects.filter(state=State.UNKNOWN).count()


@dataclass(frozen=True, slots=True)
class Refundable:
    """A capture and how many euros of it are neither refunded nor being refunded."""

    capture_id: int
    intent_id: str
    left: Decimal


def refundable_captures(order_reference: str) -> list[Refundable]:
    """The captures of an order that may still be refunded, the one with most left first. One query."""
    given = Sum("children__amount", filter=Q(children__kind=Kind.REFUND) & ~Q(children__state=State.REFUSED))
    captures = (
        PaymentOperation.objects.filter(account_id=order_reference, kind=Kind.CAPTURE, state=State.SUCCEEDED)
        .annotate(given=given)
        .values_list("pk", "intent_id", "amount", "given")
    )
    found = [
        Refundable(pk, intent_id, amount - (refunded or 0)) for pk, intent_id, amount, refunded in captures
    ]
    return sorted((one for one in found if one.left > 0), key=lambda one: (-one.left, one.capture_id))


def refundable(order_reference: str) -> Decimal:
    """Euros that may still be refunded on an order: captured, less what is refunded or under way. One query."""
    return sum((one.left for one in refundable_captures(order_reference)), Decimal(0))


def capturable(order_reference: str) -> Decimal:
    """Euros that may be captured now: authorised, neither captured nor asked back. One query."""
    operations = PaymentOperation.objects.filter(account_id=order_reference)
    return operations.standing().aggregate(amount=Sum("amount"))["amount"] or Decimal(0)


RefundStateName = Literal["asked", "under_way", "made", "refused"]


@dataclass(frozen=True, slots=True)
class RefundAsked:
    """All that was asked back for one occasion, over one or several captures; euros, refused parts left out."""

    occasion: str
    reason: str
    amount: Decimal
    state: RefundStateName
    # The provider refused some of it, which is asked anew under the same occasion.
    was_refused: bool


def refunds_of(order_reference: str) -> dict[str, RefundAsked]:
    """Occasion → what became of the refund asked for it. One query."""
    asked: dict[str, list[PaymentOperation]] = {}
    for one in PaymentOperation.objects.filter(account_id=order_reference, kind=Kind.REFUND).order_by("id"):
        asked.setdefault(one.occasion, []).append(one)
    return {occasion: _refund(occasion, parts) for occasion, parts in asked.items()}


def refund_of(key: str) -> RefundAsked | None:
    """The whole refund that this operation is a part of. Two queries."""
    part = PaymentOperation.objects.filter(key=key, kind=Kind.REFUND).first()
    return refunds_of(part.account_id)[part.occasion] if part else None


def _refund(occasion: str, parts: list[PaymentOperation]) -> RefundAsked:
    live = [one for one in parts if one.state != State.REFUSED]
    state: RefundStateName = "refused"
    if live and all(one.state == State.SUCCEEDED for one in live):
        state = "made"
    elif live:
        state = "under_way" if any(one.was_sent for one in live) else "asked"
    amount = sum((one.amount for one in live), Decimal(0))
    return RefundAsked(occasion, parts[0].reason, amount, state, was_refused=len(live) < len(parts))


def extras_stand_until(order_reference: str) -> datetime | None:
    """When the first of an order's extra authorisations ends; None without one. One query."""
    extras = PaymentOperation.objects.standing().filter(account_id=order_reference).exclude(occasion="")
    return extras.aggregate(first=Min("expires_at"))["first"]  # type: ignore[no-any-return]
