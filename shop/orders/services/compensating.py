"""What a broken promise is made good with, as far as orders can: money back, vouchers, points. Once for the compensation."""

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from delivery.promise import services as promises
from delivery.promise.models import Compensation, RuleVersion
from delivery.promise.queries import compensation as granted_compensation
from loyalty.points import services as points
from loyalty.points.queries import terms_at
from loyalty.points.rules import NoProgramme, points_worth
from loyalty.vouchers import services as vouchers
from loyalty.vouchers.models import Voucher
from shop.orders.services.errors import MoreThanBilled, NotBilled, NothingToRefund
from shop.orders.services.refunding import give_back
from shop.payments import services as payments
from shop.payments.models import PaymentOperation

Remedy, Trigger, Reason = RuleVersion.Remedy, RuleVersion.Trigger, PaymentOperation.Reason
# How long a voucher that makes good for something may be used.
VOUCHER_LASTS = timedelta(days=90)
_REASONS: Mapping[str, str] = {
    Trigger.LATE: Reason.LATE,
    Trigger.INCOMPLETE: Reason.MISSING,
    Trigger.DAMAGED: Reason.DAMAGED,
}
# The money is not taken yet: the worker is about it.
_LATER = (NotBilled, payments.RefundAboveCaptured)
_NEVER = (NothingToRefund, MoreThanBilled, payments.AlreadyRefunded, NoProgramme)


@transaction.atomic
def make_good(*, compensation_id: int) -> str:
    """Carry a granted compensation out, once however often it is asked, and say so in its own transaction.

    Answers "done", "later" (its money was not taken yet), "failed" (staff see why), "" where it is not ours to do, or
    done before. A refund locks the order, then the account; at most 25 queries.
    """
    given = granted_compensation(compensation_id)
    if given is None or given.state != Compensation.State.GRANTED or given.remedy not in _STEPS:
        return ""
    try:
        with transaction.atomic():
            _STEPS[given.remedy](given)
    except _LATER:
        return "later"
    except _NEVER as refused:
        promises.note_failed(compensation_id=given.pk, because=type(refused).__name__)
        return "failed"
    promises.note_carried_out(compensation_id=given.pk)
    return "done"


def _refund_delivery(given: Compensation) -> None:
    give_back(
        order_reference=given.order_reference,
        reason=_REASONS.get(given.version.trigger, Reason.GOODWILL),
        occasion=given.occasion,
        with_delivery=True,
    )


def _offer_delivery(given: Compensation) -> None:
    _grant(given, kind=Voucher.Kind.DELIVERY)


def _offer_voucher(given: Compensation) -> None:
    _grant(given, kind=Voucher.Kind.AMOUNT, value=Decimal(given.amount_cents) / 100)


def _give_points(given: Compensation) -> None:
    """Worth at least the amount of the rule, under the terms in force now."""
    terms = terms_at(timezone.now())
    if terms is None:
        raise NoProgramme
    points.give(
        customer_id=given.customer.party_id,
        points=points_worth(Decimal(given.amount_cents) / 100, terms.terms),
        source=given.occasion,
        order_reference=given.order_reference,
    )


def _grant(given: Compensation, *, kind: str, value: Decimal = Decimal(0)) -> None:
    vouchers.grant(
        kind=kind, value=value, origin=Voucher.Origin.COMPENSATION, source=given.occasion,
        owner_id=given.customer_id, valid_until=voucher_ends(given.granted_at or timezone.now()),
    )  # fmt: skip


def voucher_ends(granted_at: datetime) -> datetime:
    """The midnight after its last day."""
    last = timezone.localdate(granted_at + VOUCHER_LASTS)
    return datetime.combine(last + timedelta(days=1), time.min, timezone.get_current_timezone())


_STEPS: Mapping[str, Callable[[Compensation], None]] = {
    Remedy.DELIVERY_REFUND: _refund_delivery,
    Remedy.NEXT_DELIVERY: _offer_delivery,
    Remedy.VOUCHER: _offer_voucher,
    Remedy.POINTS: _give_points,
}
# What `config/wiring.py` tells promises that orders carry out.
REMEDIES = frozenset(_STEPS)
