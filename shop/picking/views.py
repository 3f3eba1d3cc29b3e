"""The depot's own pages, for a phone in one hand: what to take, from which shelf, into which crate."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.admin import own_id
from shop.orders import services as orders
from shop.picking import queries, services
from shop.picking.forms import WRONG_DATE, StopForm, TakeForm
from shop.picking.queries import Stop, Trolley
from shop.search.queries import cards_by_id

RECALLED = _lazy(
    "Ce produit est rappelé\u202f: n’en prenez aucun et laissez-le de côté. Touchez «\u202fRayon vide\u202f»."
)
CHANGED = _lazy("Cette commande a changé entre-temps. Voici où elle en est.")
# Shelves put off for later, by the code of their article, in this session.
SESSION_LATER = "picking_later"
View = Callable[..., HttpResponse]


def for_pickers(view: View) -> View:
    """Signed in, with the right to pick. Never kept: a trolley changes under one's hands."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm("picking.pick"):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return login_required(never_cache(guarded))


@for_pickers
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Waves with something left to do, and one's own trolley."""
    letters = queries.letters_waiting()
    context = {
        "waves": [(wave, letters.get(wave.pk, 0)) for wave in queries.open_waves()],
        "trolley": queries.trolley(own_id(request)),
        "to_check": list(queries.to_check()),
    }
    return render(request, "picking/home.html", context)


@for_pickers
@require_POST
def take(request: HttpRequest) -> HttpResponse:
    form = TakeForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choisissez de une à six commandes d’une vague."))
        return redirect("picking")
    try:
        services.take_tasks(
            picker_id=own_id(request), wave_id=form.cleaned_data["wave"], number=form.cleaned_data["number"]
        )
    except services.TrolleyFull:
        messages.error(request, _("Votre chariot est plein\u202f: terminez d’abord une commande."))
        return redirect("picking")
    except services.NothingToTake:
        messages.error(request, _("Il n’y a plus rien à prendre dans cette vague."))
        return redirect("picking")
    return redirect("picking_trolley")


@for_pickers
@require_http_methods(["GET", "HEAD", "POST"])
def trolley_page(request: HttpRequest) -> HttpResponse:
    """The next shelf; once all are visited, the orders to close."""
    trolley = queries.trolley(own_id(request))
    if request.method == "POST":
        return _confirm(request, trolley)
    stops = _in_turn(request, trolley)
    if not stops:
        return render(request, "picking/trolley_done.html", {"trolley": trolley})
    return _shelf(request, trolley, stops[0], StopForm(stop=stops[0]), is_last=len(stops) == 1)


def _in_turn(request: HttpRequest, trolley: Trolley) -> list[Stop]:
    """What was put off comes last."""
    later = request.session.get(SESSION_LATER, [])
    return sorted(trolley.stops, key=lambda stop: stop.article.ean in later)


def _shelf(
    request: HttpRequest,
    trolley: Trolley,
    stop: Stop,
    form: StopForm,
    *,
    is_last: bool = True,
    status: int = 200,
) -> HttpResponse:
    product_id = stop.article.product_id
    cards = cards_by_id([product_id], None) if product_id else {}
    context = {
        "trolley": trolley, "stop": stop, "form": form, "card": cards.get(product_id or 0), "is_last": is_last,
        "is_correction": stop.article.picked is not None,
    }  # fmt: skip
    return render(request, "picking/shelf.html", context, status=status)


def _confirm(request: HttpRequest, trolley: Trolley) -> HttpResponse:
    named = {int(name[2:]) for name in request.POST if name.startswith("q-") and name[2:].isdecimal()}
    lines = tuple(line for line in trolley.lines if line.id in named)
    if not lines or len({line.ean for line in lines}) > 1:
        messages.error(request, _("Ces articles ne sont plus sur votre chariot."))
        return redirect("picking_trolley")
    stop = Stop(lines)
    if "later" in request.POST:
        request.session[SESSION_LATER] = [*request.session.get(SESSION_LATER, [])[-50:], stop.article.ean]
        return redirect("picking_trolley")
    said = request.POST.copy()
    if "empty" in said:
        for line in lines:
            said[StopForm.quantity_of(line)] = "0"
    form = StopForm(said, stop=stop)
    if not form.is_valid():
        return _shelf(request, trolley, stop, form, status=422)
    try:
        to_replace = services.confirm(
            picker_id=own_id(request), taken=form.taken(), best_before_on=form.cleaned_data.get("best_before")
        )
    except orders.KeepsTooShort as refused:
        form.add_error("best_before", WRONG_DATE % {"day": date_format(refused.until)})
        return _shelf(request, trolley, stop, form, status=422)
    except orders.ProductRecalled:
        form.add_error(None, RECALLED)
        return _shelf(request, trolley, stop, form, status=422)
    except orders.QuantityRefused:
        form.add_error(None, _("Cette quantité ne va pas avec la commande."))
        return _shelf(request, trolley, stop, form, status=422)
    except (services.NotYours, orders.AlreadyPicked, orders.MoveRefused):
        messages.error(request, CHANGED)
        return redirect("picking_trolley")
    if to_replace:
        return redirect("picking_replace", line_id=to_replace[0].pk)
    return redirect("picking_trolley")


@for_pickers
@require_safe
def list_page(request: HttpRequest) -> HttpResponse:
    """All that is on the trolley, taken or not; what was taken may be put right."""
    trolley = queries.trolley(own_id(request))
    context = {"trolley": trolley, "besides": queries.presents_beside(trolley.tasks)}
    return render(request, "picking/list.html", context)


@for_pickers
@require_safe
def correct(request: HttpRequest, line_id: int) -> HttpResponse:
    trolley = queries.trolley(own_id(request))
    lines = tuple(line for line in trolley.lines if line.id == line_id)
    if not lines:
        raise Http404
    stop = Stop(lines)
    return _shelf(request, trolley, stop, StopForm(stop=stop))
