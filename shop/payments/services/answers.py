"""What an answer of the provider changes here. Answers come in any order, and more than once."""

import logging
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from config.facts import publish
from shop.payments.errors import ProviderRejected, ProviderUnavailable
from shop.payments.events import (
    LatePaymentVoided,
    PaymentActionNeeded,
    PaymentLapsed,
    PaymentRefused,
    PaymentReleased,
    PaymentSecured,
)
from shop.payments.gateways import gateway
from shop.payments.gateways.base import Answer
from shop.payments.models import PaymentEntry, PaymentOperation, SavedCard
from shop.payments.ports import order_desk
from shop.payments.rules import SESSION_LASTS, authorisation_ends_at, cents
from shop.payments.services.books import (
    Kind,
    State,
    doubt,
    ensure_release,
    ensure_voided,
    enter,
    is_closed,
    lacks_money,
    live_captures,
    lock_operation,
    move,
    outside_transaction,
    release_asking_for,
    release_of,
)
from shop.payments.services.cards import ask_to_forget, card_digest, card_of
from shop.payments.services.later import soon

logger = logging.getLogger(__name__)


@outside_transaction
def refresh(*, key: str) -> str:
    """Ask the provider what became of an authorisation or a saved card, and follow. Returns the state.

    No answer is no error: the state becomes, or stays, ``unknown`` until reconciliation. Other kinds of
    operation are performed, not refreshed (see ``perform``).
    """
    try:
        return ask_again(key)
    except ProviderUnavailable:
        return PaymentOperation.objects.values_list("state", flat=True).get(key=key)


@outside_transaction
def ask_again(key: str) -> str:
    """``refresh`` for whom silence matters. Raises ProviderUnavailable, once the doubt is noted."""
    operation = PaymentOperation.objects.get(key=key)
    try:
        answer = _ask(operation)
        if operation.state == State.EXPIRED and answer and answer.status in {"authorised", "card_saved"}:
            return _void_stray(operation, answer)
    except ProviderUnavailable:
        doubt(key)
        raise
    except ProviderRejected as said:
        return doubt(key, error_code=said.code)
    if answer is None:
        return _checked(key)
    return apply(key, answer)


def _ask(operation: PaymentOperation) -> Answer | None:
    """The provider's view; None when it has none. Raises ProviderUnavailable."""
    if operation.state == State.RELEASED or not operation.was_sent:
        return None
    if operation.state == State.EXPIRED:
        return gateway().read_page(operation.session_id) if operation.session_id else None
    if operation.intent_id and operation.state == State.SUCCEEDED:
        return gateway().read_intent(operation.intent_id)
    if operation.kind == Kind.AUTHORISE_SAVED:
        return gateway().find_intent(operation.key, card_of(operation).provider_customer_id)
    if operation.state == State.SUCCEEDED:
        return None
    if operation.session_id:
        return gateway().read_page(operation.session_id)
    found = gateway().find_page(operation.key, operation.sent_at or operation.created_at)
    return found or _never_opened(operation)


def _never_opened(operation: PaymentOperation) -> Answer | None:
    """A page that nobody was given and that would have closed by itself is over."""
    is_over = operation.is_page and (operation.sent_at or operation.created_at) + SESSION_LASTS
    return Answer(status="expired") if is_over and is_over < timezone.now() else None


def _void_stray(operation: PaymentOperation, answer: Answer) -> str:
    """A page that we took for closed was paid: give it back, and tell."""
    logger.error("operation %s was paid after it had expired", operation.key)
    if answer.status == "card_saved":
        gateway().forget_customer(answer.provider_customer_id)
    elif gateway().cancel(key=f"{operation.key}-void", intent_id=answer.intent_id).status != "cancelled":
        raise ProviderUnavailable("a stray authorisation stands")
    return _stray_voided(operation.key, answer)


@transaction.atomic
def _stray_voided(key: str, answer: Answer) -> str:
    operation = lock_operation(key)
    _note_ids(operation, answer)
    operation.is_late = True
    if move(operation, State.RELEASED):
        enter(operation, PaymentEntry.Kind.AUTHORISED, answer.authorised)
        enter(operation, PaymentEntry.Kind.RELEASED, answer.authorised)
        publish(
            LatePaymentVoided(
                order_reference=operation.order_reference,
                operation_key=key,
                amount_cents=cents(answer.authorised),
            )
        )
    return operation.state


@transaction.atomic
def _checked(key: str) -> str:
    operation = lock_operation(key)
    operation.checked_at = timezone.now()
    operation.save(update_fields=["checked_at"])
    return operation.state


@transaction.atomic
def apply(key: str, answer: Answer) -> str:
    """Write down what the provider says of one operation, forward only, and publish what it means.

    Locks the account, then the operation. Asks the order desk, which must not lock. Returns the state.
    """
    operation = lock_operation(key)
    _note_ids(operation, answer)
    if answer.status in {"open", "processing"}:
        move(operation, State.OPENED if operation.is_page else State.UNKNOWN)
    elif answer.status == "refused":
        _refused(operation, answer.error_code)
    elif answer.status in {"authorised", "card_saved", "captured"}:
        _succeeded(operation, answer)
    else:
        _ended(operation)
    return operation.state


def _note_ids(operation: PaymentOperation, answer: Answer) -> None:
    operation.session_id = operation.session_id or answer.session_id
    operation.session_url = operation.session_url or answer.url
    operation.intent_id = operation.intent_id or answer.intent_id
    # The last one: a page may be tried with a card that is refused first.
    if answer.card_fingerprint and answer.status in {"authorised", "card_saved", "captured"}:
        operation.card_digest = card_digest(answer.card_fingerprint)


