"""Rules that are in force, somebody who invites, and friends whose first orders come."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from loyalty.referrals import services
from loyalty.referrals.models import Referral, ReferralTerms
from loyalty.referrals.services import OrderTold
from tests.factories import CustomerFactory

DAY = timedelta(days=1)


def rules(**fields):
    usual = {
        "starts_at": timezone.now() - 100 * DAY, "friend_value": Decimal(10), "friend_minimum": Decimal(60),
        "sponsor_points": 300, "yearly_most": 10, "lasts_days": 60,
    }  # fmt: skip
    return ReferralTerms.objects.create(**(usual | fields))


def customer(**fields):
    return CustomerFactory(**fields).pk


def link(sponsor, **how):
    """The code that a sponsor hands out."""
    return services.make_invitation(customer_id=sponsor, **how).code


def invited(sponsor, friend=None, **how):
    """A friend of this sponsor's, who accepted."""
    return services.accept(code=link(sponsor), customer_id=friend or customer(), **how)


def told(reference="CB-1", **changes):
    """A first order as orders tell it: brought, paid, kept, to somebody whom nothing links to anybody."""
    usual = {
        "placed_at": timezone.now(), "stands": True, "is_delivered": True, "is_paid": True, "billed_cents": 8000,
        "kept_cents": 8000, "address": f"door-{reference}", "cards": frozenset({f"card-{reference}"}),
        "sponsor_addresses": frozenset({"door-sponsor"}), "sponsor_cards": frozenset({"card-sponsor"}),
    }  # fmt: skip
    return OrderTold(reference=reference, **(usual | changes))


def comes(referral, reference=None, now=None, **changes):
    """The friend's first order is told; what has become of the referral."""
    reference = reference or f"CB-{referral.pk}"
    services.tell_order(friend_id=referral.friend_id, told=told(reference, **changes), now=now)
    return Referral.objects.get(pk=referral.pk)
