"""Everything that changes a payment. What other rooms may call is listed here, with what it may raise.

Asked inside the caller's transaction: prepare_payment, change_amount_due, release, release_part,
release_unsecured, void_late_success, capture, refund.
Never inside one, since they talk to the provider: open_payment_page, refresh, abandon, perform,
authorise_due, authorise_now, renew_ending, reconcile, process_event, forget_cards.
Each night, on its own: forget_digests.
"""

from shop.payments.errors import (
    AlreadyCaptured,
    AlreadyRefunded,
    AmountChanged,
    AmountFixed,
    CalledInTransaction,
    CaptureAboveAuthorised,
    CardNotYetCharged,
    InvalidAmount,
    InvalidOccasion,
    InvalidReason,
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
from shop.payments.services.capturing import capture
from shop.payments.services.cards import forget_cards, forget_digests
from shop.payments.services.pages import abandon, open_payment_page
from shop.payments.services.performing import perform
from shop.payments.services.preparing import change_amount_due, prepare_payment
from shop.payments.services.refunding import refund
from shop.payments.services.releasing import release, release_part, release_unsecured, void_late_success
from shop.payments.services.renewing import renew_ending
from shop.payments.services.upkeep import authorise_due, authorise_now, reconcile
from shop.payments.services.webhooks import handle_webhook, process_event

__all__ = [
    "AlreadyCaptured",
    "AlreadyRefunded",
    "AmountChanged",
    "AmountFixed",
    "CalledInTransaction",
    "CaptureAboveAuthorised",
    "CardNotYetCharged",
    "InvalidAmount",
    "InvalidOccasion",
    "InvalidReason",
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
    "change_amount_due",
    "forget_cards",
    "forget_digests",
    "handle_webhook",
    "open_payment_page",
    "perform",
    "prepare_payment",
    "process_event",
    "reconcile",
    "refresh",
    "refund",
    "release",
    "release_part",
    "release_unsecured",
    "renew_ending",
    "void_late_success",
]
