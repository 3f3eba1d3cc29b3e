"""Cards that the provider keeps for an order: which one a charge is for, and when it is forgotten."""

import logging
from datetime import datetime

from django.utils import timezone
from django.utils.crypto import salted_hmac

from shop.payments.errors import ProviderRejected, ProviderUnavailable
from shop.payments.gateways import gateway
from shop.payments.models import PaymentAccount, PaymentOperation, SavedCard
from shop.payments.rules import CARD_KNOWN
from shop.payments.services.books import outside_transaction

logger = logging.getLogger(__name__)
# Digests that one statement erases: payments of the night wait for no more of them.
BATCH = 1000


def card_digest(fingerprint: str) -> str:
    """What is kept of a provider's mark of a card: under the shop's secret, nobody finds the mark again."""
    return salted_hmac("payments.card", fingerprint, algorithm="sha256").hexdigest()


def card_of(charge: PaymentOperation) -> SavedCard:
    """The card that a charge without its holder is for: the last one saved before it. One query."""
    return SavedCard.objects.filter(
        operation__account_id=charge.account_id, operation_id__lt=charge.pk
    ).latest("operation_id")


def usable_card(account: PaymentAccount) -> SavedCard | None:
    """The card that the order may still be charged on, if any. One query."""
    return (
        SavedCard.objects.filter(operation__account=account, forget_asked_at=None)
        .order_by("operation_id")
        .last()
    )


def ask_to_forget(account: PaymentAccount) -> None:
    """The order needs its card no more. One UPDATE."""
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


def forget_digests(*, now: datetime) -> int:
    """Whose card paid, where that is older than `rules.CARD_KNOWN`; how many. Two statements for each BATCH of them."""
    old = PaymentOperation.objects.filter(card_digest__gt="", created_at__lt=now - CARD_KNOWN)
    forgotten = 0
    while some := list(old.order_by("created_at").values_list("pk", flat=True)[:BATCH]):
        forgotten += PaymentOperation.objects.filter(pk__in=some).update(card_digest="")
    return forgotten
