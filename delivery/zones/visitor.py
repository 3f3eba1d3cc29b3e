"""Which zone a visitor looks at the shop from."""

from django.http import HttpRequest

from delivery.zones.models import Zone
from delivery.zones.queries import default_zone, zone_for_postcode

SESSION_POSTCODE = "postcode"


def visitor_postcode(request: HttpRequest) -> str:
    """The postcode that this visitor gave, or "". One query where a session exists and was not read yet."""
    return str(request.session.get(SESSION_POSTCODE, ""))


def delivered_zone(request: HttpRequest) -> Zone | None:
    """The zone, with its depot, that delivers the visitor's postcode; None outside the zones or before one is given.

    One query, kept for the request; none without a postcode.
    """
    if not hasattr(request, "_delivered_zone"):
        request._delivered_zone = zone_for_postcode(visitor_postcode(request))  # type: ignore[attr-defined]
    return request._delivered_zone  # type: ignore[attr-defined,no-any-return]


def visitor_zone(request: HttpRequest) -> Zone:
    """The zone of the visitor's postcode, with its depot, else the default zone. Raises NoZone.

    A postcode outside the zones also gets the default one: browsing goes on, the slots page says no.
    One query, kept for the request; two for a postcode outside the zones.
    """
    known: Zone | None = delivered_zone(request) or getattr(request, "_default_zone", None)
    if known is None:
        known = request._default_zone = default_zone()  # type: ignore[attr-defined]
    return known
