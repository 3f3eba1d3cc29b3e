"""The shop's part: authorise a saved card, take money, give it back. Asked in the caller's transaction,
performed outside it.
"""

import logging
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from config.facts import publish
from shop.payments.errors import (
    AlreadyCaptured,
    CaptureAboveAuthorised,
    CardRefused,
    InvalidAmount,
    NothingAuthorised,
    PaymentAlreadySecured,
    PaymentClosed,
    PaymentUncertain,
    ProviderRejected,
    ProviderUnavailable,
    RefundAboveCaptured,
)
from shop.payments.events import PaymentCaptured, PaymentRefunded
from shop.payments.gateways import gateway
from shop.payments.gateways.base import Answer, RefundAnswer
from shop.payments.models import PaymentAccount, PaymentEntry, PaymentOperation, SavedCard
from shop.payments.rules import cents
from shop.payments.services.answers import apply, ask_again, given_back
from shop.payments.services.books import (
    Kind,
    State,
    claim,
    doubt,
    ensure_release,
    enter,
    held_authorisation,
    lock_account,
    lock_operation,
    move,
    outside_transaction,
    release_of,
)
from shop.payments.services.later import soon
from shop.payments.services.pages import shut

logger = logging.getLogger(__name__)


@transaction.atomic
def release(*, order_reference: str) -> PaymentOperation | None:
    """Give back whatever an order's payments hold: close its page, void its authorisation, forget its card.

    Call it in the transaction that cancels or gives up the order; it only commits the intention. The worker
    performs it within seconds and goes on until the provider has answered. Asked again it is the same
    release. None when nothing was ever asked. Raises AlreadyCaptured: refund instead. Five queries at most.
    """
    account = lock_account(order_reference)
    if account is None:
        return None
    if _open_capture(account):
        raise AlreadyCaptured
    asked = ensure_release(account)
    soon("perform", asked.key)
    return asked


@transaction.atomic
def release_unsecured(*, order_reference: str) -> PaymentOperation | None:
    """``release`` for an order that nobody paid, decided under the account's lock.

    Raises PaymentAlreadySecured when money is authorised or taken, PaymentUncertain while a page may still be
    paid or an answer is awaited; the caller's transaction is then rolled back.
    """
    account = lock_account(order_reference)
    if account is None:
        return None
    if account.authorised > account.released:
        raise PaymentAlreadySecured
    if _is_undecided(account):
        raise PaymentUncertain
    return release(order_reference=order_reference)


def _is_undecided(account: PaymentAccount) -> bool:
    pages = Q(kind__in=PaymentOperation.PAGE_KINDS, state__in=PaymentOperation.UNSETTLED)
    charges = Q(kind=Kind.AUTHORISE_SAVED, state__in=[State.PREPARED, State.UNKNOWN])
    return account.operations.filter(pages | charges).exists()


@transaction.atomic
def void_late_success(*, order_reference: str) -> PaymentOperation | None:
    """Give back a payment that succeeded while its order was being given up, and tell (LatePaymentVoided).

    For the handler of PaymentSecured that finds its order abandoned. Same promise as ``release``.
    """
    account = lock_account(order_reference)
    if account is None:
        return None
    account.operations.filter(
        kind__in=[*PaymentOperation.PAGE_KINDS, Kind.AUTHORISE_SAVED], state=State.SUCCEEDED
    ).update(is_late=True)
    return release(order_reference=order_reference)


@transaction.atomic
def capture(*, order_reference: str, amount: Decimal) -> PaymentOperation:
    """Ask to take this many euros, once per order, at most what is authorised; the rest is released.

    Asked again for the same sum it is the same capture. Raises InvalidAmount, NothingAuthorised,
    PaymentClosed, AlreadyCaptured, CaptureAboveAuthorised.
    """
    if amount <= 0 or amount != round(amount, 2):
        raise InvalidAmount
    account = lock_account(order_reference)
    if account is None:
        raise NothingAuthorised
    if asked := _open_capture(account):
        if asked.amount != amount:
            raise AlreadyCaptured
        return asked
    if release_of(account):
        raise PaymentClosed
    held = held_authorisation(account)
    if held is None:
        raise NothingAuthorised
    if amount > account.held:
        raise CaptureAboveAuthorised
    asked = PaymentOperation.objects.create(
        account=account, parent=held, kind=Kind.CAPTURE, amount=amount, intent_id=held.intent_id
    )
    soon("perform", asked.key)
    return asked


