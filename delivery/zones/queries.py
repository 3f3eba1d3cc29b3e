"""Which zone serves whom. The same for every customer."""

from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import Length

from config.wholes import Whole, columns, instance
from delivery.zones.models import Depot, PickupPoint, Zone, ZoneArea
from delivery.zones.rules import (
    department_of,
    distance,
    is_valid_postcode,
    longest_prefix,
    normalise_postcode,
    prefixes_of,
)

__all__ = [
    "KnownZones",
    "NoZone",
    "active_zones",
    "all_points",
    "is_valid_postcode",
    "known_zones",
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
    """The zones that are delivered and the points that are open, always in the same order. One query."""
    return list(Zone.objects.filter(is_active=True).order_by("pk"))


def all_points() -> list[PickupPoint]:
    """Every pickup point, by name; closed ones too, since orders may still wait there. One query."""
    return list(PickupPoint.objects.order_by("name"))


@dataclass(frozen=True, slots=True)
class KnownZones:
    """Every zone with its depot."""

    by_prefix: dict[str, Zone]
    first: Zone | None
    # Pickup points that are open, by name.
    points: tuple[Zone, ...] = ()

    def of_postcode(self, postcode: str) -> Zone | None:
        """As `zone_for_postcode`."""
        prefix = longest_prefix(postcode, self.by_prefix) if is_valid_postcode(postcode) else None
        zone = self.by_prefix[prefix] if prefix else None
        return zone if zone and zone.is_active else None

    def default(self) -> Zone:
        """Where a visitor is taken to be before a postcode is known: the default depot's first zone. Raises NoZone."""
        if self.first is None:
            raise NoZone
        return self.first

    def point(self, zone_id: int | None) -> Zone | None:
        """An open pickup point; None for any other zone."""
        return next((point for point in self.points if point.pk == zone_id), None)

    def points_from(self, postcode: str) -> tuple[list[Zone], list[Zone]]:
        """Open points of the same department, then those further away, each nearest first; all near without a postcode."""
        if not is_valid_postcode(postcode):
            return list(self.points), []
        by_distance = sorted(self.points, key=lambda point: distance(postcode, point.postcode))
        here = department_of(postcode)
        return (
            [point for point in by_distance if department_of(point.postcode) == here],
            [point for point in by_distance if department_of(point.postcode) != here],
        )


def known_zones() -> KnownZones:
    """The zones as pages show them. No query when kept, else one; read anew when staff change a zone."""
    return ZONES.now()


def _zone_rows() -> QuerySet[Any, dict[str, Any]]:
    areas = ZoneArea.objects.filter(zone=OuterRef("pk")).values("prefix")
    rows: QuerySet[Any] = Zone.objects.annotate(prefixes=ArraySubquery(areas))
    return rows.order_by("-depot__is_default", "pk").values(
        "prefixes", *columns(Zone), *columns(Depot, "depot__")
    )


def _known(rows: list[dict[str, Any]]) -> KnownZones:
    zones = [_zone(row) for row in rows]
    by_prefix = {prefix: zone for zone, row in zip(zones, rows, strict=True) for prefix in row["prefixes"]}
    active = [zone for zone in zones if zone.is_active]
    return KnownZones(
        by_prefix,
        next((zone for zone in active if not zone.is_collect), None),
        tuple(sorted((zone for zone in active if zone.is_collect), key=lambda zone: zone.name)),
    )


def _zone(row: dict[str, Any]) -> Zone:
    zone: Zone = instance(Zone, row)
    zone.depot = instance(Depot, row, "depot__")
    return zone


# What a few dozen zones with some hundred areas take, in bytes.
ZONES = Whole("zones", _zone_rows, _known, weight=100_000)
