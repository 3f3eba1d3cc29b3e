"""The provider's page: opened for the customer, and closed when its payment is given up."""

import time
from datetime import datetime
from typing import Literal

from django.db import transaction
from django.utils import timezone

from shop.payments.errors import (
    PaymentAlreadySecured,
    PaymentClosed,
    ProviderBusy,
    ProviderFailed,
    ProviderRejected,
    ProviderUnavailable,
)
from shop.payments.gateways import gateway
from shop.payments.gateways.base import Answer, PageRequest
from shop.payments.models import PaymentOperation
from shop.payments.rules import page_closes_at
from shop.payments.services.answers import apply, refresh
from shop.payments.services.books import (
    Kind,
    State,
    doubt,
    is_closed,
    lock_operation,
    move,
    note_asked,
    outside_transaction,
)

# How long the second of two simultaneous clicks waits for the page that the first one opens.
BUSY_SECONDS = 4.0
BUSY_STEP_SECONDS = 0.1


@outside_transaction
def open_payment_page(*, key: str, return_url: str, cancel_url: str, deadline: datetime | None = None) -> str:
    """The address of the provider's page for this operation; the same one however often it is asked.

    It closes soon after ``deadline``, which is that of the first call, as are the addresses to come back to.
    Raises ProviderUnavailable (the same key resumes), PaymentAlreadySecured, PaymentClosed (prepare a new
    payment), CalledInTransaction.
    """
    operation = _ready_to_open(key, return_url, cancel_url, deadline)
    if operation.session_url:
        return operation.session_url
    try:
        answer = _open(operation)
    except ProviderBusy:
        return _opened_meanwhile(key)
    except ProviderRejected as said:
        _never_opens(key, said.code)
        raise PaymentClosed from said
    state = apply(key, answer)
    if state in {State.OPENED, State.REFUSED}:
        return answer.url
    raise PaymentAlreadySecured if state == State.SUCCEEDED else PaymentClosed


def _ready_to_open(key: str, return_url: str, cancel_url: str, deadline: datetime | None) -> PaymentOperation:
    """Look at an open page that should be closed by now; commit that a new one is asked for."""
    operation = _ask_to_open(key, return_url, cancel_url, deadline)
    if not (operation.session_url and _is_over(operation)):
        return operation
    refresh(key=key)
    operation = _ask_to_open(key, return_url, cancel_url, deadline)
    if operation.session_url:
        raise ProviderUnavailable("whether the page was paid is not known")
    return operation


@transaction.atomic
def _ask_to_open(key: str, return_url: str, cancel_url: str, deadline: datetime | None) -> PaymentOperation:
    """Four queries."""
    operation = lock_operation(key)
    if operation.state == State.SUCCEEDED:
        raise PaymentAlreadySecured
    if operation.state in {State.EXPIRED, State.RELEASED} or is_closed(operation.account, operation.occasion):
        raise PaymentClosed
    operation.opened_at = timezone.now()
    if operation.session_url:
        operation.save(update_fields=["opened_at"])
        return operation
    if not operation.session_expires_at:
        operation.return_url, operation.cancel_url = return_url, cancel_url
        operation.session_expires_at = page_closes_at(operation.opened_at, deadline)
    return note_asked(operation)


def _is_over(operation: PaymentOperation) -> bool:
    return operation.session_expires_at is not None and operation.session_expires_at <= timezone.now()


def _open(operation: PaymentOperation) -> Answer:
    """Ask under the operation's key; when that only replays a failure, look for what it left behind."""
    try:
        return gateway().open_page(_page_request(operation))
    except ProviderFailed:
        found = gateway().find_page(operation.key, operation.sent_at or operation.created_at)
        if found is None:
            raise
        return found


def _opened_meanwhile(key: str) -> str:
    """The other click's page, once it is there. Raises ProviderUnavailable."""
    limit = time.monotonic() + BUSY_SECONDS
    while time.monotonic() < limit:
        url = PaymentOperation.objects.values_list("session_url", flat=True).get(key=key)
        if url:
            return url
        time.sleep(BUSY_STEP_SECONDS)
    raise ProviderUnavailable("busy")


@transaction.atomic
def _never_opens(key: str, code: str) -> None:
    move(lock_operation(key), State.EXPIRED, error_code=code)


@outside_transaction
def abandon(*, order_reference: str, occasion: str = "") -> Literal["released", "secured", "unknown"]:
    """Close the payment page of what is given up, before that is: the order before its slot and stock, an
    amendment before its articles. Only the pages of this occasion.

    "released": nothing was paid and nothing can be any more. "secured": it was paid after all, keep what it paid
    for. "unknown": no answer, keep everything and ask again; when it cannot wait any longer, give it up and call
    ``release`` or ``release_part``, which goes on asking and voids a late success.
    """
    pages = PaymentOperation.objects.filter(
        account_id=order_reference, occasion=occasion, kind__in=PaymentOperation.PAGE_KINDS
    )
    found = list(pages.filter(state__in=[*PaymentOperation.UNSETTLED, State.SUCCEEDED]).order_by("id"))
    states = {page.state if page.state == State.SUCCEEDED else shut(page.key) for page in found}
    if State.SUCCEEDED in states or _is_replaced(order_reference, occasion):
        return "secured"
    return "released" if states <= {State.EXPIRED, State.RELEASED} else "unknown"


def _is_replaced(order_reference: str, occasion: str) -> bool:
    """Whether a saved card was charged in the place of what was paid on a page. One query."""
    held = PaymentOperation.objects.standing()
    return held.filter(account_id=order_reference, occasion=occasion).exists()


@outside_transaction
def shut(key: str) -> str:
    """Make sure that a page can no longer be paid. Returns the state: expired, succeeded, or a doubt."""
    if _shut_unsent(key):
        return State.EXPIRED
    operation = PaymentOperation.objects.get(key=key)
    try:
        session_id = operation.session_id or _session_to_shut(operation)
        answer = gateway().expire_page(session_id) if session_id else Answer(status="expired")
    except ProviderUnavailable:
        return doubt(key)
    except ProviderRejected as said:
        return doubt(key, error_code=said.code)
    return apply(key, answer)


def _session_to_shut(operation: PaymentOperation) -> str:
    """The page of a call that was never answered: replaying the key finds it, or makes it to close it.

    Empty when there is none: the provider said that it failed and has no such page, or rejects it; nobody
    was given an address to pay at.
    """
    try:
        return gateway().open_page(_page_request(operation)).session_id
    except ProviderFailed:
        found = gateway().find_page(operation.key, operation.sent_at or operation.created_at)
        return found.session_id if found else ""
    except ProviderRejected:
        return ""


def _page_request(operation: PaymentOperation) -> PageRequest:
    assert operation.session_expires_at is not None  # noqa: S101
    return PageRequest(
        key=operation.key,
        order_reference=operation.order_reference,
        saves_card=operation.kind == Kind.SAVE_CARD,
        amount=operation.amount,
        return_url=operation.return_url,
        cancel_url=operation.cancel_url,
        expires_at=operation.session_expires_at,
    )


@transaction.atomic
def _shut_unsent(key: str) -> bool:
    """A page that was never asked for is closed here alone."""
    operation = lock_operation(key)
    if operation.was_sent:
        return False
    return move(operation, State.EXPIRED)
