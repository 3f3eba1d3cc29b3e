"""The end of an order at the depot: replacements, crates and their labels, the second look, the closing."""

from collections import Counter

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.admin import own_id
from config.exports import pdf_file
from config.templatetags.cabas import grams
from loyalty.rewards.rules import PresentsDue
from shop.documents.queries import SellerUnknown, delivery_note
from shop.orders import services as orders
from shop.orders.models import Order, OrderLine
from shop.orders.rules import is_newcomer
from shop.picking import queries, services
from shop.picking.forms import CheckForm, CratesForm
from shop.picking.models import PickTask
from shop.picking.views import CHANGED, for_pickers
from shop.search.queries import cards_by_id

LINES_LEFT = _lazy("Il reste des articles à prendre pour cette commande.")


def _own(request: HttpRequest, task_id: int) -> PickTask:
    task = queries.own_task(task_id, own_id(request))
    if task is None:
        raise Http404
    return task


@for_pickers
@require_http_methods(["GET", "HEAD", "POST"])
def replace(request: HttpRequest, line_id: int) -> HttpResponse:
    """What may stand in for a missing article, closest first; never dearer, never what the customer does not take."""
    line = queries.own_line(line_id, own_id(request))
    if line is None:
        raise Http404
    if request.method == "POST":
        return _replaced(request, line)
    if orders.is_settled(line):
        return redirect("picking_trolley")
    stands = orders.stands_for(line)
    cards = cards_by_id([stand.product.pk for stand in stands], line.order.depot_id)
    positions = queries.shelf_positions([stand.product.pk for stand in stands], line.order.depot_id)
    context = {
        "line": line, "letter": line.order.pick_task.letter,
        "missing": grams(line.missing) if line.is_weighed else line.missing,
        "stands": [(stand, cards[stand.product.pk], positions.get(stand.product.pk, "")) for stand in stands],
    }  # fmt: skip
    return render(request, "picking/replace.html", context)


def _replaced(request: HttpRequest, line: OrderLine) -> HttpResponse:
    typed = request.POST.get("product", "")
    if typed and not typed.isdecimal():
        raise Http404
    try:
        orders.replace_at_shelf(
            line_id=line.pk, product_id=int(typed) if typed else None, by_id=own_id(request)
        )
    except orders.OfferGone:
        if not orders.is_settled(line):
            messages.error(request, _("Celui-là n’est plus disponible. Choisissez-en un autre."))
            return redirect("picking_replace", line_id=line.pk)
        messages.error(request, CHANGED)
    except orders.MoveRefused:
        messages.error(request, CHANGED)
    return redirect("picking_trolley")


@for_pickers
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest, task_id: int) -> HttpResponse:
    """An order's crates, then its closing."""
    if request.method == "POST" and (done := queries.closed_task(task_id, own_id(request))):
        return _told(request, done.order)  # Sent again: the first answer was lost on its way.
    task = _own(request, task_id)
    is_cancelled = task.order.status == Order.Status.CANCELLED
    lines = queries.task_sheet(task)
    if is_cancelled:
        lines = [line for line in lines if line.picked]
    presents = [] if is_cancelled else queries.to_pack(task.order.reference)
    labelled = Counter(task.crates.values_list("temperature", flat=True))
    form = CratesForm(
        request.POST if request.method == "POST" else None,
        # What goes back on its shelves fills no crate.
        lines=[] if is_cancelled else lines,
        labelled={} if is_cancelled else labelled,
        # Labels are asked for before anything is packed.
        presents=[] if "label" in request.POST else presents,
    )
    if request.method == "POST" and form.is_valid():
        if task.order.status == Order.Status.PICKING and form.wanted():
            services.label_crates(task_id=task.pk, picker_id=own_id(request), wanted=form.wanted())
        if "label" in request.POST:
            return redirect("picking_labels", task_id=task.pk)
        return _closed(request, task, form.packed())
    context = {
        "task": task, "order": task.order, "lines": lines, "form": form, "crates": sum(labelled.values()),
        "left": sum(line.picked is None for line in lines), "is_newcomer": is_newcomer(task.order.rank),
        "question": task.order.questions.filter(answer="").order_by("answer_by").first(),
        "is_cancelled": is_cancelled,
        "to_take_out": [line for line in lines if line.to_take_out],
    }  # fmt: skip
    return render(request, "picking/close.html", context, status=422 if form.errors else 200)


