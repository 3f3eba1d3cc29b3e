"""What is printed beside an order: welcome letters, for a whole wave or one order."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from config.admin import own_id
from config.exports import pdf_file
from shop.documents.welcome import welcome_letters
from shop.picking import queries, services
from shop.picking.views import for_pickers


@for_pickers
@require_POST
def wave_letters(request: HttpRequest, wave_id: int) -> HttpResponse:
    """The letters of all open orders of a wave, in one file."""
    references = queries.letters_of_wave(wave_id)
    if not references:
        messages.error(request, _("Aucune lettre n’attend dans cette vague."))
        return redirect("picking")
    return _printed(request, references, f"bienvenue-vague-{wave_id}")


@for_pickers
@require_POST
def letter(request: HttpRequest, task_id: int) -> HttpResponse:
    """One letter again: a sheet was lost, or came out badly."""
    task = queries.own_task(task_id, own_id(request))
    if task is None:
        raise Http404
    return _printed(request, [task.order.reference], f"bienvenue-{task.order.reference}")


def _printed(request: HttpRequest, references: Sequence[str], name: str) -> HttpResponse:
    drawn = services.draw_letters(order_references=references, by_id=own_id(request))
    if not drawn:
        raise Http404
    return pdf_file(welcome_letters(drawn), name)
