"""What was authorised is given back: of a whole order, of one occasion, or one authorisation that is not needed."""

import logging

from django.db import transaction
from django.db.models import Q, QuerySet

from shop.payments.errors import (
    AlreadyCaptured,
    InvalidOccasion,
    PaymentAlreadySecured,
    PaymentUncertain,
)
from shop.payments.gateways import gateway
from shop.payments.models import PaymentAccount, PaymentOperation
from shop.payments.services.answers import given_back
from shop.payments.services.books import (
    Kind,
    State,
    captures_of,
    ensure_release,
    live_captures,
    lock_account,
    lock_operation,
    move,
    standing_authorisations,
)
from shop.payments.services.cards import ask_to_forget, forget_cards
from shop.payments.services.charging import settle
from shop.payments.services.later import soon
from shop.payments.services.pages import shut

logger = logging.getLogger(__name__)
ASKED_FOR = (*PaymentOperation.PAGE_KINDS, Kind.AUTHORISE_SAVED)


@transaction.atomic
def release(*, order_reference: str) -> PaymentOperation | None:
    """Give back whatever an order's payments hold: close its pages, void its authorisations, forget its card.

    Call it in the transaction that cancels or gives up the order; it only commits the intention. The worker
    performs it within seconds and goes on until the provider has answered. Asked again it is the same
    release. None when nothing was ever asked. Raises AlreadyCaptured: refund instead. Six queries at most.
    """
    account = lock_account(order_reference)
    if account is None:
        return None
    if captures_of(account):
        raise AlreadyCaptured
    asked = ensure_release(account)
    soon("perform", asked.key)
    return asked


@transaction.atomic
def release_part(*, order_reference: str, occasion: str) -> PaymentOperation | None:
    """``release`` for one extra payment whose amendment came to nothing; the others of the order stand.

    Same promise. None when nothing was ever asked for this occasion. Raises InvalidOccasion for the order's own
    payment, AlreadyCaptured when money was taken from it, or is being.
    """
    if not occasion:
        raise InvalidOccasion
    account = lock_account(order_reference)
    if account is None or not account.operations.filter(kind__in=ASKED_FOR, occasion=occasion).exists():
        return None
    if live_captures().filter(account=account, parent__occasion=occasion).exists():
        raise AlreadyCaptured
    asked = ensure_release(account, occasion)
    soon("perform", asked.key)
    return asked


@transaction.atomic
def release_unsecured(*, order_reference: str) -> PaymentOperation | None:
    """``release`` for an order that nobody paid, decided under the account's lock.

    What counts is the order's own payment. Raises PaymentAlreadySecured when its money is authorised or taken,
    PaymentUncertain while its page may still be paid or an answer is awaited; the caller's transaction is then
    rolled back.
    """
    account = lock_account(order_reference)
    if account is None:
        return None
    is_own = any(not held.occasion for held in standing_authorisations(account))
    if is_own or captures_of(account):
        raise PaymentAlreadySecured
    if _is_undecided(account):
        raise PaymentUncertain
    return release(order_reference=order_reference)


def _is_undecided(account: PaymentAccount) -> bool:
    pages = Q(kind__in=PaymentOperation.PAGE_KINDS, state__in=PaymentOperation.UNSETTLED)
    charges = Q(kind=Kind.AUTHORISE_SAVED, state__in=[State.PREPARED, State.UNKNOWN])
    return account.operations.filter(pages | charges, occasion="").exists()


@transaction.atomic
def void_late_success(*, order_reference: str) -> PaymentOperation | None:
    """Give back a payment that succeeded while its order was being given up, and tell (LatePaymentVoided).

    For the handler of PaymentSecured that finds its order abandoned. Same promise as ``release``.
    """
    account = lock_account(order_reference)
    if account is None:
        return None
    account.operations.filter(kind__in=ASKED_FOR, state=State.SUCCEEDED).update(is_late=True)
    return release(order_reference=order_reference)


def perform_release(operation: PaymentOperation) -> None:
    """1. close what may still be paid, 2. lift doubts, 3. void, 4. forget the card. Stops at a doubt.

    Raises ProviderUnavailable, ProviderRejected.
    """
    what = _concerned(operation)
    for page in what.filter(kind__in=PaymentOperation.PAGE_KINDS, state__in=PaymentOperation.UNSETTLED):
        if shut(page.key) in PaymentOperation.UNSETTLED:
            return
    for charge in what.filter(kind=Kind.AUTHORISE_SAVED, state__in=[State.PREPARED, State.UNKNOWN]):
        if _withdraw(charge) in {State.PREPARED, State.UNKNOWN}:
            return
    for held in what.filter(kind__in=PaymentOperation.AUTHORISATIONS, state=State.SUCCEEDED).order_by("id"):
        if not _void(operation, held):
            return
    _released(operation.key)
    forget_cards(operation.account_id)


def _concerned(release: PaymentOperation) -> QuerySet[PaymentOperation]:
    """The payments that a release is about. No query by itself."""
    if release.parent_id:
        return PaymentOperation.objects.filter(pk=release.parent_id)
    found = PaymentOperation.objects.filter(account_id=release.account_id, kind__in=ASKED_FOR)
    return found.filter(occasion=release.occasion) if release.occasion else found


def _withdraw(charge: PaymentOperation) -> str:
    """A charge that was never sent is dropped; one in doubt is settled first."""
    if charge.was_sent:
        return settle(charge)
    with transaction.atomic():
        locked = lock_operation(charge.key)
        if not locked.was_sent:
            move(locked, State.EXPIRED)
    return locked.state


def _void(release: PaymentOperation, held: PaymentOperation) -> bool:
    """Under a key of its own for each authorisation, the same however often it is asked."""
    answer = gateway().cancel(key=f"{release.key}-{held.pk}", intent_id=held.intent_id)
    if answer.status != "cancelled":
        logger.error("authorisation of %s could not be released: %s", held.order_reference, answer.status)
        return False
    with transaction.atomic():
        given_back(lock_operation(held.key), release)
    return True


@transaction.atomic
def _released(key: str) -> None:
    """Unless something succeeded meanwhile: then the release goes on."""
    operation = lock_operation(key)
    held = _concerned(operation).filter(state=State.SUCCEEDED)
    if held.filter(kind__in=PaymentOperation.AUTHORISATIONS).exists() or not move(operation, State.SUCCEEDED):
        return
    for card in held.select_for_update(no_key=True).filter(kind=Kind.SAVE_CARD):
        card.account = operation.account
        # The saved card's own operation says nothing when its charge already does.
        if card.children.filter(state=State.RELEASED).exists():
            move(card, State.RELEASED)
        else:
            given_back(card, operation)
    if operation.parent_id is None and not operation.occasion:
        ask_to_forget(operation.account)
