"""Money is given back: once for an occasion, spread over what was captured."""

from decimal import Decimal

from django.db import transaction

from config.facts import publish
from shop.payments.errors import (
    AlreadyRefunded,
    InvalidAmount,
    InvalidOccasion,
    InvalidReason,
    ProviderRejected,
    RefundAboveCaptured,
)
from shop.payments.events import PaymentRefunded, PaymentRefundRefused
from shop.payments.gateways import gateway
from shop.payments.gateways.base import RefundAnswer
from shop.payments.models import PaymentAccount, PaymentEntry, PaymentOperation
from shop.payments.queries import Refundable, refundable_captures
from shop.payments.rules import cents, is_sum, spread
from shop.payments.services.books import Kind, State, enter, lock_account, lock_operation, move
from shop.payments.services.later import soon
from shop.payments.services.preparing import LONGEST_OCCASION


@transaction.atomic
def refund(*, order_reference: str, amount: Decimal, occasion: str, reason: str) -> list[PaymentOperation]:
    """Ask to give this many euros back, from the captures that have most left. ``occasion`` names what for: the
    same one is the same refund; what the provider refused of it is asked anew. ``reason`` is one of
    PaymentOperation.Reason.

    What is under way counts as refunded, so that two refunds at once cannot exceed what was captured. Returns one
    operation for each capture. Locks the account. Raises InvalidAmount, InvalidOccasion, InvalidReason,
    AlreadyRefunded, RefundAboveCaptured.
    """
    _check(amount, occasion, reason)
    account = lock_account(order_reference)
    if account is None:
        raise RefundAboveCaptured
    asked = list(
        account.operations.filter(kind=Kind.REFUND, occasion=occasion)
        .exclude(state=State.REFUSED)
        .order_by("id")
    )
    lacking = amount - sum((one.amount for one in asked), Decimal(0))
    if not lacking:
        return asked
    if asked and (lacking < 0 or not _was_refused(account, occasion)):
        raise AlreadyRefunded
    used = {one.parent_id for one in asked}
    captures = [one for one in refundable_captures(order_reference) if one.capture_id not in used]
    return [*asked, *_ask(account, captures, lacking, occasion=occasion, reason=reason)]


def _check(amount: Decimal, occasion: str, reason: str) -> None:
    if not is_sum(amount):
        raise InvalidAmount
    if not 0 < len(occasion) <= LONGEST_OCCASION:
        raise InvalidOccasion
    if reason not in PaymentOperation.Reason.values:
        raise InvalidReason(reason)


def _was_refused(account: PaymentAccount, occasion: str) -> bool:
    return account.operations.filter(kind=Kind.REFUND, occasion=occasion, state=State.REFUSED).exists()


def _ask(
    account: PaymentAccount, captures: list[Refundable], lacking: Decimal, **told: str
) -> list[PaymentOperation]:
    rooms = [one.left for one in captures]
    if lacking > sum(rooms):
        raise RefundAboveCaptured
    asked = [
        PaymentOperation.objects.create(
            account=account,
            parent_id=one.capture_id,
            kind=Kind.REFUND,
            amount=part,
            intent_id=one.intent_id,
            **told,
        )
        for one, part in zip(captures, spread(lacking, rooms), strict=True)
        if part
    ]
    for one in asked:
        soon("perform", one.key)
    return asked


def perform_refund(operation: PaymentOperation, was_sent: bool) -> None:
    """Raises ProviderUnavailable."""
    answer = gateway().find_refund(operation.key, operation.intent_id) if was_sent else None
    if answer is None:
        try:
            answer = gateway().refund(
                key=operation.key, intent_id=operation.intent_id, amount=operation.amount
            )
        except ProviderRejected as said:
            answer = RefundAnswer(refund_id="", is_accepted=False, error_code=said.code)
    _refunded(operation.key, answer)


@transaction.atomic
def _refunded(key: str, answer: RefundAnswer) -> None:
    operation = lock_operation(key)
    operation.refund_id = answer.refund_id
    if not answer.is_accepted:
        if move(operation, State.REFUSED, error_code=answer.error_code):
            publish(PaymentRefundRefused(operation.order_reference, key, operation.occasion))
        return
    if not move(operation, State.SUCCEEDED):
        return
    enter(operation, PaymentEntry.Kind.REFUNDED, operation.amount)
    publish(
        PaymentRefunded(
            order_reference=operation.order_reference,
            operation_key=key,
            amount_cents=cents(operation.amount),
            occasion=operation.occasion,
        )
    )