def _refused(operation: PaymentOperation, code: str) -> None:
    if not move(operation, State.REFUSED, error_code=code):
        return
    told = {"order_reference": operation.order_reference, "operation_key": operation.key}
    if operation.is_page:
        publish(PaymentRefused(**told, code=code, occasion=operation.occasion))
        return
    if is_closed(operation.account, operation.occasion) or not lacks_money(operation.account):
        return
    renewed = renewed_by(operation)
    if renewed:
        # Until it ends its holder may replace it with a payment of their own.
        PaymentOperation.objects.filter(pk=renewed.pk).update(renewal_asked_at=timezone.now())
    publish(PaymentActionNeeded(**told, code=code, occasion=operation.occasion))


def renewed_by(operation: PaymentOperation) -> PaymentOperation | None:
    """The authorisation whose place this one takes. One query at most."""
    is_second = operation.parent_id and operation.kind in PaymentOperation.AUTHORISATIONS
    parent = operation.parent if is_second else None
    return parent if parent and parent.kind in PaymentOperation.AUTHORISATIONS else None


def _succeeded(operation: PaymentOperation, answer: Answer) -> None:
    if operation.state == State.SUCCEEDED:
        move(operation, State.SUCCEEDED)
        return
    if answer.status == "authorised" and answer.authorised != operation.amount:
        # Never secure an order with another sum than its own: a person must look.
        logger.error("operation %s is authorised for another amount", operation.key)
        move(operation, State.UNKNOWN, error_code="amount_mismatch")
        return
    if not move(operation, State.SUCCEEDED):
        logger.error("operation %s succeeded after it was %s", operation.key, operation.state)
        return
    if operation.kind == Kind.SAVE_CARD:
        SavedCard.objects.create(
            operation=operation,
            provider_customer_id=answer.provider_customer_id,
            payment_method_id=answer.payment_method_id,
        )
    else:
        _note_end(operation)
        enter(operation, PaymentEntry.Kind.AUTHORISED, operation.amount)
    _welcome_or_void(operation)


def _note_end(operation: PaymentOperation) -> None:
    """Counted from when it was asked for: it cannot have begun earlier."""
    asked_at = operation.sent_at or operation.created_at
    operation.expires_at = authorisation_ends_at(
        asked_at, is_off_session=operation.kind == Kind.AUTHORISE_SAVED
    )
    operation.save(update_fields=["expires_at"])


def _welcome_or_void(operation: PaymentOperation) -> None:
    account, reference = operation.account, operation.order_reference
    if not lacks_money(account):
        _void_too_much(operation)
    elif release_of(account) or not order_desk().is_waiting(reference):
        _mark_late(operation)
        soon("perform", ensure_release(account).key)
    elif is_closed(account, operation.occasion):
        _mark_late(operation)
        soon("perform", ensure_release(account, operation.occasion).key)
    else:
        publish(
            PaymentSecured(
                order_reference=reference,
                operation_key=operation.key,
                kind=operation.kind,
                occasion=operation.occasion,
            )
        )
        _replace(operation)


def _void_too_much(operation: PaymentOperation) -> None:
    """All was captured meanwhile. A renewal that nobody paid by hand is nobody's news."""
    if operation.is_page:
        _mark_late(operation)
    if operation.kind == Kind.SAVE_CARD:
        ask_to_forget(operation.account)
    soon("perform", ensure_voided(operation).key)


def _mark_late(operation: PaymentOperation) -> None:
    operation.is_late = True
    operation.save(update_fields=["is_late"])


def _replace(operation: PaymentOperation) -> None:
    """The new authorisation stands: the one whose place it takes is voided, with the card that could not."""
    renewed = renewed_by(operation)
    if renewed is None or renewed.state != State.SUCCEEDED:
        return
    renewed.account = operation.account
    soon("perform", ensure_voided(renewed).key)
    if operation.is_page:
        operation.account.operations.filter(
            kind=Kind.SAVE_CARD, state=State.SUCCEEDED, occasion=operation.occasion
        ).update(state=State.RELEASED)
        ask_to_forget(operation.account)


def _ended(operation: PaymentOperation) -> None:
    """The page closed unpaid, or the authorisation ended without us (seven days, the provider's staff)."""
    if operation.state == State.SUCCEEDED:
        if not live_captures().filter(parent=operation, state=State.SUCCEEDED).exists():
            given_back(operation, release_asking_for(operation))
    elif operation.kind == Kind.AUTHORISE_SAVED:
        _refused(operation, "cancelled")
    elif move(operation, State.EXPIRED):
        publish(
            PaymentLapsed(
                order_reference=operation.order_reference,
                operation_key=operation.key,
                occasion=operation.occasion,
            )
        )


def given_back(operation: PaymentOperation, by: PaymentOperation | None) -> None:
    """A locked authorisation, or saved card, is no more. Its own entry writes it down, once.

    Told as lapsed unless an operation ``by`` us ended it, as released when that was a release of more than this one.
    A payment that came too late is told in any case: its payer waits for the money.
    """
    amount = operation.amount if operation.kind != Kind.SAVE_CARD else Decimal(0)
    if not move(operation, State.RELEASED):
        return
    enter(operation, PaymentEntry.Kind.RELEASED, amount)
    told = {"order_reference": operation.order_reference, "operation_key": operation.key}
    if operation.is_late:
        publish(LatePaymentVoided(**told, amount_cents=cents(amount)))
    elif by is None:
        publish(PaymentLapsed(**told, occasion=operation.occasion))
    elif by.parent_id is None:
        publish(PaymentReleased(**told, amount_cents=cents(amount), occasion=operation.occasion))
