"""A programme that runs, and orders that count for it."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from config import kept
from loyalty.points import services
from loyalty.points.models import PointAccount, PointTerms
from loyalty.points.queries import standing, wrong_accounts
from tests.factories import CustomerFactory

DAY = timedelta(days=1)


def programme(**fields):
    usual = {
        "starts_at": timezone.now() - 1000 * DAY, "step": Decimal(15), "points": 10, "hundred_worth": Decimal(3),
        "pending_days": 14, "lasts_months": 12,
    }  # fmt: skip
    written = PointTerms.objects.create(**(usual | fields))
    # No page is told within a transaction that a test gives up.
    kept.forget_everything()
    return written


def customer():
    return CustomerFactory().pk


def counts(customer_id, reference, cents, *, bonus=0, delivered_at=None, now=None):
    services.count_order(
        order_reference=reference,
        customer_id=customer_id,
        counted_cents=cents,
        bonus_cents=bonus,
        delivered_at=delivered_at,
        now=now,
    )


def usable(customer_id, points=100, reference="CB-0"):
    """So many points that may be spent now."""
    at = timezone.now() - 20 * DAY
    counts(customer_id, reference, points * 150, delivered_at=at)


def figures(customer_id, now=None):
    """Balance, usable, pending; and the book agrees."""
    assert wrong_accounts() == []
    told = standing([customer_id], now or timezone.now())
    return told.balance, told.usable, told.pending


def account(customer_id):
    return PointAccount.objects.get(pk=customer_id)
