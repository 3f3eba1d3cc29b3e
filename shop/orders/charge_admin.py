"""Where staff ask for the money of closed crates themselves, and say why."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from config.forms import ReasonField
from config.templatetags.cabas import euros
from shop.orders import services
from shop.orders.models import Order, OrderEvent
from shop.orders.order_actions import OrderActions
from shop.payments import services as payments
from shop.payments.queries import capturable


class ChargeForm(forms.Form):
    why = ReasonField(OrderEvent.ChargeReason)


class TakesMoney(OrderActions):
    """The hourly task asks by itself; whoever knows more need not wait for it."""

    @action(
        description=gettext_lazy("Encaisser…"), url_path="encaisser", permissions=["refund"], icon="payments"
    )
    def charge(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = self._order(request, object_id)
        is_due = services.is_charge_due(order)
        form = ChargeForm(request.POST if request.method == "POST" else None)
        if is_due and request.method == "POST" and form.is_valid():
            if said := _charged(request, order, form.cleaned_data["why"]):
                return self._done(request, order, said)
            return self._page(request, order, "orders/admin/charge.html", **_shown(order, form), status=409)
        return self._page(
            request, order, "orders/admin/charge.html", **_shown(order, form if is_due else None)
        )


def _shown(order: Order, form: ChargeForm | None) -> dict[str, Any]:
    return {
        "title": _("Encaisser la commande %(reference)s") % {"reference": order.reference},
        "form": form,
        "total": order.bill.total if form else None,
        "capturable": capturable(order.reference) if form else None,
    }


def _charged(request: HttpRequest, order: Order, why: str) -> str:
    """What is said once it is asked for; nothing where it cannot be."""
    try:
        total = services.charge_by_hand(reference=order.reference, why=why, by_id=request.user.pk)
    except services.NothingToCharge:
        messages.error(request, _("Il n’y a rien à encaisser\u202f: la somme est déjà prise, ou demandée."))
    except payments.PaymentClosed:
        messages.error(
            request, _("L’autorisation a été rendue au client\u202f: convenez avec lui d’un autre paiement.")
        )
    except (payments.NothingAuthorised, payments.CaptureAboveAuthorised):
        messages.error(request, _("Aucune autorisation ne couvre plus cette somme\u202f: convenez d’un autre paiement avec le client."))  # fmt: skip
    else:
        return _("Encaissement de %(amount)s demandé\u202f: %(why)s.") % {
            "amount": euros(total), "why": OrderEvent.ChargeReason(why).label,
        }  # fmt: skip
    return ""