def _closed(request: HttpRequest, task: PickTask, beside: services.Beside) -> HttpResponse:
    here = redirect("picking_close", task_id=task.pk)
    try:
        order = services.close_task(task_id=task.pk, picker_id=own_id(request), beside=beside)
    except services.NotYours:
        return redirect("picking")
    except services.CheckDue:
        messages.error(
            request, _("C’est l’une des premières commandes de ce client\u202f: faites-la contrôler d’abord.")
        )
        return here
    except orders.RecalledInCrates:
        messages.error(request, _("Un produit rappelé est encore dans les bacs\u202f: sortez-le d’abord."))
        return here
    except PresentsDue:
        messages.error(request, _("Un cadeau s’est ajouté à cette commande\u202f: regardez la liste."))
        return here
    except services.ReplacementDue as due:
        return redirect("picking_replace", line_id=due.lines[0].pk)
    except orders.WaitsForAnswer:
        messages.error(
            request,
            _("Le client est prévenu d’un manque et peut encore choisir. Fermez les bacs après sa réponse."),
        )
        return here
    except (orders.LinesLeft, orders.MoveRefused):
        messages.error(request, LINES_LEFT)
        return here
    return _told(request, order)


def _told(request: HttpRequest, order: Order) -> HttpResponse:
    if order.status == Order.Status.CANCELLED:
        said = _("Commande %(reference)s annulée.")
        if order.lines.filter(picked__gt=0).exists():
            said = _("Commande %(reference)s annulée\u202f: remettez ses articles en rayon.")
        messages.warning(request, said % {"reference": order.reference})
    else:
        messages.success(request, _("Commande %(reference)s prête.") % {"reference": order.reference})
    return redirect("picking_trolley")


@for_pickers
@require_POST
def take_out(request: HttpRequest, line_id: int) -> HttpResponse:
    """« Sorti des bacs »: a recalled article lies aside; then what stands in for it, if anything."""
    line = queries.own_line(line_id, own_id(request))
    if line is None:
        raise Http404
    try:
        orders.take_out_recalled(line_id=line.pk, by_id=own_id(request))
    except orders.MoveRefused:
        messages.error(request, CHANGED)
    else:
        messages.success(request, _("Noté\u202f: posez «\u202f%(name)s\u202f» dans la caisse des rappels.") % {"name": line.name})  # fmt: skip
    return redirect("picking_close", task_id=line.order.pick_task.pk)


@for_pickers
@require_POST
def hand_back(request: HttpRequest, task_id: int) -> HttpResponse:
    try:
        services.hand_back(
            task_id=task_id, picker_id=own_id(request), may_lead=request.user.has_perm("picking.lead")
        )
    except services.NotYours:
        raise Http404 from None
    messages.success(request, _("La commande est rendue\u202f: ce qui est déjà pris reste noté."))
    return redirect("picking")


@for_pickers
@require_safe
def labels(request: HttpRequest, task_id: int) -> HttpResponse:
    """One label a crate, to print: order, slot, temperature, which of how many."""
    task = _own(request, task_id)
    crates = list(task.crates.all())
    if not crates:
        return redirect("picking_close", task_id=task.pk)
    return render(request, "picking/labels.html", {"task": task, "order": task.order, "crates": crates})


@for_pickers
@require_safe
def note(request: HttpRequest, task_id: int) -> HttpResponse:
    """The delivery note that goes with the crates, to print."""
    task = _own(request, task_id)
    if queries.lines_left(task.order_id):
        messages.error(request, LINES_LEFT)
        return redirect("picking_close", task_id=task.pk)
    try:
        content = delivery_note(task.order.reference, crates=task.crates.count())
    except SellerUnknown:
        messages.error(
            request, _("Le bon ne s’imprime pas\u202f: l’identité de la boutique manque aux réglages.")
        )
        return redirect("picking_close", task_id=task.pk)
    return pdf_file(content, task.order.reference)


@for_pickers
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, task_id: int) -> HttpResponse:
    """The second look at one of a customer's first orders."""
    task = queries.checkable(task_id)
    if task is None:
        raise Http404
    lines = queries.task_sheet(task)
    is_own = task.picker_id == own_id(request)
    form = CheckForm(request.POST if request.method == "POST" else None, lines=lines, is_own=is_own)
    if request.method == "POST" and form.is_valid():
        try:
            services.note_checked(task_id=task.pk, by_id=own_id(request))
        except services.NotYours:
            raise Http404 from None
        except orders.LinesLeft:
            messages.error(request, LINES_LEFT)
            return redirect("picking_check", task_id=task.pk)
        messages.success(request, _("Contrôle noté\u202f: les bacs peuvent être fermés."))
        return redirect("picking_close", task_id=task.pk) if is_own else redirect("picking")
    context = {"task": task, "order": task.order, "form": form, "is_own": is_own}
    return render(request, "picking/check.html", context, status=422 if form.errors else 200)
