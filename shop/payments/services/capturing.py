"""Money is taken: once for an order, from as many of its authorisations as it needs."""

import logging
from decimal import Decimal

from django.db import transaction

from config.facts import publish
from shop.payments.errors import (
    AlreadyCaptured,
    CaptureAboveAuthorised,
    InvalidAmount,
    NothingAuthorised,
    PaymentClosed,
    ProviderRejected,
)
from shop.payments.events import PaymentCaptured, PaymentCaptureFailed
from shop.payments.gateways import gateway
from shop.payments.gateways.base import Answer
from shop.payments.models import PaymentAccount, PaymentEntry, PaymentOperation
from shop.payments.rules import LEAST, cents, is_sum, spread
from shop.payments.services.answers import given_back
from shop.payments.services.books import (
    Kind,
    State,
    captures_of,
    ensure_voided,
    enter,
    lock_account,
    lock_operation,
    move,
    release_of,
    standing_authorisations,
)
from shop.payments.services.cards import ask_to_forget
from shop.payments.services.later import soon

logger = logging.getLogger(__name__)
# An authorisation that the provider says is in one of these is no more; in another it may still be taken from.
OVER = {"cancelled", "expired", "refused"}


@transaction.atomic
def capture(*, order_reference: str, amount: Decimal) -> list[PaymentOperation]:
    """Ask to take this many euros in all, at most what is authorised; one capture for each authorisation needed,
    the oldest first. Once all are taken, what is left of the authorisations is given back.

    Asked again for the same sum they are the same captures; where one was refused (PaymentCaptureFailed), what it
    lacks is asked from the authorisations that stand. Returns the captures, oldest first. Locks the account.
    Raises InvalidAmount, NothingAuthorised, PaymentClosed, AlreadyCaptured, CaptureAboveAuthorised.
    """
    if not is_sum(amount):
        raise InvalidAmount
    account = lock_account(order_reference)
    if account is None:
        raise NothingAuthorised
    asked = captures_of(account)
    if asked and amount != account.to_capture:
        raise AlreadyCaptured
    lacking = amount - sum((one.amount for one in asked), Decimal(0))
    if not lacking:
        return asked
    if release_of(account):
        raise PaymentClosed
    return [*asked, *_ask(account, amount, lacking)]


def _ask(account: PaymentAccount, amount: Decimal, lacking: Decimal) -> list[PaymentOperation]:
    standing = standing_authorisations(account)
    if not standing:
        raise NothingAuthorised
    rooms = [held.amount for held in standing]
    if lacking > sum(rooms):
        raise CaptureAboveAuthorised
    account.to_capture = amount
    account.save(update_fields=["to_capture"])
    asked = [
        PaymentOperation.objects.create(
            account=account, parent=held, kind=Kind.CAPTURE, amount=part, intent_id=held.intent_id
        )
        for held, part in zip(standing, spread(lacking, rooms, LEAST), strict=True)
        if part
    ]
    for one in asked:
        soon("perform", one.key)
    return asked


def perform_capture(operation: PaymentOperation) -> None:
    """Raises ProviderUnavailable, ProviderRejected."""
    answer = gateway().read_intent(operation.intent_id)
    if answer.status == "authorised":
        try:
            answer = gateway().capture(
                key=operation.key, intent_id=operation.intent_id, amount=operation.amount
            )
        except ProviderRejected as said:
            logger.error("capture %s rejected: %s", operation.key, said.code)
            answer = gateway().read_intent(operation.intent_id)
    _captured(operation.key, answer)


@transaction.atomic
def _captured(key: str, answer: Answer) -> None:
    operation = lock_operation(key)
    if answer.status in OVER or answer.status == "authorised":
        _failed(operation, answer.status)
    elif answer.status != "captured":
        move(operation, State.UNKNOWN, error_code=answer.status)
    elif answer.captured != operation.amount:
        logger.error("capture %s took another amount", key)
        move(operation, State.UNKNOWN, error_code="amount_mismatch")
    elif move(operation, State.SUCCEEDED):
        _taken(operation)


def _taken(operation: PaymentOperation) -> None:
    held, account = _authorisation_of(operation), operation.account
    enter(operation, PaymentEntry.Kind.CAPTURED, operation.amount)
    enter(operation, PaymentEntry.Kind.RELEASED, held.amount - operation.amount)
    if account.captured == account.to_capture:
        publish(
            PaymentCaptured(
                order_reference=operation.order_reference,
                operation_key=operation.key,
                amount_cents=cents(account.captured),
            )
        )
        # Only now: had one been refused, another authorisation would have been needed in its place.
        for unneeded in standing_authorisations(account):
            soon("perform", ensure_voided(unneeded).key)
        ask_to_forget(account)


def _failed(operation: PaymentOperation, status: str) -> None:
    """The provider says for good that it takes nothing; the authorisation has ended unless it says it stands."""
    if not move(operation, State.REFUSED, error_code=status):
        return
    if status in OVER:
        held = _authorisation_of(operation)
        given_back(held, operation)
    publish(
        PaymentCaptureFailed(
            order_reference=operation.order_reference,
            operation_key=operation.key,
            amount_cents=cents(operation.amount),
        )
    )


def _authorisation_of(capture: PaymentOperation) -> PaymentOperation:
    """Locked; its account is the capture's, which is."""
    held = PaymentOperation.objects.select_for_update(no_key=True, of=("self",)).get(children=capture)
    held.account = capture.account
    return held
