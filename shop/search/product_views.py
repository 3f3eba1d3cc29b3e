"""A product's page, and what one may ask on it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from config.limits import machine_of
from delivery.zones.models import Zone
from shop.pricing.queries import book_for
from shop.search import limits, queries, services, structured
from shop.search.forms import ReportForm, RestockForm
from shop.search.queries import ProductPage, with_offers
from shop.search.views import _conditions, _crumbs, _depot_id, _zone
from shop.stock.services import NothingToWaitFor, ask_for_restock

TOO_MUCH = "Vous nous avez beaucoup écrit en peu de temps : réessayez dans une heure."


@require_safe
def product(request: HttpRequest, slug: str) -> HttpResponse:
    """Three queries with an empty cache, beyond those of every page."""
    zone = _zone(request)
    return _page(request, zone, _shown(slug, zone))


@require_POST
def ask_restock(request: HttpRequest, slug: str) -> HttpResponse:
    """« Prévenez-moi »: a customer's own address is known, a visitor gives one."""
    zone = _zone(request)
    shown = _shown(slug, zone)
    form = RestockForm(_with_own_email(request))
    if zone is None or shown["card"]["is_available"]:
        messages.info(request, _("Ce produit est en stock : il n’y a rien à attendre."))
        return redirect("product", slug=slug)
    if not form.is_valid():
        return _page(request, zone, shown, restock_form=form, status=422)
    email = form.cleaned_data["email"]
    if not limits.may_wait(machine=machine_of(request), email=email):
        form.add_error(None, _(TOO_MUCH))
        return _page(request, zone, shown, restock_form=form, status=429)
    try:
        ask_for_restock(
            product_id=shown["card"]["id"],
            depot_id=zone.depot_id,
            email=email,
            customer_id=_customer_id(request),
        )
    except NothingToWaitFor:
        messages.success(request, _("Bonne nouvelle : ce produit vient de revenir en stock."))
        return redirect("product", slug=slug)
    messages.success(
        request,
        _("C’est noté : un seul message à %(email)s, le jour où ce produit reviendra. Rien d’autre.")
        % {"email": email},
    )
    return redirect("product", slug=slug)


@require_POST
def report(request: HttpRequest, slug: str) -> HttpResponse:
    """« Signaler une erreur »."""
    zone = _zone(request)
    shown = _shown(slug, zone)
    form = ReportForm(request.POST)
    if not form.is_valid():
        return _page(request, zone, shown, report_form=form, status=422)
    if not limits.REPORTS_BY_MACHINE.spend(machine_of(request)):
        form.add_error(None, _(TOO_MUCH))
        return _page(request, zone, shown, report_form=form, status=429)
    details = form.cleaned_data
    services.report_product(
        product_id=shown["card"]["id"], kind=details["kind"], words=details["words"], email=details["email"]
    )
    messages.success(request, _("Merci : une personne vérifie cette page, au plus tard sous un jour ouvré."))
    return redirect("product", slug=slug)


def _shown(slug: str, zone: Zone | None) -> ProductPage:
    """Raises Http404."""
    shown = queries.product_detail(slug, _depot_id(zone))
    if shown is None:
        raise Http404
    return shown


def _page(
    request: HttpRequest,
    zone: Zone | None,
    shown: ProductPage,
    *,
    restock_form: RestockForm | None = None,
    report_form: ReportForm | None = None,
    status: int = 200,
) -> HttpResponse:
    [card] = with_offers([shown["card"]], book_for(zone.pk if zone else None))
    shown = {**shown, "card": card}
    crumbs = _crumbs([*shown["path"], {"name": card["name"], "slug": ""}])
    address = structured.absolute(reverse("product", args=[card["slug"]]))
    context: dict[str, Any] = {
        **_conditions(request, zone),
        "product": shown,
        "card": card,
        "crumbs": crumbs,
        "reviews": shown["reviews"],
        "others": queries.others(shown, _depot_id(zone)),
        "canonical": address,
        "structured": [
            structured.product(shown, address=address, zone=zone.name if zone else ""),
            structured.breadcrumb(crumbs, address=address),
        ],
        "social_image": shown["picture_original"],
        "restock_form": restock_form or RestockForm(),
        "report_form": report_form or ReportForm(),
    }
    return render(request, "search/product.html", context, status=status)


def _customer_id(request: HttpRequest) -> int | None:
    customer = getattr(request.user, "customer", None)
    return customer.pk if customer else None


def _with_own_email(request: HttpRequest) -> dict[str, str]:
    """What the form sent; a customer's own address before anything typed."""
    customer = getattr(request.user, "customer", None)
    typed = request.POST.get(f"{RestockForm.prefix}-email", "")
    return {f"{RestockForm.prefix}-email": customer.email if customer else typed}
