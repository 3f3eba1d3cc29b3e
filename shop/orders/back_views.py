"""What a customer gives back: a replacement that they refuse, and the right of withdrawal, in two steps each.

Signed in it is one's own order; with its link alone, the order's e-mail address confirms.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from config.limits import Limit, machine_of, too_many
from shop.customers.queries import customer_ids
from shop.customers.services import customer_for_user
from shop.orders import services, withdrawals
from shop.orders.models import Order, OrderLine
from shop.orders.queries import SESSION_ORDERED, order_by_token, orders_of
from shop.orders.refund_forms import ConfirmForm, WithdrawalForm
from shop.orders.refunds import is_closed
from shop.payments import services as payments

# Whoever found a link must not find the address that confirms by trying.
BACK_BY_TOKEN = Limit("back.token", most=20)
BACK_BY_MACHINE = Limit("back.machine", most=60)


@dataclass(frozen=True, slots=True)
class Access:
    """An order, where its page is, and whether its buyer is known to be here."""

    order: Order
    page: str
    knows_buyer: bool
    token: str = ""

    def spends(self) -> bool:
        return self.knows_buyer or BACK_BY_TOKEN.spend(self.token)


Page = Callable[..., HttpResponse]


def _for_owner(page: Page) -> Page:
    @never_cache
    @login_required
    @require_http_methods(["GET", "HEAD", "POST"])
    def guarded(request: HttpRequest, reference: str, **place: Any) -> HttpResponse:
        mine = customer_ids(customer_for_user(request.user))  # type: ignore[arg-type]
        order = get_object_or_404(orders_of(mine), reference=reference)
        return page(request, Access(order, reverse("order", args=[reference]), knows_buyer=True), **place)

    return guarded


def _for_guest(page: Page) -> Page:
    @never_cache
    @require_http_methods(["GET", "HEAD", "POST"])
    def guarded(request: HttpRequest, token: str, **place: Any) -> HttpResponse:
        order = order_by_token(token)
        if order is None:
            raise Http404
        if request.method == "POST" and not BACK_BY_MACHINE.spend(machine_of(request)):
            return too_many(request)
        is_buyer = request.session.get(SESSION_ORDERED) == order.reference
        access = Access(order, reverse("tracking", args=[token]), knows_buyer=is_buyer, token=token)
        answer = page(request, access, **place)
        answer["X-Robots-Tag"] = "noindex"
        return answer

    return guarded


# --- a replacement is refused ---------------------------------------------------------------------


def _refuse(request: HttpRequest, access: Access, line_id: int) -> HttpResponse:
    order = access.order
    line = get_object_or_404(order.lines.select_related("replaces"), pk=line_id, replaces__isnull=False)
    form = ConfirmForm(request.POST or None, order=order, knows_buyer=access.knows_buyer)
    if request.method != "POST":
        return _refusal_page(request, access, line, form)
    if not access.spends():
        return too_many(request)
    if access.knows_buyer or form.is_valid():
        _say_refused(request, order, line)
        return redirect(access.page)
    return _refusal_page(request, access, line, form, status=422)


def _refusal_page(
    request: HttpRequest, access: Access, line: OrderLine, form: ConfirmForm, status: int = 200
) -> HttpResponse:
    context = {
        "order": access.order, "page": access.page, "line": line, "form": form,
        "is_packed": is_closed(access.order),
    }  # fmt: skip
    return render(request, "orders/refuse.html", context, status=status)


def _say_refused(request: HttpRequest, order: Order, line: OrderLine) -> None:
    try:
        refund = services.refuse_substitute(order_reference=order.reference, line_id=line.pk)
    except services.RefusalTooLate:
        messages.error(
            request,
            _("Plus d’un jour a passé depuis votre livraison. Écrivez-nous, nous regardons ensemble."),
        )
    except payments.RefundAboveCaptured:
        messages.error(
            request, _("Votre paiement est en cours d’encaissement. Réessayez dans quelques minutes.")
        )
    except (services.NoReplacement, services.MoreThanBilled, services.NothingToRefund, services.MoveRefused):
        messages.error(
            request, _("Ce remplacement ne peut plus être refusé\u202f: il n’y a rien à rembourser.")
        )
    else:
        if refund:
            messages.success(request, _("C’est noté. Ce remplacement vous est remboursé en entier."))
        else:
            messages.success(request, _("C’est noté. Ce remplacement ne sera ni livré, ni débité."))


# --- the right of withdrawal ----------------------------------------------------------------------


def _withdraw(request: HttpRequest, access: Access) -> HttpResponse:
    """Step one says what, step two confirms: « Confirmer la rétractation » (C. conso. L221-21, D221-5)."""
    order = access.order
    lines = withdrawals.withdrawable(order)
    form = WithdrawalForm(request.POST or None, order=order, lines=lines, knows_buyer=access.knows_buyer)
    if request.method != "POST":
        return _withdrawal_page(request, access, form)
    if not access.spends():
        return too_many(request)
    if not form.is_valid():
        return _withdrawal_page(request, access, form, status=422)
    if "confirm" in request.POST and _declare(request, order, form):
        return redirect(request.path)
    if "edit" in request.POST or form.errors:
        return _withdrawal_page(request, access, form)
    return _withdrawal_page(request, access, form, is_to_confirm=True)


def _withdrawal_page(
    request: HttpRequest,
    access: Access,
    form: WithdrawalForm,
    *,
    is_to_confirm: bool = False,
    status: int = 200,
) -> HttpResponse:
    order = access.order
    context = {
        "order": order, "page": access.page, "form": form, "is_to_confirm": is_to_confirm,
        "declared": withdrawals.shown_withdrawals(order), "is_packed": is_closed(order),
        "is_open": withdrawals.is_open(order), "last_day": withdrawals.last_day(order),
    }  # fmt: skip
    return render(request, "orders/withdraw.html", context, status=status)


def _declare(request: HttpRequest, order: Order, form: WithdrawalForm) -> bool:
    told = form.cleaned_data
    try:
        services.declare_withdrawal(
            order_reference=order.reference,
            key=told["key"],
            quantities=form.quantities,
            name=told["name"],
            email=told["email"],
        )
    except services.NotWithdrawable:
        form.add_error(
            None, _("Ces articles ne peuvent plus être rendus\u202f: votre commande a changé entre-temps.")
        )
        return False
    messages.success(
        request, _("Votre rétractation est enregistrée. Un accusé de réception part par e-mail.")
    )
    return True


refuse_substitute, refuse_as_guest = _for_owner(_refuse), _for_guest(_refuse)
withdraw, withdraw_as_guest = _for_owner(_withdraw), _for_guest(_withdraw)


@never_cache
@require_safe
def withdrawal_start(request: HttpRequest) -> HttpResponse:
    """Where everybody withdraws: one's own orders that may still be, else how to find one's link. Five queries."""
    orders: list[Order] = []
    if request.user.is_authenticated:
        mine = orders_of(customer_ids(customer_for_user(request.user)))
        lately = mine.filter(status__in=[Order.Status.PACKED, Order.Status.DELIVERED])[:20]
        orders = [order for order in lately if withdrawals.is_open(order)]
    return render(request, "orders/withdrawal_start.html", {"orders": orders})
