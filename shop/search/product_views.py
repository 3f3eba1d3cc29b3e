"""A product's page, and what one may ask on it."""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from config import kept
from config.limits import machine_of
from config.pages import page
from loyalty.points.queries import programme
from loyalty.points.rules import Terms
from loyalty.points.wording import earns_said
from shop.pricing.promotions import Item, Multiplied
from shop.pricing.wording import dates, points_badge
from shop.search import limits, queries, services, structured
from shop.search.forms import ReportForm, RestockForm
from shop.search.ports import off_sale
from shop.search.queries import with_offers
from shop.search.visit import Visit, visit_of
from shop.stock.services import NothingToWaitFor, ask_for_restock

TEMPLATE = "search/product.html"
TOO_MUCH = "Vous nous avez beaucoup écrit en peu de temps : réessayez dans une heure."


@require_safe
def product(request: HttpRequest, slug: str) -> HttpResponse:
    """Two queries when kept, beyond those of every page; four or five when not, one more for what is not on sale."""
    try:
        seen = _seen(request, slug)
    except Http404:
        return _recalled(request, slug)
    return page(
        request,
        TEMPLATE,
        key=(
            kept.version("aisles"), kept.version("zones"), seen.visit.zone and seen.visit.zone.pk, *seen.state.shown,
            *seen.chapter, seen.programme,
        ),
        skeleton=seen.facts,
        live=seen.live(RestockForm()),
    )  # fmt: skip


def _recalled(request: HttpRequest, slug: str) -> HttpResponse:
    """Whoever comes back for a product that is recalled is told. Raises Http404 for any other that is not on sale."""
    recall = off_sale(slug)
    if recall is None:
        raise Http404
    return render(request, "search/recalled.html", {"recall": recall}, status=410)


@require_POST
def ask_restock(request: HttpRequest, slug: str) -> HttpResponse:
    """« Prévenez-moi »: a customer's own address is known, a visitor gives one."""
    seen = _seen(request, slug)
    form = RestockForm(_with_own_email(request))
    if seen.visit.depot_id is None or seen.state.is_available:
        messages.info(request, _("Ce produit est en stock\u202f: il n’y a rien à attendre."))
        return redirect("product", slug=slug)
    if not form.is_valid():
        return _refused(request, seen, restock_form=form, status=422)
    email = form.cleaned_data["email"]
    if not limits.may_wait(machine=machine_of(request), email=email):
        form.add_error(None, _(TOO_MUCH))
        return _refused(request, seen, restock_form=form, status=429)
    try:
        ask_for_restock(
            product_id=seen.state.id,
            depot_id=seen.visit.depot_id,
            email=email,
            customer_id=_customer_id(request),
        )
    except NothingToWaitFor:
        messages.success(request, _("Bonne nouvelle\u202f: ce produit vient de revenir en stock."))
        return redirect("product", slug=slug)
    messages.success(
        request,
        _("C’est noté\u202f: un seul message à %(email)s, le jour où ce produit reviendra. Rien d’autre.")
        % {"email": email},
    )
    return redirect("product", slug=slug)


@require_POST
def report(request: HttpRequest, slug: str) -> HttpResponse:
    """« Signaler une erreur »."""
    seen = _seen(request, slug)
    form = ReportForm(request.POST)
    if not form.is_valid():
        return _refused(request, seen, report_form=form, status=422)
    if not limits.REPORTS_BY_MACHINE.spend(machine_of(request)):
        form.add_error(None, _(TOO_MUCH))
        return _refused(request, seen, report_form=form, status=429)
    details = form.cleaned_data
    services.report_product(
        product_id=seen.state.id, kind=details["kind"], words=details["words"], email=details["email"]
    )
    messages.success(
        request, _("Merci\u202f: une personne vérifie cette page, au plus tard sous un jour ouvré.")
    )
    return redirect("product", slug=slug)


@dataclass(frozen=True)
class _Seen:
    """A product, and from where somebody looks at it."""

    slug: str
    visit: Visit
    state: queries.ProductState

    @property
    def chapter(self) -> tuple[Hashable, ...]:
        return self.visit.book.chapter() if self.visit.book.terms else ()

    @cached_property
    def programme(self) -> Terms | None:
        """The rules of points in force, if any."""
        return programme().at(timezone.now())

    def facts(self) -> dict[str, Any]:
        """All that is the same for everybody who looks from there. Raises Http404 where it has just gone."""
        shown = queries.product_detail(self.state, self.visit.depot_id)
        if shown is None:
            raise Http404
        [card] = with_offers([shown["card"]], self.visit.book)
        item = shown["card"]["item"]
        shown = {**shown, "card": card}
        crumbs = structured.crumbs([*shown["path"], {"name": card["name"], "slug": ""}])
        address = structured.absolute(reverse("product", args=[self.slug]))
        zone = self.visit.zone
        return {
            "product": shown,
            "card": card,
            "crumbs": crumbs,
            "reviews": shown["reviews"],
            "zone": zone,
            "points": _points_said(item, self.programme, self.visit.book.multiplier_for(item)),
            "canonical": address,
            "structured": [
                structured.product(shown, address=address, zone=zone.name if zone else ""),
                structured.breadcrumb(crumbs, address=address),
            ],
            "report_form": ReportForm(),
        }

    def live(self, restock_form: RestockForm) -> dict[str, Any]:
        """What is the visitor's own, or may change from one look to the next."""
        return {
            **self.visit.conditions,
            "slug": self.slug,
            "state": self.state,
            "others": queries.others(self.state, self.visit.depot_id),
            "restock_form": restock_form,
        }


def _points_said(item: Item, terms: Terms | None, multiplied: Multiplied | None) -> dict[str, str] | None:
    """What an article counts for; nothing without a programme, nor of what never brings points."""
    if terms is None or item.is_first_age_milk or (item.is_alcohol and not terms.counts_alcohol):
        return None
    return {
        "earns": earns_said(terms, multiplied.factor if multiplied else 1),
        "badge": points_badge(multiplied.factor) if multiplied else "",
        "dates": dates(multiplied.terms.starts_at, multiplied.terms.ends_at) if multiplied else "",
    }


def _seen(request: HttpRequest, slug: str) -> _Seen:
    """One query. Raises Http404."""
    visit = visit_of(request)
    state = queries.product_state(slug, visit.depot_id)
    if state is None:
        raise Http404
    return _Seen(slug, visit, state)


def _refused(
    request: HttpRequest,
    seen: _Seen,
    *,
    restock_form: RestockForm | None = None,
    report_form: ReportForm | None = None,
    status: int,
) -> HttpResponse:
    """The page with a form as it was sent, and what is wrong with it."""
    context = seen.facts() | seen.live(restock_form or RestockForm())
    return render(
        request, TEMPLATE, context | ({"report_form": report_form} if report_form else {}), status=status
    )


def _customer_id(request: HttpRequest) -> int | None:
    customer = getattr(request.user, "customer", None)
    return customer.pk if customer else None


def _with_own_email(request: HttpRequest) -> dict[str, str]:
    """What the form sent; a customer's own address before anything typed."""
    customer = getattr(request.user, "customer", None)
    typed = request.POST.get(f"{RestockForm.prefix}-email", "")
    return {f"{RestockForm.prefix}-email": customer.email if customer else typed}
