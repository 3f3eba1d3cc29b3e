"""« Historique du prix »: what a product cost, for everybody alike."""

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shop.pricing import wording
from shop.pricing.past import Step, Tick
from shop.search import queries
from shop.search.visit import visit_of


@require_safe
def price_history(request: HttpRequest, slug: str) -> HttpResponse:
    """Three queries, one while it is kept, beyond those of every page. Nobody is looked at: only where they are."""
    visit = visit_of(request)
    card = queries.priced_card(slug, visit.depot_id)
    if card is None:
        raise Http404
    past = queries.price_past(card, visit.book)
    context = {
        "card": card,
        "past": past,
        "now": past.steps[-1] if past.steps else None,
        "rows": [_row(step) for step in reversed(past.steps)],
        "axis": _axis(past.curve.ticks) if past.curve else [],
        "zone": visit.zone,
        "crumbs": [
            {"name": card["name"], "url": reverse("product", args=[slug])},
            {"name": _("Historique du prix"), "url": ""},
        ],
    }
    return render(request, "search/price_history.html", context)


def _row(step: Step) -> dict[str, Any]:
    day = wording.short_day(step.since, with_year=True)
    return {"on": day, "at": step.since, "price": step.price, "why": wording.why(step)}


def _axis(ticks: Sequence[Tick]) -> list[str]:
    """The days under the curve, which ends today."""
    first, *others, _last = ticks
    return [
        wording.short_day(first.at, with_year=True),
        *(wording.short_day(tick.at, with_year=False) for tick in others),
        _("aujourd’hui"),
    ]
