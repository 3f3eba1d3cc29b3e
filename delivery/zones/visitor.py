"""Which zone a visitor looks at the shop from."""

from collections.abc import Iterable

from django.http import HttpRequest

from delivery.zones.models import Zone
from delivery.zones.queries import known_zones

SESSION_POSTCODE = "postcode"
SESSION_OUTSIDE = "postcode_outside"


def visitor_postcode(request: HttpRequest) -> str:
    """The postcode that this visitor gave, or "". One query where a session exists and was not read yet."""
    return str(request.session.get(SESSION_POSTCODE, ""))


def remember_place(request: HttpRequest, postcode: str) -> None:
    """Where the visitor lives, delivered: what they asked for before no longer matters."""
    request.session[SESSION_POSTCODE] = postcode
    request.session.pop(SESSION_OUTSIDE, None)
    for known in ("_delivered_zone", "_default_zone"):
        request.__dict__.pop(known, None)


def find_place(request: HttpRequest, postcodes: Iterable[str], *, zone_id: int | None = None) -> None:
    """The first of these that is delivered, by this zone if one is named, for a visitor who gave none.

    A place that they gave counts more. No query when zones are kept, else one.
    """
    if visitor_postcode(request):
        return
    zones = known_zones()
    for postcode in postcodes:
        zone = zones.of_postcode(postcode) if postcode else None
        if zone and zone_id in {None, zone.pk}:
            remember_place(request, postcode)
            return


def remember_outside(request: HttpRequest, postcode: str) -> None:
    """They asked for a place that is not delivered: pages say so, prices and slots stay those of before."""
    request.session[SESSION_OUTSIDE] = postcode


def outside_postcode(request: HttpRequest) -> str:
    """The postcode this visitor asked for that is not delivered, or "". One query, kept for the request.

    Also where they live, should its zone have closed since.
    """
    asked, home = str(request.session.get(SESSION_OUTSIDE, "")), visitor_postcode(request)
    return asked or (home if home and delivered_zone(request) is None else "")


def delivered_zone(request: HttpRequest) -> Zone | None:
    """The zone, with its depot, that delivers the visitor's postcode; None outside the zones or before one is given.

    No query when kept, else one; kept until staff change a zone.
    """
    if not hasattr(request, "_delivered_zone"):
        postcode = visitor_postcode(request)
        request._delivered_zone = known_zones().of_postcode(postcode) if postcode else None  # type: ignore[attr-defined]
    return request._delivered_zone  # type: ignore[attr-defined,no-any-return]


def visitor_zone(request: HttpRequest) -> Zone:
    """The zone of the visitor's postcode, with its depot, else the default zone. Raises NoZone.

    A postcode outside the zones also gets the default one: browsing goes on, the slots page says no.
    No query when kept, else one.
    """
    known: Zone | None = delivered_zone(request) or getattr(request, "_default_zone", None)
    if known is None:
        known = request._default_zone = known_zones().default()  # type: ignore[attr-defined]
    return known
