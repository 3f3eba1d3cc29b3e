"""What was asked in a transaction is done with the provider outside it, under its key, until it is answered."""

import logging

from shop.payments.errors import ProviderRejected, ProviderUnavailable
from shop.payments.models import PaymentOperation
from shop.payments.services.answers import ask_again
from shop.payments.services.books import Kind, State, claim, doubt, outside_transaction
from shop.payments.services.capturing import perform_capture
from shop.payments.services.charging import authorise_saved
from shop.payments.services.refunding import perform_refund
from shop.payments.services.releasing import perform_release

logger = logging.getLogger(__name__)


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


def answered(key: str) -> bool:
    """Attempt an operation; False when the provider stayed silent."""
    try:
        attempt(key)
    except ProviderUnavailable:
        return False
    return True


def _ask(operation: PaymentOperation, was_sent: bool) -> None:
    match operation.kind:
        case Kind.AUTHORISE_SAVED:
            authorise_saved(operation, was_sent)
        case Kind.CAPTURE:
            perform_capture(operation)
        case Kind.REFUND:
            perform_refund(operation, was_sent)
        case _:
            perform_release(operation)
