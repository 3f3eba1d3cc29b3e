"""The page that opens from a letter and takes what the customer of a late order chooses. Its address is a key."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from config.limits import Limit, machine_of, too_many
from delivery.tracking.queries import live
from shop.orders import delay_wording, delays, services
from shop.orders.models import Delay
from shop.orders.road import has_met_courier

CHOICES_BY_MACHINE = Limit("delay.machine", most=60)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def delay_page(request: HttpRequest, token: str) -> HttpResponse:
    """``?choix=`` of a letter's link only preselects: mail scanners follow links, a person presses the button."""
    if request.method == "POST":
        return _answer(request, token)
    return _page(request, _delay(token), chosen=request.GET.get("choix", ""))


def _delay(token: str) -> Delay:
    delay = delays.delay_by_token(token)
    if delay is None:
        raise Http404
    return delay


def _answer(request: HttpRequest, token: str) -> HttpResponse:
    if not CHOICES_BY_MACHINE.spend(machine_of(request)):
        return too_many(request)
    delay, chosen = _delay(token), request.POST.get("choix", "")
    answer, slot_id = _read(chosen)
    if answer not in services.may_choose(delay):
        return _page(request, delay, status=422, problem=_("Choisissez l’une des possibilités ci-dessous."))
    try:
        services.answer_delay(token=token, answer=answer, slot_id=slot_id)
    except services.ChoiceGone:
        gone = _("Ce créneau vient de partir\u202f: rien n’a changé, choisissez-en un autre.")
        return _page(request, delay, status=409, problem=gone)
    except services.DelayOver:
        return _page(request, _delay(token), status=410)
    return redirect("delay", token=token)


def _read(chosen: str) -> tuple[str, int | None]:
    """« slot-12 » → ("slot", 12)."""
    answer, _dash, slot_id = chosen.partition("-")
    return answer, int(slot_id) if slot_id.isdecimal() and len(slot_id) < 10 else None


def _page(
    request: HttpRequest, delay: Delay, *, chosen: str = "", status: int = 200, problem: str = ""
) -> HttpResponse:
    """At most six queries, however many slots."""
    order = delay.order
    where = live(order.reference)
    is_here = where is not None and where.state in {"arrived", "delivered"}
    is_open = not delay.answer and order.status in services.STILL_TO_COME and not has_met_courier(where)
    context: dict[str, Any] = {
        "delay": delay,
        "order": order,
        "sentence": delay_wording.sentence(delay),
        "promise": delay_wording.promise(delay),
        "is_open": is_open,
        "is_here": is_here,
        "choices": _choices(delay, chosen) if is_open else [],
        "settled": delay_wording.settled(delay) if delay.answer else "",
        "problem": problem,
    }
    response = render(request, "orders/delay.html", context, status=status)
    response["X-Robots-Tag"] = "noindex"
    return response


def _choices(delay: Delay, chosen: str) -> list[dict[str, Any]]:
    may = services.may_choose(delay)
    offered = [
        (
            f"{Delay.Answer.PICKUP if one.is_pickup else Delay.Answer.SLOT}-{one.slot.pk}",
            delay_wording.slot(one),
        )
        for one in delays.slot_choices(delay.order, timezone.now())
    ]
    rows = [
        *([(Delay.Answer.WAIT.value, delay_wording.wait(delay))] if Delay.Answer.WAIT in may else []),
        *offered,
        *([(Delay.Answer.CANCEL.value, delay_wording.cancel(delay))] if Delay.Answer.CANCEL in may else []),
    ]
    return [
        {"value": value, "label": label, "note": note, "is_chosen": value == chosen}
        for value, (label, note) in rows
    ]
