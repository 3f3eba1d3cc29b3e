"""What time does to payments: saved cards fall due, doubts are lifted, messages that nobody read are."""

import logging
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from shop.payments.models import PaymentOperation, ProviderEvent
from shop.payments.ports import order_desk
from shop.payments.services.books import Kind, State, lock_operation, outside_transaction, release_of
from shop.payments.services.cards import forget_cards
from shop.payments.services.performing import answered
from shop.payments.services.webhooks import process_event

logger = logging.getLogger(__name__)

# A page is asked about again after two minutes; a doubt every minute, since someone waits for it.
RECHECK_PAGE_AFTER = timedelta(minutes=2)
RECHECK_DOUBT_AFTER = timedelta(seconds=45)
BATCH = 50
# A task lasts a minute at most and a silent provider costs its timeout each time: stop asking early.
SILENCES_ALLOWED = 2


@outside_transaction
def authorise_due(now: datetime | None = None) -> int:
    """Authorise the saved cards of orders that wait for it and whose slot is two days away.

    A refusal publishes PaymentActionNeeded and is not tried again: its holder must act. Past the order's
    deadline nothing is asked. Returns how many were sent.
    """
    now = now or timezone.now()
    due = PaymentOperation.objects.filter(
        kind=Kind.SAVE_CARD, state=State.SUCCEEDED, due_at__lte=now, children__isnull=True
    ).order_by("due_at")
    sent = silences = 0
    for key in list(due.values_list("key", flat=True)[:BATCH]):
        charge = _prepare_charge(key, now)
        if charge is None:
            continue
        sent += 1
        silences += not answered(charge.key)
        if silences >= SILENCES_ALLOWED:
            break
    return sent


@outside_transaction
def authorise_now(*, order_reference: str) -> None:
    """Authorise the saved card of one order without waiting for the next round; nothing when there is none due."""
    now = timezone.now()
    due = PaymentOperation.objects.filter(
        account_id=order_reference, kind=Kind.SAVE_CARD, state=State.SUCCEEDED, due_at__lte=now
    )
    for key in list(due.filter(children__isnull=True).values_list("key", flat=True)):
        charge = _prepare_charge(key, now)
        if charge:
            answered(charge.key)


def _prepare_charge(key: str, now: datetime) -> PaymentOperation | None:
    """One charge per saved card, ever: a second beat finds it made."""
    try:
        with transaction.atomic():
            card = lock_operation(key)
            reference = card.order_reference
            deadline = order_desk().deadline(reference)
            if (
                card.state != State.SUCCEEDED
                or release_of(card.account)
                or not order_desk().is_waiting(reference)
                or (deadline and deadline <= now)
            ):
                return None
            return PaymentOperation.objects.create(
                account=card.account, parent=card, kind=Kind.AUTHORISE_SAVED, amount=card.amount
            )
    except IntegrityError:
        return None


@outside_transaction
def reconcile(now: datetime | None = None) -> int:
    """Ask again, under their own keys, about operations whose end is not known; the longest unasked first.

    Also reads messages of the provider that no worker took, and erases cards that no order needs. Stops
    when the provider stays silent. Returns how many operations were asked about.
    """
    now = now or timezone.now()
    for pk in list(
        ProviderEvent.objects.filter(processed_at=None, received_at__lte=now - RECHECK_DOUBT_AFTER)
        .order_by("received_at")
        .values_list("pk", flat=True)[:BATCH]
    ):
        process_event(pk)
    asked = silences = 0
    for key in _to_check(now):
        asked += 1
        silences += not answered(key)
        if silences >= SILENCES_ALLOWED:
            logger.warning("payment provider silent: reconciliation stops after %s operations", asked)
            return asked
    forget_cards()
    return asked


def _to_check(now: datetime) -> list[str]:
    is_doubt = Q(state=State.UNKNOWN) | (Q(state=State.PREPARED) & ~Q(kind__in=PaymentOperation.PAGE_KINDS))
    is_page = Q(state__in=[State.OPENED, State.REFUSED], kind__in=PaymentOperation.PAGE_KINDS)
    since_doubt, since_page = now - RECHECK_DOUBT_AFTER, now - RECHECK_PAGE_AFTER
    unasked = Q(checked_at=None, created_at__lte=since_doubt)
    return list(
        PaymentOperation.objects.filter(
            (is_doubt & (unasked | Q(checked_at__lte=since_doubt)))
            | (is_page & (unasked | Q(checked_at__lte=since_page)))
        )
        .order_by(F("checked_at").asc(nulls_first=True))
        .values_list("key", flat=True)[:BATCH]
    )
