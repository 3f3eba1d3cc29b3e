"""Browsing: nothing is written on a read, and every page is a plain link away."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from config.limits import Limit, limited_by_machine
from delivery.zones.models import Zone
from delivery.zones.queries import NoZone
from delivery.zones.visitor import delivered_zone, visitor_postcode, visitor_zone
from shop.pricing.book import PromotionBook
from shop.pricing.queries import book_for
from shop.search import facets, missed, queries, rules, structured
from shop.search.forms import ProductRequestForm

REQUESTS = Limit("product_request", most=10)
SORT_NAMES = {
    queries.RELEVANCE: _("pertinence"),
    "prix": _("prix"),
    "prix-au-kg": _("prix au kilo ou au litre"),
    "nom": _("nom"),
}


@require_safe
def aisle(request: HttpRequest, slug: str) -> HttpResponse:
    place = queries.find_aisle(slug)
    if place is None:
        raise Http404
    zone, sort, choice = _zone(request), _sort(request), facets.read(request.GET)
    page = request.GET.get("page", "1")
    found = queries.aisle_page(place, _depot_id(zone), page, sort, choice, _book(zone))
    crumbs, canonical = _crumbs(place.path), _canonical(request, page=found.page.number)
    context = {
        **_conditions(request, zone),
        **_listing(found, sort, choice),
        "place": place,
        "crumbs": crumbs,
        "canonical": canonical,
        "structured": structured.breadcrumb(crumbs, address=canonical),
    }
    return _with_clean_address(request, render(request, "search/aisle.html", context), context)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What was looked for, how it was understood, and a form to ask for what is missing."""
    query = rules.clean_query(request.GET.get("q", ""))
    context = _search_context(request, query)
    if not context["found"].ids or context["found"].dropped:
        missed.note(request, query)
    return render(request, "search/search.html", context)


@require_POST
@limited_by_machine(REQUESTS)
def request_product(request: HttpRequest) -> HttpResponse:
    """« Dites-nous ce qui vous manque » : counted by week, without a word about who asks."""
    form = ProductRequestForm(request.POST)
    query = rules.clean_query(request.POST.get("q", ""))
    if not form.is_valid():
        return render(request, "search/search.html", _search_context(request, query, form), status=422)
    missed.record_request(words=form.cleaned_data["product"])
    messages.success(request, _("Merci, c’est noté\u202f: notre équipe regarde ces demandes chaque semaine."))
    return redirect("search")


def _search_context(
    request: HttpRequest, query: str, form: ProductRequestForm | None = None
) -> dict[str, Any]:
    zone, sort, choice = _zone(request), _sort(request), facets.read(request.GET)
    as_typed = request.GET.get("tel_quel") == "1"
    results = queries.results(
        query,
        _depot_id(zone),
        request.GET.get("page", "1"),
        sort,
        choice,
        as_typed=as_typed,
        book=_book(zone),
    )
    words = {"q": query} | ({"tel_quel": "1"} if as_typed else {})
    return {
        **_conditions(request, zone),
        **_listing(results, sort, choice, **words),
        "query": query,
        "found": results.found,
        "aisles": queries.aisles_named(results.found.used),
        "request_form": form or ProductRequestForm(initial={"product": query}),
    }


@require_safe
def search_suggestions(request: HttpRequest) -> HttpResponse:
    query = rules.clean_query(request.GET.get("q", ""))
    zone = _zone(request)
    suggested = queries.suggestions(query, _depot_id(zone))
    aisles = queries.aisles_named(suggested.found.used)
    context = {
        "query": query,
        "cards": queries.with_offers(suggested.cards, _book(zone)),
        "brands": suggested.brands,
        "aisles": aisles,
        "found": suggested.found,
        "total": len(suggested.cards) + len(suggested.brands) + len(aisles) + 1,
    }
    return render(request, "search/_suggestions.html", context)


def _with_clean_address(
    request: HttpRequest, response: HttpResponse, context: Mapping[str, Any]
) -> HttpResponse:
    """What a form sends holds empty fields; the address that the browser keeps does not."""
    if request.headers.get("HX-Request"):
        response["HX-Push-Url"] = request.path + (
            f"?{context['querystring']}" if context["querystring"] else ""
        )
    return response


def _zone(request: HttpRequest) -> Zone | None:
    """None in a shop whose zones are not set up yet: its shelves can still be seen."""
    try:
        return visitor_zone(request)
    except NoZone:
        return None


def _book(zone: Zone | None) -> PromotionBook:
    return book_for(zone.pk if zone else None)


def _depot_id(zone: Zone | None) -> int | None:
    return zone.depot_id if zone else None


def _conditions(request: HttpRequest, zone: Zone | None) -> dict[str, Any]:
    """Fees, minimum and threshold are known before the first add."""
    return {"zone": zone, "postcode": visitor_postcode(request) if delivered_zone(request) else ""}


def _sort(request: HttpRequest) -> str:
    asked = request.GET.get("tri", queries.RELEVANCE)
    return asked if asked in queries.SORTS else queries.RELEVANCE


def _listing(found: queries.Listing, sort: str, choice: facets.Choice, **kept: str) -> dict[str, Any]:
    """A page of cards, and what its form of sort and filters and its links keep of the address."""
    others = [*kept.items(), *([] if sort == queries.RELEVANCE else [("tri", sort)])]
    return {
        "page_obj": found.page,
        "page_number": found.page.number,
        "sort": sort,
        "sorts": [{"value": value, "name": name} for value, name in SORT_NAMES.items()],
        "facets": found.facets,
        "choice": choice,
        "chosen": _chips(choice, found.facets, others),
        "unfiltered": "?" + urlencode(others),
        "querystring": choice.address(*others),
    }


def _chips(
    choice: facets.Choice, asked: queries.Facets, others: Sequence[tuple[str, str]]
) -> list[dict[str, str]]:
    """What was chosen, each with the address without it."""
    return [
        {
            "field": field,
            "label": asked.label(field, value),
            "url": "?" + choice.less(field, value).address(*others),
        }
        for field, value in choice.fields()
    ]


def _crumbs(path: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The way here; the page itself comes last, without a link."""
    links = [{"name": step["name"], "url": reverse("aisle", args=[step["slug"]])} for step in path[:-1]]
    return [*links, {"name": path[-1]["name"], "url": ""}]


def _canonical(request: HttpRequest, page: int = 1) -> str:
    """The one address of a page: no sort, and the first page without its number."""
    return f"{settings.SITE_URL}".rstrip("/") + request.path + (f"?page={page}" if page > 1 else "")
