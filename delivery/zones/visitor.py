"""Which zone a visitor looks at the shop from."""

from collections.abc import Iterable

from django.http import HttpRequest

from delivery.zones.models import Zone
from delivery.zones.queries import known_zones

SESSION_POSTCODE = "postcode"
SESSION_OUTSIDE = "postcode_outside"
SESSION_POINT = "pickup_point"


def visitor_postcode(request: HttpRequest) -> str:
    """The postcode that this visitor gave, or "". One query where a session exists and was not read yet."""
    return str(request.session.get(SESSION_POSTCODE, ""))


def remember_place(request: HttpRequest, postcode: str) -> None:
    """Where the visitor lives, delivered: what they asked for before no longer matters."""
    request.session[SESSION_POSTCODE] = postcode
    request.session.pop(SESSION_OUTSIDE, None)
    forget_point(request)


def remember_point(request: HttpRequest, point: Zone) -> None:
    """They fetch their order there: prices, stock and slots are that point's. Where they live stays known."""
    request.session[SESSION_POINT] = point.pk
    request.session.pop(SESSION_OUTSIDE, None)
    _forget_zone(request)


def forget_point(request: HttpRequest) -> None:
    """They are delivered at home again."""
    if SESSION_POINT in request.session:
        del request.session[SESSION_POINT]
    _forget_zone(request)


def _forget_zone(request: HttpRequest) -> None:
    for known in ("_delivered_zone", "_default_zone"):
        request.__dict__.pop(known, None)


def chosen_point(request: HttpRequest) -> Zone | None:
    """The open pickup point that this visitor chose, with its depot. No query when zones are kept, else one."""
    point_id = request.session.get(SESSION_POINT)
    return known_zones().point(point_id) if point_id else None


def find_place(request: HttpRequest, postcodes: Iterable[str], *, zone_id: int | None = None) -> None:
    """The first of these that is delivered, by this zone if one is named, for a visitor who gave none.

    A place that they gave counts more, a pickup point that is named most. No query when zones are kept, else one.
    """
    if zone_id and (point := known_zones().point(zone_id)):
        remember_point(request, point)
        return
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
    """The zone, with its depot, that delivers the visitor's postcode, or the pickup point that they chose.

    None outside the zones or before a postcode is given. No query when kept, else one; kept until staff change a zone.
    """
    if not hasattr(request, "_delivered_zone"):
        request._delivered_zone = chosen_point(request) or _zone_at_home(request)  # type: ignore[attr-defined]
    return request._delivered_zone  # type: ignore[attr-defined,no-any-return]


def _zone_at_home(request: HttpRequest) -> Zone | None:
    postcode = visitor_postcode(request)
    return known_zones().of_postcode(postcode) if postcode else None


def home_zone(request: HttpRequest) -> Zone:
    """As `visitor_zone`, for whoever asks about deliveries although they chose a pickup point. Raises NoZone."""
    return _zone_at_home(request) or known_zones().default()


def visitor_zone(request: HttpRequest) -> Zone:
    """The pickup point or the zone of the visitor's postcode, with its depot, else the default zone. Raises NoZone.

    A postcode outside the zones also gets the default one: browsing goes on, the slots page says no.
    No query when kept, else one.
    """
    known: Zone | None = delivered_zone(request) or getattr(request, "_default_zone", None)
    if known is None:
        known = request._default_zone = known_zones().default()  # type: ignore[attr-defined]
    return known
