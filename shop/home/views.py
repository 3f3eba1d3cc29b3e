"""The first page: what the shop is for a stranger, what is under way for a customer."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from config import kept
from config.pages import page
from shop.basket.shopper import shopper_of
from shop.home import queries, structured, wording
from shop.home.rules import Stage
from shop.search.queries import home_rails
from shop.search.visit import visit_of


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Nothing is written. Two queries of its own at most, beside those of header and basket."""
    shopper, visit = shopper_of(request), visit_of(request)
    best, new = home_rails(visit.depot_id, visit.zone_id)
    today = queries.today(
        zone=None if shopper.hold or shopper.outside_postcode else visit.zone,
        customer_id=shopper.customer.pk if shopper.customer else None,
        wants_words=not shopper.is_signed_in,
    )
    same = {
        "place": visit.zone.name if visit.zone else "",
        "has_best_sellers": bool(best),
        "has_newest": bool(new),
        "latest_words": today.words.latest,
    }
    response = page(
        request,
        "home/home.html",
        key=(kept.version("aisles"), *same.values()),
        skeleton=lambda: {**same, "structured": structured.organization()},
        live={
            **visit.conditions,
            **_coming(today.own.coming),
            "today": today,
            "best_sellers": best,
            "newest": new,
        },
    )
    if shopper.is_signed_in:
        # It names its reader and their order: whoever opens this browser next must not find it.
        add_never_cache_headers(response)
    return response


def _coming(coming: queries.Coming | None) -> dict[str, Any]:
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
        "must_choose": coming.stage == Stage.ASKED,
        "is_over": coming.stage == Stage.OVER,
    }
