"""Promises for tests: an order of which only its reference is known, and rules as short as they can be said."""

from datetime import datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from django.utils import timezone

from delivery.promise import services
from delivery.promise.models import Outcome, Rule
from delivery.promise.rules import EVERYBODY, LATE, Facts, Terms
from delivery.promise.services import NewVersion, Promised
from delivery.promise.services.rulebook import SHIPPED_AT
from tests.factories import CustomerFactory, ZoneFactory

PARIS = ZoneInfo("Europe/Paris")
SLOT_ENDS = datetime(2026, 11, 26, 20, tzinfo=PARIS)
_numbers = count(1)


def an_hour_ago(minutes=0, seconds=0):
    """The end of a slot that is over, on the whole second, and so much later."""
    end = timezone.now().replace(microsecond=0) - timedelta(hours=3)
    return end + timedelta(minutes=minutes, seconds=seconds)


def opened(reference=None, *, ends_at=None, customer=None, zone=None, rank=9, is_collect=False, **changes):
    """An order of ten articles for a slot that ended, its delivery at 5.90 euros."""
    ends_at = ends_at or an_hour_ago()
    promised = {
        "slot_starts_at": ends_at - timedelta(hours=1),
        "slot_ends_at": ends_at,
        "fee_cents": 590,
        "total_cents": 8000,
        "units_ordered": 10,
    } | changes
    reference = reference or f"CB-{next(_numbers):06}"
    services.open_outcome(
        order_reference=reference,
        customer_id=(customer or CustomerFactory()).pk,
        zone_id=(zone or ZoneFactory()).pk,
        is_collect=is_collect,
        rank=rank,
        promised=Promised(**promised),
    )
    return Outcome.objects.get(order_reference=reference)


def packed(outcome, *, missing=0, told=0, at=None, **changes):
    """Its crates are closed an hour before its slot."""
    figures = {
        "units_ordered": outcome.units_ordered,
        "units_missing": missing,
        "units_told": told,
        "fee_cents": outcome.fee_cents,
        "total_cents": outcome.total_cents,
        "at": at or outcome.slot_starts_at - timedelta(hours=1),
    } | changes
    services.record_picking(order_reference=outcome.order_reference, **figures)
    outcome.refresh_from_db()
    return outcome


def arrived(outcome, minutes=0, seconds=0, carrier="cabas"):
    """So long after the end of its slot."""
    at = outcome.slot_ends_at + timedelta(minutes=minutes, seconds=seconds)
    services.record_arrival(order_reference=outcome.order_reference, at=at, carrier=carrier)
    outcome.refresh_from_db()
    return outcome


def decided(outcome):
    """What is granted, or asked of staff, that was not before."""
    return services.decide(order_reference=outcome.order_reference)


def rule(key="retard", **changes):
    """A rule of one version, which holds since the shop opened: 5 euros for any delay, without a ceiling."""
    terms = {"trigger": LATE, "late_minutes": 0, "remedy": "voucher", "amount_cents": 500} | changes
    made = Rule.objects.create(key=key, name=key.capitalize(), position=Rule.objects.count() + 1)
    NewVersion(**terms).of(made, number=1, starts_at=SHIPPED_AT).save()
    return made


def facts(**changes):
    known = {
        "is_collect": False,
        "rank": 9,
        "slot_starts_at": SLOT_ENDS - timedelta(hours=1),
        "slot_ends_at": SLOT_ENDS,
        "fee_cents": 590,
        "next_delivery_cents": 790,
        "units_ordered": 10,
        "ready_at": SLOT_ENDS - timedelta(hours=3),
        "arrived_at": SLOT_ENDS,
    }
    return Facts(**known | changes)


def terms(key="retard", position=1, **changes):
    said = {
        "rule": key,
        "position": position,
        "trigger": LATE,
        "audience": EVERYBODY,
        "remedy": "voucher",
        "late_minutes": 30,
        "amount_cents": 500,
    }
    return Terms(**said | changes)
