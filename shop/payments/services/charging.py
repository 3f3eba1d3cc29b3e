"""A saved card is authorised without its holder."""

import logging

from shop.payments.errors import CardRefused, ProviderRejected, ProviderUnavailable
from shop.payments.gateways import gateway
from shop.payments.gateways.base import Answer
from shop.payments.models import PaymentOperation, SavedCard
from shop.payments.services.answers import apply
from shop.payments.services.books import claim, doubt, outside_transaction
from shop.payments.services.cards import card_of

logger = logging.getLogger(__name__)


def authorise_saved(operation: PaymentOperation, was_sent: bool) -> None:
    """Raises ProviderUnavailable, ProviderRejected."""
    card = card_of(operation)
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


@outside_transaction
def settle(charge: PaymentOperation) -> str:
    """Ask again about a charge that was sent, so that it can be given back. Returns the state."""
    try:
        authorise_saved(claim(charge.key), was_sent=True)
    except ProviderUnavailable as silence:
        logger.warning("charge %s unanswered: %s", charge.key, type(silence).__name__)
    except ProviderRejected as said:
        return doubt(charge.key, error_code=said.code)
    return PaymentOperation.objects.values_list("state", flat=True).get(key=charge.key)