def _open_capture(account: PaymentAccount) -> PaymentOperation | None:
    return account.operations.filter(kind=Kind.CAPTURE).exclude(state=State.REFUSED).first()


@transaction.atomic
def refund(*, order_reference: str, amount: Decimal, occasion: str) -> PaymentOperation:
    """Ask to give this many euros back. ``occasion`` names what for: the same one is the same refund.

    What is under way counts as refunded, so that two refunds at once cannot exceed what was captured.
    Raises InvalidAmount, RefundAboveCaptured. Locks the account.
    """
    if amount <= 0 or amount != round(amount, 2) or not occasion:
        raise InvalidAmount
    account = lock_account(order_reference)
    taken = _open_capture(account) if account else None
    if account is None or taken is None or taken.state != State.SUCCEEDED:
        raise RefundAboveCaptured
    refunds = account.operations.filter(kind=Kind.REFUND).exclude(state=State.REFUSED)
    asked = {one.occasion: one for one in refunds}
    if occasion in asked:
        if asked[occasion].amount != amount:
            raise RefundAboveCaptured
        return asked[occasion]
    if sum((one.amount for one in asked.values()), amount) > account.captured:
        raise RefundAboveCaptured
    operation = PaymentOperation.objects.create(
        account=account,
        parent=taken,
        kind=Kind.REFUND,
        amount=amount,
        occasion=occasion,
        intent_id=taken.intent_id,
    )
    soon("perform", operation.key)
    return operation


@outside_transaction
def perform(*, key: str) -> str:
    """Do with the provider what an operation asks, under its key; may be called again and again.

    Returns the state: ``unknown`` when the provider did not answer. A page is refreshed instead.
    """
    try:
        return attempt(key)
    except ProviderUnavailable as silence:
        logger.warning("operation %s unanswered: %s", key, type(silence).__name__)
    return PaymentOperation.objects.values_list("state", flat=True).get(key=key)


@outside_transaction
def attempt(key: str) -> str:
    """``perform`` for whom silence matters. Raises ProviderUnavailable; the doubt is noted."""
    operation = PaymentOperation.objects.get(key=key)
    if operation.is_page:
        return ask_again(key)
    if operation.state not in {State.PREPARED, State.UNKNOWN}:
        return operation.state
    try:
        _ask(claim(key), operation.was_sent)
    except ProviderRejected as said:
        return doubt(key, error_code=said.code)
    return PaymentOperation.objects.values_list("state", flat=True).get(key=key)


def _ask(operation: PaymentOperation, was_sent: bool) -> None:
    match operation.kind:
        case Kind.AUTHORISE_SAVED:
            _authorise_saved(operation, was_sent)
        case Kind.CAPTURE:
            _capture(operation)
        case Kind.REFUND:
            _refund(operation, was_sent)
        case _:
            _release(operation)


def _authorise_saved(operation: PaymentOperation, was_sent: bool) -> None:
    card = SavedCard.objects.get(operation_id=operation.parent_id)
    answer = gateway().find_intent(operation.key, card.provider_customer_id) if was_sent else None
    apply(operation.key, answer or _charge(operation, card))


def _charge(operation: PaymentOperation, card: SavedCard) -> Answer:
    try:
        return gateway().authorise_saved(
            key=operation.key,
            order_reference=operation.order_reference,
            amount=operation.amount,
            provider_customer_id=card.provider_customer_id,
            payment_method_id=card.payment_method_id,
        )
    except CardRefused as said:
        return Answer(status="refused", intent_id=said.intent_id, error_code=said.code)
    except ProviderRejected as said:
        return Answer(status="refused", error_code=said.code)


