"""Published reviews, for everybody. Writing one starts from an order, in shop.orders."""

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from shop.reviews import queries
from shop.reviews.models import RefusalReason
from shop.reviews.wording import service_figures

SORT_NAMES = {
    queries.NEWEST: _("plus récents"),
    "anciens": _("plus anciens"),
    "notes-basses": _("notes basses"),
    "notes-hautes": _("notes hautes"),
}


@require_safe
def product_reviews(request: HttpRequest, slug: str) -> HttpResponse:
    """Every published review of a product. Two queries."""
    product = queries.published_product(slug)
    if product is None:
        raise Http404
    asked = request.GET.get("tri", queries.NEWEST)
    sort = asked if asked in queries.SORTS else queries.NEWEST
    number = request.GET.get("page", "1")
    page = int(number) if number.isdecimal() and 0 < len(number) < 7 else 1
    context = {
        "product": product,
        "reviews": queries.reviews_of(product.pk, max(page, 1), sort),
        "sorts": [{"value": value, "name": name} for value, name in SORT_NAMES.items()],
        "querystring": "" if sort == queries.NEWEST else f"tri={sort}",
        "crumbs": [
            {"name": product.name, "url": reverse("product", args=[slug])},
            {"name": _("Avis"), "url": ""},
        ],
        "canonical": settings.SITE_URL.rstrip("/") + request.path + (f"?page={page}" if page > 1 else ""),
    }
    return render(request, "reviews/product_reviews.html", context)


@require_safe
def service_reviews(request: HttpRequest) -> HttpResponse:
    """Every published review of the service. Three queries."""
    page = Paginator(queries.service_reviews(), queries.PER_PAGE).get_page(request.GET.get("page"))
    figures = service_figures(queries.service_summary(timezone.now()))
    return render(
        request, "reviews/service_reviews.html", {"page_obj": page, "querystring": "", "figures": figures}
    )


@require_safe
def review_policy(request: HttpRequest) -> HttpResponse:
    """How reviews are collected, checked and kept (C. conso. D111-17, D111-18). No query."""
    return render(request, "reviews/policy.html", {"reasons": RefusalReason.labels})
