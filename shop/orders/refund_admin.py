"""What staff do about an order that was delivered: give back, refuse a replacement for its customer, deliver again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from config.templatetags.cabas import euros
from delivery.slots import services as slots
from delivery.slots.queries import free_slots
from shop.orders import services
from shop.orders.models import Order, OrderLine
from shop.orders.order_actions import OrderActions
from shop.orders.refund_forms import RedoForm, StaffRefundForm
from shop.orders.refunds import ledger_of, refusable, shown_refunds
from shop.orders.services import MoreThanBilled, Returned
from shop.payments import services as payments
from shop.payments.models import PaymentOperation
from shop.payments.queries import refundable
from shop.pricing.rules import NOTHING
from shop.stock import services as stock

SLOTS_SHOWN = 40


class GivesBack(OrderActions):
    """Money goes back, a replacement with it, or the articles once more."""

    # --- articles are refunded --------------------------------------------------------------------

    @action(
        description=gettext_lazy("Rembourser des articles…"), url_path="rembourser", permissions=["refund"],
        icon="currency_exchange",
    )  # fmt: skip
    def refund_lines(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = self._order(request, object_id)
        ledger = ledger_of(order)
        most = min(ledger.total_left, refundable(order.reference)) if ledger else NOTHING
        form = StaffRefundForm(request.POST or None, ledger=ledger, most=most) if ledger and most else None
        is_right = bool(form and request.method == "POST" and "edit" not in request.POST and form.is_valid())
        if form and is_right and "confirm" in request.POST:
            refund = self._refund(request, order, form)
            if refund:
                return refund
            is_right = False
        return self._page(
            request, order, "orders/admin/refund.html", form=form, is_to_confirm=is_right,
            title=_("Rembourser la commande %(reference)s") % {"reference": order.reference},
            given=shown_refunds(order).refunds,
            reason_said=PaymentOperation.Reason(form.cleaned_data["reason"]).label if form and is_right else "",
        )  # fmt: skip

    def _refund(self, request: HttpRequest, order: Order, form: StaffRefundForm) -> HttpResponse | None:
        told = form.cleaned_data
        try:
            refund = services.give_back(
                order_reference=order.reference,
                lines=[Returned(pk, quantity) for pk, quantity in form.quantities.items()],
                amount=told.get("amount") or NOTHING,
                with_delivery=told.get("with_delivery", False),
                reason=told["reason"],
                occasion=told["occasion"],
                by_id=request.user.pk,
            )
        except (MoreThanBilled, payments.RefundAboveCaptured):
            form.add_error(
                None, _("C’est plus que ce qui reste à rembourser\u202f: vérifiez les quantités et la somme.")
            )
        except services.NothingToRefund:
            form.add_error(None, _("Ce que vous avez choisi n’a rien coûté."))
        except payments.AlreadyRefunded:
            form.add_error(None, _("Ce remboursement est déjà demandé, pour un autre montant."))
        else:
            said = _("Remboursement de %(amount)s demandé\u202f: %(reason)s.") % {
                "amount": euros(refund.amount), "reason": refund.get_reason_display(),
            }  # fmt: skip
            return self._done(request, order, said)
        return None

    # --- a replacement is refused at the door -----------------------------------------------------

    @action(
        description=gettext_lazy("Remplacement refusé…"), url_path="remplacement-refuse", permissions=["refund"],
        icon="remove_shopping_cart",
    )  # fmt: skip
    def refuse_replacement(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = self._order(request, object_id)
        stands = list(order.lines.filter(replaces__isnull=False).select_related("replaces"))
        may = refusable(order, stands)
        choices = [line for line in stands if line.pk in may]
        chosen = _chosen(request, choices)
        if chosen and "confirm" in request.POST:
            said = _refused(order, chosen, request.user.pk)
            if said:
                return self._done(request, order, said)
            messages.error(request, _("Il n’y a plus rien à rembourser pour ce remplacement."))
        return self._page(
            request, order, "orders/admin/refuse.html", choices=choices, chosen=chosen,
            title=_("Remplacement refusé, commande %(reference)s") % {"reference": order.reference},
        )  # fmt: skip

    # --- a delivery is made good for --------------------------------------------------------------

    @action(
        description=gettext_lazy("Refaire une livraison…"), url_path="refaire", permissions=["refund"],
        icon="local_shipping",
    )  # fmt: skip
    def redo(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = self._order(request, object_id)
        may = order.status in {Order.Status.PACKED, Order.Status.DELIVERED}
        lines = [(line, line.quantity) for line in order.lines.exclude(product=None)] if may else []
        free = list(free_slots(order.zone)[:SLOTS_SHOWN]) if may else []
        form = RedoForm(request.POST or None, lines=lines, slots=free) if lines and free else None
        is_right = bool(form and request.method == "POST" and "edit" not in request.POST and form.is_valid())
        if form and is_right and "confirm" in request.POST:
            done = self._redo(request, order, form)
            if done:
                return done
            is_right = False
        return self._page(
            request, order, "orders/admin/redo.html", form=form, is_to_confirm=is_right,
            title=_("Refaire une livraison de la commande %(reference)s") % {"reference": order.reference},
            slot=next((one for one in free if form and is_right and one.pk == form.cleaned_data["slot"]), None),
            is_delivered=may,
        )  # fmt: skip

    def _redo(self, request: HttpRequest, order: Order, form: RedoForm) -> HttpResponse | None:
        try:
            redone = services.redo_delivery(
                order_reference=order.reference,
                quantities=form.quantities,
                slot_id=form.cleaned_data["slot"],
                key=form.cleaned_data["key"],
                by_id=request.user.pk,
            )
        except stock.StockShort:
            form.add_error(None, _("Un de ces articles n’est plus en stock en si grande quantité."))
        except services.NothingToRedo:
            form.add_error(None, _("Un de ces articles a déjà été refait, ou ne se vend plus."))
        except (slots.SlotFull, slots.SlotClosed, slots.SlotUnknown):
            form.add_error("slot", _("Ce créneau n’est plus libre\u202f: choisissez-en un autre."))
        else:
            said = _("Livraison refaite sans frais\u202f: commande %(reference)s.") % {
                "reference": redone.reference
            }
            return self._done(request, order, said)
        return None


def _chosen(request: HttpRequest, choices: list[OrderLine]) -> OrderLine | None:
    typed = request.POST.get("line", "") if request.method == "POST" else ""
    return next((line for line in choices if str(line.pk) == typed), None)


def _refused(order: Order, line: OrderLine, by_id: int | None) -> str:
    try:
        refund = services.refuse_substitute(order_reference=order.reference, line_id=line.pk, by_id=by_id)
    except (
        services.NoReplacement, services.RefusalTooLate, services.MoreThanBilled, services.NothingToRefund,
        services.MoveRefused, payments.RefundAboveCaptured,
    ):  # fmt: skip
        return ""
    if refund:
        return _("Remplacement refusé, %(amount)s remboursés\u202f: %(name)s.") % {
            "amount": euros(refund.amount), "name": line.name,
        }  # fmt: skip
    return _("Remplacement refusé, retiré de la commande\u202f: %(name)s.") % {"name": line.name}
