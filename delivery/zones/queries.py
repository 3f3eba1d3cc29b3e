"""Which zone serves whom. The same for every customer."""

from django.db.models.functions import Length

from delivery.zones.models import Zone, ZoneArea
from delivery.zones.rules import is_valid_postcode, normalise_postcode, prefixes_of

__all__ = [
    "NoZone",
    "active_zones",
    "default_zone",
    "is_valid_postcode",
    "normalise_postcode",
    "zone_for_postcode",
]


class NoZone(Exception):
    """The shop delivers nowhere yet: the shipped zones were not seeded."""


def zone_for_postcode(postcode: str) -> Zone | None:
    """The zone that delivers a postcode, with its depot; None outside the zones or for no postcode at all.

    The longest beginning wins, even when its zone is suspended: closing one town must not hand it to the
    wider zone around it, with other fees and hours. One query; none for an ill-formed postcode.
    """
    if not is_valid_postcode(postcode):
        return None
    area = (
        ZoneArea.objects.filter(prefix__in=prefixes_of(postcode))
        .select_related("zone__depot")
        .order_by(Length("prefix").desc())
        .first()
    )
    return area.zone if area and area.zone.is_active else None


def active_zones() -> list[Zone]:
    """The zones that are delivered, always in the same order. One query."""
    return list(Zone.objects.filter(is_active=True).order_by("pk"))


def default_zone() -> Zone:
    """Where a visitor is taken to be before a postcode is known: the default depot's first zone.

    With its depot, one query. Raises NoZone.
    """
    zone = (
        Zone.objects.filter(is_active=True)
        .select_related("depot")
        .order_by("-depot__is_default", "pk")
        .first()
    )
    if zone is None:
        raise NoZone
    return zone
