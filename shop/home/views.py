"""The first page: what the shop is for a stranger, what is under way for a customer."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from delivery.zones.visitor import delivered_zone
from shop.basket.shopper import Shopper, shopper_of
from shop.home import queries, structured, wording
from shop.home.rules import Stage
from shop.search.queries import home_rails


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Nothing is written. Two queries of its own at most, beside those of header and basket."""
    shopper = shopper_of(request)
    zone = shopper.zone_shown
    best, new = home_rails(zone.depot_id if zone else None)
    today = queries.today(
        zone=None if shopper.hold or shopper.outside_postcode else zone,
        customer_id=shopper.customer.pk if shopper.customer else None,
        wants_words=not shopper.is_signed_in,
    )
    context = {
        "zone": zone,
        # Only where they are delivered: elsewhere prices are those of another zone.
        "postcode": shopper.postcode if delivered_zone(request) else "",
        "best_sellers": best,
        "newest": new,
        "today": today,
        "structured": structured.organization,
        **_coming(shopper, today.own.coming),
    }
    response = render(request, "home/home.html", context)
    if shopper.is_signed_in:
        # It names its reader and their order: whoever opens this browser next must not find it.
        add_never_cache_headers(response)
    return response


def _coming(shopper: Shopper, coming: queries.Coming | None) -> dict[str, Any]:
    """The order under way in words, and the one thing to do about it."""
    if coming is None:
        return {"coming": None}
    action = {
        Stage.UNPAID: reverse("checkout_recap"),
        Stage.PAY_AGAIN: reverse("pay_again", args=[coming.tracking_token]),
    }.get(coming.stage, reverse("tracking", args=[coming.tracking_token]))
    return {
        "coming": coming,
        "coming_state": wording.state(coming),
        "coming_next": wording.next_step(coming),
        "coming_action": action,
        "must_pay": coming.stage in {Stage.UNPAID, Stage.PAY_AGAIN},
        "is_over": coming.stage == Stage.OVER,
    }
