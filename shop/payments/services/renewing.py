"""An authorisation that would end before its money is taken is replaced: the new one first, the old one voided after."""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from config.facts import publish
from shop.payments.errors import ProviderUnavailable
from shop.payments.events import PaymentActionNeeded
from shop.payments.models import PaymentOperation
from shop.payments.ports import order_desk
from shop.payments.rules import RENEW_BEFORE
from shop.payments.services.answers import ask_again
from shop.payments.services.books import Kind, State, lock_operation, outside_transaction, release_of
from shop.payments.services.cards import usable_card
from shop.payments.services.performing import answered

BATCH = 50
SILENCES_ALLOWED = 2
# What PaymentActionNeeded says when no card was refused.
ENDS = "authorisation_ends"


@outside_transaction
def renew_ending(now: datetime | None = None) -> int:
    """Replace the authorisations that end within a day while their order still waits for its capture.

    A saved card is charged again, once: a refusal asks its holder (PaymentActionNeeded), and where no card is saved
    they are asked at once, once. What should have ended by now is looked at. Stops when the provider stays silent.
    Returns how many were charged.
    """
    now = now or timezone.now()
    sent = silences = 0
    for operation in _to_renew(now):
        if operation.expires_at and operation.expires_at <= now:
            silences += not _looked_at(operation.key)
        elif charge := _prepare_renewal(operation.key):
            sent += 1
            silences += not answered(charge.key)
        if silences >= SILENCES_ALLOWED:
            break
    return sent


def _to_renew(now: datetime) -> list[PaymentOperation]:
    """The longest unseen first, so that those that nobody can renew do not keep the others waiting."""
    unasked = PaymentOperation.objects.ending(now + RENEW_BEFORE).exclude(
        expires_at__gt=now, renewal_asked_at__isnull=False
    )
    return list(
        unasked.exclude(expires_at__gt=now, children__kind=Kind.AUTHORISE_SAVED).order_by(
            F("checked_at").asc(nulls_first=True)
        )[:BATCH]
    )


def _looked_at(key: str) -> bool:
    try:
        ask_again(key)
    except ProviderUnavailable:
        return False
    return True


@transaction.atomic
def _prepare_renewal(key: str) -> PaymentOperation | None:
    """The new charge of the saved card, once for an authorisation; None when there is none to make."""
    held = lock_operation(key)
    held.checked_at = timezone.now()
    if not _is_needed(held):
        held.save(update_fields=["checked_at"])
        return None
    if usable_card(held.account):
        held.save(update_fields=["checked_at"])
        return PaymentOperation.objects.create(
            account=held.account,
            parent=held,
            kind=Kind.AUTHORISE_SAVED,
            amount=held.amount,
            occasion=held.occasion,
        )
    held.renewal_asked_at = held.checked_at
    held.save(update_fields=["checked_at", "renewal_asked_at"])
    publish(
        PaymentActionNeeded(
            order_reference=held.order_reference,
            operation_key=held.key,
            code=ENDS,
            occasion=held.occasion,
        )
    )
    return None


def _is_needed(held: PaymentOperation) -> bool:
    """Looked at again under the lock: it still stands, nobody has seen to it, and its order waits."""
    return (
        held.state == State.SUCCEEDED
        and held.renewal_asked_at is None
        and not held.children.exclude(state=State.REFUSED, kind=Kind.CAPTURE).exists()
        and not release_of(held.account)
        and not (held.occasion and release_of(held.account, held.occasion))
        and order_desk().is_waiting(held.order_reference)
    )
