"""« Un souci avec cette commande ? »: what, which, send; and the answer on the next page."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from config.limits import too_many
from config.media import private_picture
from config.templatetags.cabas import quantity_label
from shop.claims import queries, services, wording
from shop.claims.access import SESSION_CONFIRMED, Access, for_guest, for_owner
from shop.claims.forms import ALREADY, FromCustomer, NotMineForm, ReportForm
from shop.claims.models import Claim
from shop.search.queries import cards_by_id

Kind = Claim.Kind
WHAT: dict[str, str] = {
    "manque": Kind.MISSING, "abime": Kind.DAMAGED, "pas-a-moi": Kind.NOT_MINE, "conservation": Kind.LIFE,
}  # fmt: skip


def _report(request: HttpRequest, access: Access, what: str) -> HttpResponse:
    """Eighteen queries to show, however many lines."""
    kind = WHAT.get(what)
    if kind is None:
        raise Http404
    form = _form(request, access, kind)
    if request.method != "POST" or not queries.may_report(access.order):
        status = 200 if request.method != "POST" else 422
        return _page(request, access, what, form, status=status)
    if not access.spends():
        return too_many(request)
    if form.is_valid() and _sent(access, kind, form):
        if access.token:
            request.session[SESSION_CONFIRMED] = access.order.reference
        return redirect(access.told)
    return _page(request, access, what, form, status=422)


def _form(request: HttpRequest, access: Access, kind: str) -> FromCustomer:
    posted = (request.POST, request.FILES) if request.method == "POST" else ()
    order, knows_buyer = access.order, access.knows_buyer
    if kind == Kind.NOT_MINE:
        return NotMineForm(*posted, order=order, knows_buyer=knows_buyer)
    lines = queries.claimable(order) if queries.may_report(order) else []
    if kind == Kind.LIFE:
        lines = [one for one in lines if one.line.minimum_life_days is not None]
    slot = queries.replacement_slot(order) if kind == Kind.DAMAGED and lines else None
    form = ReportForm(*posted, order=order, knows_buyer=knows_buyer, lines=lines, slot=slot)
    if kind == Kind.DAMAGED:
        form.fields["photo"].help_text = wording.photo_asked(queries.limits_in_force().photo_from)
    return form


def _page(
    request: HttpRequest, access: Access, what: str, form: FromCustomer, *, status: int = 200
) -> HttpResponse:
    kind = WHAT[what]
    order = access.order
    context: dict[str, Any] = {
        "order": order, "page": access.page, "form": form, "kind": kind, "asked": wording.ASKED[kind],
        "is_open": queries.may_report(order), "told": access.told, "rows": _rows(order, form),
        "life": access.report("conservation") if kind == Kind.DAMAGED else "",
    }  # fmt: skip
    return render(request, "claims/report.html", context, status=status)


def _rows(order: Any, form: FromCustomer) -> list[dict[str, Any]]:
    """Each line with its picture. Two queries at most."""
    if not isinstance(form, ReportForm):
        return []
    product_ids = [one.line.product_id for one in form.lines.values() if one.line.product_id]
    cards = cards_by_id(product_ids, order.depot_id)
    return [
        {
            "line": one.line,
            "card": cards.get(one.line.product_id or 0),
            "label": quantity_label(one.line.sold_by, one.left),
            "box": box,
            "quantity": quantity,
        }
        for one, box, quantity in form.rows
    ]


def _sent(access: Access, kind: str, form: FromCustomer) -> bool:
    try:
        if isinstance(form, NotMineForm):
            _send_not_mine(access, form)
        elif isinstance(form, ReportForm):
            services.report(
                order_reference=access.order.reference,
                key=form.cleaned_data["key"],
                reported=services.Reported(
                    kind, form.quantities, form.slot_id, form.cleaned_data.get("photo")
                ),
            )
    except services.NothingToClaim:
        form.add_error(None, ALREADY)
    except services.NotReportable:
        form.add_error(None, _("Cette commande ne peut plus être signalée ici. Appelez-nous."))
    return not form.errors


def _send_not_mine(access: Access, form: NotMineForm) -> None:
    told = form.cleaned_data
    product = queries.product_told(told["words"])
    services.report_not_mine(
        order_reference=access.order.reference,
        key=told["key"],
        received=services.Received(
            words=told["words"],
            product_id=product.pk if product else None,
            units=told["units"],
            photo=told.get("photo"),
        ),
    )


def _claims(request: HttpRequest, access: Access) -> HttpResponse:
    """What was reported of an order, and what was answered. Six queries."""
    shown = [
        {
            "claim": claim,
            "headed": wording.headed(claim),
            "sentence": wording.sentence(claim),
            "parts": wording.parts(claim),
            "photo": access.photo(claim.pk) if claim.photo and access.knows_buyer else "",
        }
        for claim in queries.claims_of(access.order)
    ]
    context = {
        "order": access.order, "page": access.page, "claims": shown, "is_open": queries.may_report(access.order),
        "missing": access.report("manque"), "damaged": access.report("abime"), "not_mine": access.report("pas-a-moi"),
    }  # fmt: skip
    return render(request, "claims/told.html", context)


def _photo(request: HttpRequest, access: Access, claim_id: int) -> HttpResponseBase:
    """Its own author's alone: whoever was handed the link sees none. Two queries."""
    claim = queries.claims_of(access.order).filter(pk=claim_id).first()
    if claim is None or not claim.photo or not access.knows_buyer:
        raise Http404
    return private_picture(claim.photo)


report, report_as_guest = for_owner(_report), for_guest(_report)
claims, claims_as_guest = require_safe(for_owner(_claims)), require_safe(for_guest(_claims))
photo, photo_as_guest = require_safe(for_owner(_photo)), require_safe(for_guest(_photo))
