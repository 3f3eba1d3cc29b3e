"""The provider's messages. They only say where to look: what is true is read from the provider again."""

import logging

from django.db.models import Q
from django.utils import timezone

from shop.payments.errors import ProviderUnavailable
from shop.payments.gateways import gateway
from shop.payments.models import PaymentOperation, ProviderEvent
from shop.payments.services.answers import ask_again
from shop.payments.services.books import Kind, outside_transaction
from shop.payments.services.later import soon
from shop.payments.services.performing import attempt

logger = logging.getLogger(__name__)
REFRESHED = (*PaymentOperation.PAGE_KINDS, Kind.AUTHORISE_SAVED)


def handle_webhook(raw_body: bytes, signature: str) -> ProviderEvent:
    """Verify a message and store its id; a worker looks at what it is about. One INSERT, no call.

    A replayed message is stored once and looked at once. Raises InvalidWebhook.
    """
    message = gateway().read_message(raw_body, signature)
    event, is_new = ProviderEvent.objects.get_or_create(
        event_id=message.event_id,
        defaults={
            "type": message.type,
            "operation_key": message.operation_key,
            "session_id": message.session_id,
            "intent_id": message.intent_id,
        },
    )
    if is_new:
        soon("process_event", str(event.pk))
    return event


@outside_transaction
def process_event(event_pk: int) -> None:
    """Look again at the operations a message is about; one about nothing of ours is only noted.

    Stays to be done when the provider does not answer. May run twice: looking changes nothing twice.
    """
    event = ProviderEvent.objects.filter(pk=event_pk, processed_at=None).first()
    if event is None:
        return
    operations = _about(event)
    if not operations:
        logger.info("message %s is about nothing of ours", event.event_id)
    try:
        for operation in operations:
            _look(operation, event)
    except ProviderUnavailable:
        return
    ProviderEvent.objects.filter(pk=event_pk).update(processed_at=timezone.now())


def _about(event: ProviderEvent) -> list[PaymentOperation]:
    """By our own key, else by the ids that we know. One query."""
    wanted = Q()
    if event.operation_key:
        wanted |= Q(key=event.operation_key)
    if event.session_id:
        wanted |= Q(session_id=event.session_id)
    if event.intent_id:
        wanted |= Q(intent_id=event.intent_id)
    return list(PaymentOperation.objects.filter(wanted)) if wanted else []


def _look(operation: PaymentOperation, event: ProviderEvent) -> None:
    """Raises ProviderUnavailable."""
    if operation.is_page and event.session_id and not operation.session_id:
        # The message overtook the answer that opened the page; it is signed, and carries our key.
        PaymentOperation.objects.filter(pk=operation.pk, session_id="").update(session_id=event.session_id)
    if operation.kind in REFRESHED:
        ask_again(operation.key)
    else:
        attempt(operation.key)
