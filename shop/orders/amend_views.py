"""A customer amends their own order: what they want, what it comes to, the payment of a difference."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.templatetags.cabas import quantity_label
from delivery.slots.queries import upcoming_days
from shop.basket.deliveries import priced_for
from shop.basket.shopper import shopper_of
from shop.customers.queries import customer_ids
from shop.customers.services import customer_for_user
from shop.orders import services
from shop.orders.amend_forms import LINE, AmendForm, ConfirmForm, stepped
from shop.orders.amend_wording import REFUSALS, why_refused
from shop.orders.models import Amendment, Order, OrderLine
from shop.orders.queries import orders_of
from shop.orders.services import Proposal, Seen, Wishes, settled_lines
from shop.orders.shown import summed_up
from shop.payments import services as payments
from shop.payments.queries import order_of_payment, payment_state
from shop.pricing.queries import book_for
from shop.search.queries import cards_by_id

logger = logging.getLogger(__name__)
# What the customer wants, until it is confirmed: their address stays out of addresses and logs.
SESSION_WISHES = "amending"
_PARTY = "_cabas_party"
Page = Callable[[HttpRequest, Order], HttpResponse]
PAYMENT_SILENT = (
    "Le service de paiement ne répond pas. Rien n’est débité et votre commande reste telle quelle\u202f: réessayez dans "
    "un instant."
)


def of_own_order(page: Page) -> Callable[[HttpRequest, str], HttpResponse]:
    """Signed in, and one's own order; what it refuses leads back to it with the reason."""

    @login_required
    @never_cache
    @wraps(page)
    def guarded(request: HttpRequest, reference: str) -> HttpResponse:
        order = get_object_or_404(_own(request), reference=reference)
        try:
            return page(request, order)
        except REFUSALS as refused:
            messages.error(request, why_refused(refused, order))
            return redirect("order", reference=reference)

    return guarded


def _own(request: HttpRequest) -> Any:
    return orders_of(_ids(request))


def _ids(request: HttpRequest) -> list[int]:
    """The party that is signed in. Two queries a request."""
    known: list[int] | None = getattr(request, _PARTY, None)
    if known is None:
        known = customer_ids(customer_for_user(request.user))  # type: ignore[arg-type]
        setattr(request, _PARTY, known)
    return known


@require_http_methods(["GET", "HEAD", "POST"])
@of_own_order
def amend(request: HttpRequest, order: Order) -> HttpResponse:
    """Quantities, slot and address on one form. Seven queries of its own, however many lines."""
    services.must_be_amendable(order)
    lines = list(order.lines.select_related("product"))
    fixed = settled_lines(order, lines)
    free = [line for line in lines if line.pk not in fixed]
    form = AmendForm(_typed(request, order), initial=AmendForm.initial_of(order), order=order, lines=free)
    if request.method == "POST":
        steps = {line.pk: _step(line) for line in free}
        if changed := stepped({name: request.POST[name] for name in request.POST}, steps):
            _keep(request, order, changed)
            line = request.POST.get("plus") or request.POST.get("moins")
            return HttpResponseRedirect(f"{request.path}#{LINE}{line}")
        if form.is_valid():
            return _to_recap(request, order, form)
    return _form_page(request, order, form, lines, fixed)


def _step(line: OrderLine) -> int:
    return line.product.step if line.product else line.quantity


def _typed(request: HttpRequest, order: Order) -> Any:
    if request.method == "POST":
        return request.POST
    kept = request.session.get(SESSION_WISHES)
    return kept["typed"] if kept and kept["reference"] == order.reference else None


def _keep(request: HttpRequest, order: Order, typed: dict[str, str]) -> None:
    known = {
        name: value for name, value in typed.items() if name not in {"csrfmiddlewaretoken", "plus", "moins"}
    }
    request.session[SESSION_WISHES] = {"reference": order.reference, "typed": known}


def _to_recap(request: HttpRequest, order: Order, form: AmendForm) -> HttpResponse:
    typed = {name: str(form.data[name]) for name in form.fields if name in form.data}
    _keep(request, order, typed)
    try:
        proposal = services.propose(order, _wishes(request, order, form))
        if not proposal.changes_anything:
            raise services.NothingChanges
    except REFUSALS as refused:
        messages.error(request, why_refused(refused, order))
        return redirect("amend_order", reference=order.reference)
    return redirect("amend_recap", reference=order.reference)