def _capture(operation: PaymentOperation) -> None:
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
    if answer.status != "captured" or answer.captured != operation.amount:
        code = "amount_mismatch" if answer.status == "captured" else answer.status
        move(operation, State.UNKNOWN if answer.status == "captured" else State.REFUSED, error_code=code)
        return
    if not move(operation, State.SUCCEEDED):
        return
    rest = operation.account.held - operation.amount
    enter(operation, PaymentEntry.Kind.CAPTURED, operation.amount)
    enter(operation, PaymentEntry.Kind.RELEASED, rest)
    _ask_to_forget(operation.account)
    publish(
        PaymentCaptured(
            order_reference=operation.order_reference, operation_key=key, amount_cents=cents(operation.amount)
        )
    )


def _refund(operation: PaymentOperation, was_sent: bool) -> None:
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
        move(operation, State.REFUSED, error_code=answer.error_code)
        return
    if not move(operation, State.SUCCEEDED):
        return
    enter(operation, PaymentEntry.Kind.REFUNDED, operation.amount)
    publish(
        PaymentRefunded(
            order_reference=operation.order_reference, operation_key=key, amount_cents=cents(operation.amount)
        )
    )


def _release(operation: PaymentOperation) -> None:
    """1. close what may still be paid, 2. lift doubts, 3. void, 4. forget the card. Stops at a doubt."""
    account = operation.account
    for page in account.operations.filter(
        kind__in=PaymentOperation.PAGE_KINDS, state__in=PaymentOperation.UNSETTLED
    ):
        if shut(page.key) in PaymentOperation.UNSETTLED:
            return
    for charge in account.operations.filter(
        kind=Kind.AUTHORISE_SAVED, state__in=[State.PREPARED, State.UNKNOWN]
    ):
        if _withdraw(charge) in {State.PREPARED, State.UNKNOWN}:
            return
    held = held_authorisation(account)
    answer = gateway().cancel(key=operation.key, intent_id=held.intent_id) if held else None
    if answer and answer.status != "cancelled":
        logger.error("authorisation of %s could not be released: %s", operation.key, answer.status)
        return
    _released(operation.key, held)
    forget_cards(account.order_reference)


def _withdraw(charge: PaymentOperation) -> str:
    """A charge that was never sent is dropped; one in doubt is settled first."""
    if charge.was_sent:
        return perform(key=charge.key)
    with transaction.atomic():
        locked = lock_operation(charge.key)
        if not locked.was_sent:
            move(locked, State.EXPIRED)
    return locked.state


@transaction.atomic
def _released(key: str, voided: PaymentOperation | None) -> None:
    operation = lock_operation(key)
    if not move(operation, State.SUCCEEDED):
        return
    account = operation.account
    # The saved card's own operation says nothing when its charge already does.
    ended = Q(pk=voided.pk) if voided else Q(pk=None)
    for held in account.operations.select_for_update(no_key=True).filter(
        ended | Q(kind=Kind.SAVE_CARD), state=State.SUCCEEDED
    ):
        held.account = account
        if held.kind == Kind.SAVE_CARD and held.children.filter(state=State.RELEASED).exists():
            move(held, State.RELEASED)
        else:
            given_back(held, operation)
    _ask_to_forget(account)


def _ask_to_forget(account: PaymentAccount) -> None:
    SavedCard.objects.filter(operation__account=account, forget_asked_at=None).update(
        forget_asked_at=timezone.now()
    )


@outside_transaction
def forget_cards(order_reference: str | None = None) -> int:
    """Erase at the provider the cards that no order needs any more. Returns how many. 100 at most a call."""
    cards = SavedCard.objects.filter(forget_asked_at__isnull=False, forgotten_at=None)
    if order_reference:
        cards = cards.filter(operation__account_id=order_reference)
    forgotten = 0
    for card in cards.order_by("forget_asked_at")[:100]:
        try:
            gateway().forget_customer(card.provider_customer_id)
        except ProviderUnavailable:
            return forgotten
        except ProviderRejected as said:
            logger.error("card %s could not be forgotten: %s", card.pk, said.code)
            continue
        SavedCard.objects.filter(pk=card.pk).update(forgotten_at=timezone.now())
        forgotten += 1
    return forgotten
