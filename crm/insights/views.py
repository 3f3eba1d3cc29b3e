import csv

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from config.robots import is_robot
from crm.insights import ports, queries, services
from crm.insights.forms import BODY_BYTES_AT_MOST, BadMeasure, read_measure
from crm.insights.record import FILE_COLUMNS, file_rows
from crm.insights.record_wording import answers_said, measures
from delivery.promise.queries import ENOUGH_ORDERS
from shop.reviews.queries import service_reviews, service_summary
from shop.reviews.wording import service_figures

FEW_REVIEWS = 5


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
    """What was promised and kept, and what customers say of it. Three queries, and some more every five minutes."""
    record = queries.public_record()
    return render(
        request,
        "insights/service_quality.html",
        {
            "text": ports.page_text("qualite-de-service"),
            "record": record,
            "zones_title": _("Zones"),
            "carriers_title": _("Qui livre"),
            "measures": measures(record.headline),
            "answers": answers_said(queries.public_answer_times(record)),
            "enough_orders": ENOUGH_ORDERS,
            "service_figures": service_figures(service_summary(timezone.now())),
            "service_reviews": service_reviews()[:FEW_REVIEWS],
        },
    )


@require_safe
def service_record_file(request: HttpRequest) -> HttpResponse:
    """The same figures as open data: one row a zone, week and carrier. Two queries, and rows of twelve weeks at most."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="cabas-qualite-de-service.csv"'
    writer = csv.writer(response, lineterminator="\n")
    writer.writerow(FILE_COLUMNS)
    writer.writerows(file_rows(timezone.now()))
    return response
