"""Browsing: nothing is written on a read, and every page is a plain link away."""

from collections.abc import Hashable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from config import kept
from config.limits import Limit, limited_by_machine
from config.pages import page
from shop.search import facets, missed, queries, rules, structured
from shop.search.forms import ProductRequestForm
from shop.search.visit import visit_of

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
    visit, sort, choice = visit_of(request), _sort(request), facets.read(request.GET)
    asked = request.GET.get("page", "1")
    found = queries.aisle_page(place, visit.depot_id, asked, sort, choice, visit.book, zone_id=visit.zone_id)

    def skeleton() -> dict[str, Any]:
        crumbs = structured.crumbs(place.path)
        canonical = structured.canonical(request.path, page=found.page.number)
        return {
            **_listing(found, sort, choice),
            "place": place,
            "crumbs": crumbs,
            "canonical": canonical,
            "structured": structured.breadcrumb(crumbs, address=canonical),
        }

    response = page(
        request,
        "search/aisle.html",
        key=(kept.version("aisles"), sort, *_what_is_shown(found)),
        skeleton=skeleton,
        live=_live(request, found),
    )
    return _with_clean_address(request, response, choice.address(*_kept_words(sort)))


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What was looked for, how it was understood, and a form to ask for what is missing."""
    query = rules.clean_query(request.GET.get("q", ""))
    results = _search(request, query)
    found = results.found
    if not found.ids or found.dropped:
        missed.note(request, query)
    if not found.ids:
        return render(request, "search/search.html", _search_context(request, query, results))
    return page(
        request,
        "search/search.html",
        key=(
            kept.version("aisles"), query, _as_typed(request), _sort(request), found.used, found.is_corrected,
            found.is_whole, *found.dropped, *_what_is_shown(results),
        ),
        skeleton=lambda: _search_context(request, query, results),
        live=_live(request, results),
    )  # fmt: skip


@require_POST
@limited_by_machine(REQUESTS)
def request_product(request: HttpRequest) -> HttpResponse:
    """« Dites-nous ce qui vous manque » : counted by week, without a word about who asks."""
    form = ProductRequestForm(request.POST)
    query = rules.clean_query(request.POST.get("q", ""))
    if not form.is_valid():
        results = _search(request, query)
        context = _search_context(request, query, results, form) | _live(request, results)
        return render(request, "search/search.html", context, status=422)
    missed.record_request(words=form.cleaned_data["product"])
    messages.success(request, _("Merci, c’est noté\u202f: notre équipe regarde ces demandes chaque semaine."))
    return redirect("search")


def _search(request: HttpRequest, query: str) -> queries.Results:
    visit = visit_of(request)
    return queries.results(
        query,
        visit.depot_id,
        request.GET.get("page", "1"),
        _sort(request),
        facets.read(request.GET),
        as_typed=_as_typed(request),
        book=visit.book,
        zone_id=visit.zone_id,
    )


def _search_context(
    request: HttpRequest, query: str, results: queries.Results, form: ProductRequestForm | None = None
) -> dict[str, Any]:
    words = {"q": query} | ({"tel_quel": "1"} if _as_typed(request) else {})
    return {
        **_listing(results, _sort(request), facets.read(request.GET), **words),
        "query": query,
        "found": results.found,
        "canonical": _for_engines(request, query, results),
        "aisles": queries.aisles_named(results.found.used),
        "request_form": form or ProductRequestForm(initial={"product": query}),
    }


def _for_engines(request: HttpRequest, query: str, results: queries.Results) -> str:
    """The address under which engines may know this page, or "": only what the shop sells by just these words.

    Else whoever links to a search for their own words would see them on a page of ours in others' results.
    """
    found = results.found
    is_plain = _sort(request) == queries.RELEVANCE and not _as_typed(request) and not facets.read(request.GET)
    if (
        not found.ids
        or found.dropped
        or found.is_corrected
        or not is_plain
        or not rules.says_only_its_words(query)
    ):
        return ""
    return structured.canonical(request.path, results.page.number, q=query)


@require_safe
def search_suggestions(request: HttpRequest) -> HttpResponse:
    query = rules.clean_query(request.GET.get("q", ""))
    visit = visit_of(request)
    suggested = queries.suggestions(query, visit.depot_id, visit.zone_id)
    aisles = queries.aisles_named(suggested.found.used)
    context = {
        "query": query,
        "cards": queries.with_offers(suggested.cards, visit.book),
        "brands": suggested.brands,
        "aisles": aisles,
        "found": suggested.found,
        "total": len(suggested.cards) + len(suggested.brands) + len(aisles) + 1,
    }
    return render(request, "search/_suggestions.html", context)


def _with_clean_address(request: HttpRequest, response: HttpResponse, querystring: str) -> HttpResponse:
    """What a form sends holds empty fields; the address that the browser keeps does not."""
    if request.headers.get("HX-Request"):
        response["HX-Push-Url"] = request.path + (f"?{querystring}" if querystring else "")
    return response


def _as_typed(request: HttpRequest) -> bool:
    return request.GET.get("tel_quel") == "1"


def _sort(request: HttpRequest) -> str:
    asked = request.GET.get("tri", queries.RELEVANCE)
    return asked if asked in queries.SORTS else queries.RELEVANCE


def _listing(found: queries.Listing, sort: str, choice: facets.Choice, **kept: str) -> dict[str, Any]:
    """What a page of cards says around them, and what its form of sort and filters and its links keep of the address."""
    others = _kept_words(sort, **kept)
    return {
        "page_obj": found.page,
        "page_number": found.page.number,
        "sort": sort,
        "sorts": [{"value": value, "name": name} for value, name in SORT_NAMES.items()],
        "facets": found.facets if choice or not found.facets.is_empty else None,
        "choice": choice,
        "chosen": _chips(choice, found.facets, others),
        "unfiltered": "?" + urlencode(others),
        "querystring": choice.address(*others),
    }


def _live(request: HttpRequest, found: queries.Listing) -> dict[str, Any]:
    """What a page of cards shows to this very visitor."""
    return {**visit_of(request).conditions, "cards": found.page.object_list}


def _what_is_shown(found: queries.Listing) -> tuple[Hashable, ...]:
    """Names all that `_listing` makes of it: the counts and the choice, how many there are, and which page of them."""
    return (found.facets.name, found.page.paginator.count, found.page.number)


def _kept_words(sort: str, **kept: str) -> list[tuple[str, str]]:
    return [*kept.items(), *([] if sort == queries.RELEVANCE else [("tri", sort)])]


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