def _wishes(request: HttpRequest, order: Order, form: AmendForm) -> Wishes:
    """What was typed, and the basket as it is now where its lines are to be added."""
    basket = shopper_of(request).basket if form.cleaned_data["with_basket"] else None
    added = {line.product_id: line.quantity for line in shopper_of(request).lines} if basket else {}
    return Wishes(
        quantities=form.quantities,
        slot_id=form.cleaned_data["slot"],
        address=form.address,
        added=added,
        basket_key=basket.key if basket and added else None,
    )


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the form; without a field it stays as it is."""

    line: OrderLine
    card: Any
    field: Any
    quantity_label: str


def _form_page(
    request: HttpRequest, order: Order, form: AmendForm, lines: list[OrderLine], fixed: set[int]
) -> HttpResponse:
    cards = cards_by_id([line.product_id for line in lines if line.product_id], order.depot_id)
    days = priced_for(
        upcoming_days(order.zone), zone=order.zone, book=book_for(order.zone_id), goods=order.goods_total
    )
    shopper = shopper_of(request)
    chosen = form["slot"].value()
    return render(
        request,
        "orders/amend.html",
        {
            "order": order,
            "form": form,
            "rows": [
                Row(
                    line,
                    cards.get(line.product_id or 0),
                    None if line.pk in fixed else form[f"{LINE}{line.pk}"],
                    quantity_label(line.sold_by, line.quantity),
                )
                for line in lines
            ],
            "days": days,
            "chosen_slot": int(chosen) if str(chosen).isdecimal() else order.slot_id,
            "basket_lines": [
                {"name": line.product.name, "quantity": quantity_label(line.product.sold_by, line.quantity)}
                for line in shopper.lines
            ],
            "live": services.live_amendment(order),
        },
        status=422 if request.method == "POST" else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@of_own_order
def amend_recap(request: HttpRequest, order: Order) -> HttpResponse:
    """What changes and what it comes to, then the button."""
    typed = _typed_before(request, order)
    form = AmendForm(typed, order=order, lines=_lines_typed(order, typed))
    payment = "" if request.method == "POST" else services.must_be_amendable(order)
    if not form.is_valid():
        return redirect("amend_order", reference=order.reference)
    wishes = _wishes(request, order, form)
    if request.method == "POST":
        return _confirm(request, order, wishes)
    try:
        proposal = services.propose(order, wishes)
        extra = services.extra_of(order, proposal, payment=payment)
    except REFUSALS as refused:
        messages.error(request, why_refused(refused, order))
        return redirect("amend_order", reference=order.reference)
    if not proposal.changes_anything:
        return redirect("amend_order", reference=order.reference)
    return render(request, "orders/amend_recap.html", _recap(order, proposal, extra, payment))


def _typed_before(request: HttpRequest, order: Order) -> Any:
    kept = request.session.get(SESSION_WISHES)
    return kept["typed"] if kept and kept["reference"] == order.reference else {}


def _lines_typed(order: Order, typed: Mapping[str, str]) -> list[OrderLine]:
    """The lines that were asked about; which may change is looked at again when they are priced. One query."""
    return [line for line in order.lines.all() if f"{LINE}{line.pk}" in typed]


def _recap(order: Order, proposal: Proposal, extra: Decimal, payment: str) -> dict[str, Any]:
    totals = proposal.totals
    before = {line.pk: line.total for line in order.lines.all()}
    return {
        "order": order,
        "proposal": proposal,
        "extra": extra,
        "is_card_saved": payment == "card_saved",
        "more": totals.total - order.total,
        "changes": [
            {
                "name": line.article.name,
                "before": quantity_label(line.article.priced.sold_by, line.before) if line.before else "",
                "after": quantity_label(line.article.priced.sold_by, line.quantity) if line.quantity else "",
                "total": line.article.priced.total,
                "total_before": before.get(line.line_id or 0),
                "promotion": line.article.promotion_label if line.article.priced.discount else "",
            }
            for line in proposal.changed
        ],
        "address": [proposal.address.get(name, "") for name in ("line1", "line2")]
        + [f"{proposal.address.get('postcode', '')} {proposal.address.get('city', '')}"],
        "summary": summed_up(totals, is_collect=order.is_collect),
    }


def _confirm(request: HttpRequest, order: Order, wishes: Wishes) -> HttpResponse:
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        return redirect("amend_recap", reference=order.reference)
    seen = Seen(
        form.cleaned_data["seen_total"], form.cleaned_data["seen_most"], form.cleaned_data["stands_on"]
    )
    try:
        amendment = _amend(request, order, wishes, seen)
    except REFUSALS as refused:
        if isinstance(refused, services.MoveRefused):
            raise
        messages.error(request, why_refused(refused, order))
        stays = isinstance(refused, services.ProposalChanged)
        return redirect("amend_recap" if stays else "amend_order", reference=order.reference)
    if amendment is None:
        messages.error(request, _(PAYMENT_SILENT))
        return redirect("order", reference=order.reference)
    request.session.pop(SESSION_WISHES, None)
    if amendment.is_live:
        return _to_payment(request, amendment)
    messages.success(request, _("Votre commande est modifiée."))
    return redirect("order", reference=order.reference)


def _amend(request: HttpRequest, order: Order, wishes: Wishes, seen: Seen) -> Amendment | None:
    """Other wishes than those whose payment is running: these are given up first. None while that is not known."""
    own = {"reference": order.reference, "customer_ids": _ids(request)}
    try:
        return services.amend_order(**own, wishes=wishes, seen=seen)  # type: ignore[arg-type]
    except services.AmendmentUnderWay as running:
        why = Amendment.Why.REPLACED
        if services.give_up_amendment(amendment_id=running.amendment_id, why=why) != Amendment.State.DROPPED:
            return None
        return services.amend_order(**own, wishes=wishes, seen=seen)  # type: ignore[arg-type]


def _to_payment(request: HttpRequest, amendment: Amendment) -> HttpResponse:
    """The payment page of a difference; the same one however often it is asked for."""
    order = amendment.order
    try:
        key = services.payment_of(amendment)
        url = payments.open_payment_page(
            key=key,
            return_url=request.build_absolute_uri(reverse("amend_return", args=[order.reference, key])),
            cancel_url=request.build_absolute_uri(reverse("order", args=[order.reference])),
            deadline=min(amendment.expires_at, order.slot.cutoff_at),
        )
    except payments.PaymentAlreadySecured:
        return _settled(request, amendment)
    except payments.PaymentError:
        logger.warning("payment page not opened for %s of order %s", amendment.occasion, order.reference)
        messages.error(request, _(PAYMENT_SILENT))
        return redirect("order", reference=order.reference)
    return HttpResponseRedirect(url)


@login_required
@require_POST
@never_cache
def amend_pay(request: HttpRequest, reference: str) -> HttpResponse:
    """Go on with a payment that was left."""
    amendment = services.live_amendment(get_object_or_404(_own(request), reference=reference))
    if amendment is None or amendment.expires_at <= timezone.now():
        messages.info(request, _("Cette modification n’attend plus de paiement."))
        return redirect("order", reference=reference)
    return _to_payment(request, amendment)


@login_required
@require_POST
@never_cache
def amend_give_up(request: HttpRequest, reference: str) -> HttpResponse:
    """Keep the order as it was."""
    amendment = services.live_amendment(get_object_or_404(_own(request), reference=reference))
    if amendment is None:
        return redirect("order", reference=reference)
    outcome = services.give_up_amendment(amendment_id=amendment.pk, why=Amendment.Why.GIVEN_UP)
    if outcome == Amendment.State.DROPPED:
        messages.success(
            request, _("C’est noté\u202f: votre commande reste telle quelle, rien de plus ne sera débité.")
        )
    elif outcome == Amendment.State.APPLIED:
        messages.info(request, _("Le complément était déjà payé\u202f: votre commande est modifiée."))
    else:
        messages.error(request, _(PAYMENT_SILENT))
    return redirect("order", reference=reference)


@login_required
@require_safe
@never_cache
def amend_return(request: HttpRequest, reference: str, key: str) -> HttpResponse:
    """Back from the payment page: ask the provider, and say where it stands."""
    order = get_object_or_404(_own(request), reference=reference)
    amendment = order.amendments.first()
    if amendment is None or order_of_payment(key) != reference:
        return redirect("order", reference=reference)
    try:
        payments.refresh(key=key)
    except payments.ProviderUnavailable:
        logger.warning("no answer about %s of order %s", amendment.occasion, reference)
    return _settled(request, amendment)


def _settled(request: HttpRequest, amendment: Amendment) -> HttpResponse:
    state = services.settle_paid(amendment_id=amendment.pk)
    reference = amendment.order.reference
    if state == Amendment.State.APPLIED:
        messages.success(request, _("Le complément est autorisé\u202f: votre commande est modifiée."))
    elif state == Amendment.State.DROPPED:
        messages.error(
            request,
            _(
                "La modification n’a pas pu être faite\u202f: votre commande reste telle quelle, le complément n’est pas débité."
            ),
        )
    elif payment_state(reference, amendment.occasion) in {"refused", "lapsed"}:
        messages.error(
            request,
            _(
                "Le complément a été refusé\u202f: votre commande reste telle quelle, rien de plus n’est débité."
            ),
        )
    else:
        messages.info(
            request,
            _(
                "Votre banque n’a pas encore répondu\u202f: votre commande sera modifiée dès que le complément est autorisé."
            ),
        )
    return redirect("order", reference=reference)
