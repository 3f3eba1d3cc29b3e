"""The courier's own pages, for a phone in one hand: what to load, where to go, what is usually answered."""

from datetime import timedelta
from hashlib import blake2b
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from delivery.rounds import services as rounds
from delivery.rounds.models import Courier
from delivery.tracking import queries, services, wording
from delivery.tracking.forms import AbsentForm, DeliveredForm, OpenForm, QuestionForm
from delivery.tracking.guard import for_couriers, not_too_often, told, wants_json
from delivery.tracking.models import Run, Visit
from delivery.tracking.shown import door, doors, next_of

# Everything the pages need to stand without a network.
STATICS = [
    "css/tokens.css", "css/base.css", "css/components.css", "css/picking.css", "css/courier.css", "js/courier-store.js",
    "js/courier-send.js", "js/courier-pages.js", "js/courier-aside.js", "js/forget-rounds.js", "js/double-submit.js",
    "icons.svg", "favicon.svg",
]  # fmt: skip

# What is loaded is locked: nobody begins with tomorrow's round by mistake.
LOADING_FROM = timedelta(hours=6)


@for_couriers
@require_safe
def home(request: HttpRequest, courier: Courier) -> HttpResponse:
    """The round that is open, or those to come. Three queries beside the guard's, however many stops."""
    run = queries.open_run(courier.pk)
    if run is not None:
        return _round(request, courier, run)
    now = timezone.now()
    context = {
        **_shared(courier),
        "rounds": [
            (one, one.starts_at < now + LOADING_FROM) for one in queries.rounds_ahead(courier.pk, now)
        ],
        "shift": queries.next_shift(courier.pk, now),
    }
    return render(request, "tracking/home.html", context)


def _shared(courier: Courier, run: Run | None = None) -> dict[str, object]:
    return {"courier": courier, "run": run, "now": timezone.now(), "question_key": uuid4()}


def _round(request: HttpRequest, courier: Courier, run: Run) -> HttpResponse:
    found = doors(request, queries.visits_of(run))
    context = {
        **_shared(courier, run),
        "doors": found,
        # What is loaded first comes out last.
        "loading": found[::-1],
        "next": next_of(found),
        "done": sum(not one.is_open for one in found),
        "states": Visit.State.choices,
        "refused": [(one, wording.refusal(one.refused_because)) for one in queries.refused_of(run)][:3],
        "keys": {name: uuid4() for name in ("left", "back", "broken")},
    }
    return render(request, "tracking/round.html", context)


@for_couriers
@require_POST
def open_round(request: HttpRequest, courier: Courier) -> HttpResponse:
    form = OpenForm(request.POST)
    try:
        if not form.is_valid():
            raise services.NotYourRound
        services.open_run(courier_id=courier.pk, round_id=form.cleaned_data["round"], now=timezone.now())
    except services.AlreadyOut:
        messages.error(request, _("Une tournée est déjà ouverte\u202f: terminez-la d’abord."))
    except (services.NotYourRound, rounds.RoundMoveRefused):
        messages.error(request, _("Cette tournée a changé entre-temps. Voici ce qui vous attend."))
    return redirect("courier")


@for_couriers
@require_safe
def stop(request: HttpRequest, courier: Courier, visit_id: int) -> HttpResponse:
    """One door: how to get there, then what became of it. One query beside the guard's."""
    visit = queries.visit_of(visit_id, courier.pk)
    if visit is None:
        raise Http404
    return stop_page(request, courier, visit)


def stop_page(
    request: HttpRequest, courier: Courier, visit: Visit, form: DeliveredForm | None = None, status: int = 200
) -> HttpResponse:
    context = {
        **_shared(courier, visit.run),
        "door": door(request, visit),
        "form": form or DeliveredForm(visit=visit, auto_id="remise-%s"),
        "absent": AbsentForm(auto_id="absent-%s"),
        "keys": {name: uuid4() for name in ("arrived", "delivered", "absent", "refused")},
    }
    return render(request, "tracking/stop.html", context, status=status)


@for_couriers
@require_safe
def cards(request: HttpRequest, courier: Courier) -> HttpResponse:
    """What couriers are trained to answer; ``?question=`` is one that was just logged. One query."""
    try:
        asked = UUID(request.GET.get("question", ""))
    except ValueError:
        asked = None
    context = {**_shared(courier), "cards": queries.cards(), "asked": asked, "form": QuestionForm()}
    return render(request, "tracking/cards.html", context)


@for_couriers
@not_too_often
@require_POST
def question(request: HttpRequest, courier: Courier) -> HttpResponse:
    """One tap; the words may follow."""
    form = QuestionForm(request.POST)
    if not form.is_valid():
        words = _("300\u00a0caractères au plus\u202f: raccourcissez.") if "words" in form.errors else ""
        if wants_json(request):
            return told("refused", words, status=422)
        messages.error(request, words or _("Cette question est illisible\u202f: recommencez."))
        return redirect("courier_cards")
    asked = form.cleaned_data
    now = timezone.now()
    try:
        services.log_question(
            courier_id=courier.pk, key=asked["key"], at=min(asked["at"] or now, now), words=asked["words"]
        )
    except services.NotYourRound:
        if wants_json(request):
            return told("refused", status=422)
        raise Http404 from None
    if wants_json(request):
        return told("taken", received_at=int(now.timestamp() * 1000))
    if asked["words"]:
        messages.success(request, _("Merci\u202f: ce sera une fiche de la semaine prochaine."))
        return redirect("courier_cards")
    return redirect(f"{reverse('courier_cards')}?question={asked['key']}")


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """What keeps a round on its phone. It lies below `/livreur/` because a worker rules its own folder; it holds nothing
    of anybody. Its version is that of the files it keeps.
    """
    addresses = [static(name) for name in STATICS]
    worker = render_to_string(
        "tracking/service-worker.js",
        {"files": addresses, "version": blake2b(" ".join(addresses).encode(), digest_size=6).hexdigest()},
    )
    answer = HttpResponse(worker, content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    return answer
