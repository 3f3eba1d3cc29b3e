from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from config.robots import is_robot
from crm.insights import ports, queries, services
from crm.insights.forms import BODY_BYTES_AT_MOST, BadMeasure, read_measure
from crm.insights.rules import ENOUGH_ORDERS
from shop.reviews.queries import service_reviews, service_summary
from shop.reviews.wording import service_figures

FEW_REVIEWS = 5
MEASURES = (
    _("À l’heure dite"),
    _("Livrées complètes"),
    _("Répondu le jour même"),
    _("Les trois premières commandes"),
)


@csrf_exempt  # A beacon carries no token; it changes nothing but an anonymous count.
@require_POST
def vitals(request: HttpRequest) -> HttpResponse:
    """How fast a page felt, told by the browser as the page is left."""
    if not _is_short(request) or request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return HttpResponseBadRequest()
    try:
        measure = read_measure(request.body)
    except BadMeasure:
        return HttpResponseBadRequest()
    if not is_robot(request):
        for metric, milliseconds in measure.values.items():
            services.count_vital(page=measure.page, metric=metric, milliseconds=milliseconds)
    return HttpResponse(status=204)


def _is_short(request: HttpRequest) -> bool:
    declared = request.META.get("CONTENT_LENGTH") or "0"
    return declared.isdecimal() and int(declared) <= BODY_BYTES_AT_MOST


@require_safe
def service_quality(request: HttpRequest) -> HttpResponse:
    """What will be measured, the only figures that exist so far, and what customers say of them.

    Three queries, and one more every five minutes.
    """
    orders = queries.orders_so_far()
    return render(
        request,
        "insights/service_quality.html",
        {
            "text": ports.page_text("qualite-de-service"),
            "orders": orders,
            "has_enough_orders": orders.placed >= ENOUGH_ORDERS,
            "enough_orders": ENOUGH_ORDERS,
            "measures": MEASURES,
            "service_figures": service_figures(service_summary(timezone.now())),
            "service_reviews": service_reviews()[:FEW_REVIEWS],
        },
    )
