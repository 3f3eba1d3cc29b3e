"""Everything that changes a payment. What other rooms may call is listed here, with what it may raise.

Asked inside the caller's transaction: prepare_payment, release, release_unsecured, void_late_success, capture,
refund.
Never inside one, since they talk to the provider: open_payment_page, refresh, abandon, perform,
authorise_due, authorise_now, reconcile, process_event, forget_cards.
"""

from shop.payments.errors import (
    AlreadyCaptured,
    AmountChanged,
    CalledInTransaction,
    CaptureAboveAuthorised,
    InvalidAmount,
    InvalidWebhook,
    NothingAuthorised,
    PaymentAlreadySecured,
    PaymentClosed,
    PaymentError,
    PaymentUncertain,
    ProviderUnavailable,
    RefundAboveCaptured,
)
from shop.payments.services.answers import refresh
from shop.payments.services.operations import (
    capture,
    forget_cards,
    perform,
    refund,
    release,
    release_unsecured,
    void_late_success,
)
from shop.payments.services.pages import abandon, open_payment_page, prepare_payment
from shop.payments.services.upkeep import authorise_due, authorise_now, reconcile
from shop.payments.services.webhooks import handle_webhook, process_event

__all__ = [
    "AlreadyCaptured",
    "AmountChanged",
    "CalledInTransaction",
    "CaptureAboveAuthorised",
    "InvalidAmount",
    "InvalidWebhook",
    "NothingAuthorised",
    "PaymentAlreadySecured",
    "PaymentClosed",
    "PaymentError",
    "PaymentUncertain",
    "ProviderUnavailable",
    "RefundAboveCaptured",
    "abandon",
    "authorise_due",
    "authorise_now",
    "capture",
    "forget_cards",
    "handle_webhook",
    "open_payment_page",
    "perform",
    "prepare_payment",
    "process_event",
    "reconcile",
    "refresh",
    "refund",
    "release",
    "release_unsecured",
    "void_late_success",
]
