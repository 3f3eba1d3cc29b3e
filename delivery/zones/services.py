"""Asking for a zone, and hearing that it opened."""

from django.db import transaction
from django.utils import timezone

from config import kept
from config.facts import publish
from delivery.zones.events import CoverageOpened
from delivery.zones.models import CoverageRequest, Zone, ZoneArea
from delivery.zones.queries import zone_for_postcode
from delivery.zones.rules import is_valid_postcode, longest_prefix


class PostcodeInvalid(Exception):
    """Not a French postcode."""


class AlreadyCovered(Exception):
    """The postcode is delivered: there is nothing to wait for."""


def zones_changed() -> None:
    """Every process reads zones and depots anew on its next page, once this transaction commits. No query."""
    kept.changed("zones")


@transaction.atomic
def ask_for_coverage(*, email: str, postcode: str) -> CoverageRequest:
    """Remember who wants to hear when a postcode is delivered. Twice is once.

    Someone told before, whose zone closed since, waits again. Raises PostcodeInvalid, AlreadyCovered.
    At most five queries.
    """
    if not is_valid_postcode(postcode):
        raise PostcodeInvalid
    if zone_for_postcode(postcode):
        raise AlreadyCovered
    request, _created = CoverageRequest.objects.update_or_create(
        email=email.strip().lower(), postcode=postcode, defaults={"told_at": None}
    )
    return request


@transaction.atomic
def tell_newly_covered(*, zone: Zone) -> int:
    """Publish CoverageOpened for each waiting request that this zone now delivers; how many.

    Safe to call on every change of a zone: a request is told once. Locks the waiting requests, passing over
    those another process is telling. Three queries and two per request told.
    """
    if not zone.is_active:
        return 0
    now_covered = _waiting_in(zone)
    CoverageRequest.objects.filter(pk__in=now_covered).update(told_at=timezone.now())
    for request_id in now_covered:
        publish(CoverageOpened(request_id=request_id))
    return len(now_covered)


def _waiting_in(zone: Zone) -> list[int]:
    zone_of = dict(ZoneArea.objects.values_list("prefix", "zone_id"))
    waiting = CoverageRequest.objects.waiting().select_for_update(skip_locked=True).order_by("pk")
    return [
        request.pk
        for request in waiting.only("pk", "postcode")
        if zone_of.get(longest_prefix(request.postcode, zone_of) or "") == zone.pk
    ]
