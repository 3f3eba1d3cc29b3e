"""What a phone says of its round: the same address for a page's form and for the queue that repeats itself."""

from typing import Any

from django.contrib import messages
from django.core.files.base import ContentFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from config.pictures import PictureRefused, checked_picture
from delivery.rounds import services as rounds
from delivery.rounds.models import Courier
from delivery.tracking import services, wording
from delivery.tracking.forms import LARGEST_ID, UNREADABLE, DeliveredForm, SaidForm, form_of
from delivery.tracking.guard import for_couriers, not_too_often, told, wants_json
from delivery.tracking.models import CourierEvent, Visit
from delivery.tracking.queries import visit_of
from delivery.tracking.views import stop_page

Kind = CourierEvent.Kind


@for_couriers
@not_too_often
@require_POST
def event(request: HttpRequest, courier: Courier) -> HttpResponse:
    """Take an event once, whoever sends it how often. A photograph that is none does not undo the delivery it shows."""
    visit = _visit_said(request, courier)
    form = form_of(request.POST.get("kind", ""))(
        request.POST, request.FILES, visit=visit, auto_id="remise-%s"
    )
    if not form.is_valid():
        return _unread(request, courier, form, visit)
    photo, complaint = _photo(form)
    now = timezone.now()
    try:
        known = services.report(courier_id=courier.pk, said=form.said(now=now, photo=photo), now=now)
    except services.NotYourRound:
        return _refused(request, _("Cette tournée n’est pas la vôtre."))
    except services.EventUnreadable:
        return _refused(request, str(UNREADABLE))
    except rounds.RoundMoveRefused:
        return _refused(request, _("La tournée a changé au dépôt\u202f: appelez-le."))
    if (known.run_id, known.kind) != (form.cleaned_data["run"], form.cleaned_data["kind"]):
        return _refused(request, str(UNREADABLE))
    if known.refused_because:
        return _refused(request, wording.refusal(known.refused_because), visit)
    return _taken(request, known, complaint)


def _visit_said(request: HttpRequest, courier: Courier) -> Visit | None:
    said = request.POST.get("visit", "")
    is_one = said.isascii() and said.isdecimal() and len(said) < len(str(LARGEST_ID))
    return visit_of(int(said), courier.pk) if is_one else None


def _photo(form: SaidForm) -> "tuple[ContentFile[bytes] | None, str]":
    """The checked copy of what was sent, and what to tell about one that was not kept."""
    sent = form.cleaned_data.get("photo")
    if not sent:
        return None, ""
    try:
        return checked_picture(sent), ""
    except PictureRefused as refused:
        return None, _("La remise est notée, sans sa photo. %(why)s") % {"why": refused.words}


def _unread(request: HttpRequest, courier: Courier, form: SaidForm, visit: Visit | None) -> HttpResponse:
    if isinstance(form, DeliveredForm) and visit and not wants_json(request):
        return stop_page(request, courier, visit, form, status=422)
    technical = {"key", "kind", "run", "visit", "at", "sent_at"} & set(form.errors)
    words = UNREADABLE if technical else next(iter(form.errors.values()))[0]
    return _refused(request, str(words), visit)


def _refused(request: HttpRequest, words: str, visit: Visit | None = None) -> HttpResponse:
    if wants_json(request):
        return told("refused", words, status=422)
    messages.error(request, words)
    if visit and visit.is_open and visit.run.left_at:
        return redirect("courier_stop", visit.pk)
    return redirect("courier")


def _taken(request: HttpRequest, known: CourierEvent, complaint: str) -> HttpResponse:
    if wants_json(request):
        return told("taken", complaint, received_at=int(known.received_at.timestamp() * 1000))
    if complaint:
        messages.warning(request, complaint)
    if known.kind == Kind.ARRIVED:
        return redirect("courier_stop", _visit_id(known))
    return redirect("courier")


def _visit_id(known: Any) -> int:
    return int(known.visit_id)
