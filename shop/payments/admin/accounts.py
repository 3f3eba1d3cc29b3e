"""What the payments of an order add up to, its ledger, and the page where staff give money back."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from config.admin import ReadOnly, found, in_euros
from config.templatetags.cabas import euros
from shop.payments import services
from shop.payments.admin.ledger import AccountEntryInline
from shop.payments.forms import RefundForm
from shop.payments.models import PaymentAccount, PaymentOperation
from shop.payments.queries import refundable

BECAME = {
    PaymentOperation.State.SUCCEEDED: gettext_lazy("rendu"),
    PaymentOperation.State.REFUSED: gettext_lazy("refusé par le prestataire, à redemander"),
}
RIGHT = "payments.refund_paymentaccount"


@admin.register(PaymentAccount)
class PaymentAccountAdmin(ReadOnly, ModelAdmin):
    list_display = [
        "order_reference", "authorised_said", "captured_said", "released_said", "refunded_said", "created_at",
    ]  # fmt: skip
    fields = readonly_fields = [
        "order_reference", "authorised_said", "captured_said", "released_said", "refunded_said",
        "refundable_said", "created_at",
    ]  # fmt: skip
    search_fields = ["order_reference"]
    date_hierarchy = "created_at"
    inlines = [AccountEntryInline]
    actions_detail = ["give_back"]
    authorised_said = in_euros("authorised", gettext_lazy("autorisé"))
    captured_said = in_euros("captured", gettext_lazy("encaissé"))
    released_said = in_euros("released", gettext_lazy("libéré"))
    refunded_said = in_euros("refunded", gettext_lazy("remboursé"))

    @display(description=gettext_lazy("remboursable"))
    def refundable_said(self, account: PaymentAccount) -> str:
        return euros(refundable(account.pk))

    def has_refund_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm(RIGHT)

    @action(
        description=gettext_lazy("Rembourser…"),
        url_path="rembourser",
        permissions=["refund"],
        icon="currency_exchange",
    )
    def give_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The amount and the reason, then all of it once more to be confirmed, then the refund."""
        account = found(self, request, object_id)
        if not (self.has_view_permission(request, account) and request.user.has_perm(RIGHT)):
            raise PermissionDenied
        form = RefundForm(request.POST or None, most=refundable(account.pk))
        is_right = request.method == "POST" and "edit" not in request.POST and form.is_valid()
        if is_right and "confirm" in request.POST and self._ask(request, account, form):
            return redirect("admin:payments_paymentaccount_change", account.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Rembourser la commande %(reference)s") % {"reference": account.order_reference},
            "opts": self.opts,
            "original": account,
            "account": account,
            "form": form,
            "is_to_confirm": is_right and not form.errors,
            "reason_said": PaymentOperation.Reason(form.cleaned_data["reason"]).label
            if is_right and not form.errors
            else "",
            "given": _refunds_of(account),
        }
        return TemplateResponse(request, "payments/admin/refund.html", context)

    def _ask(self, request: HttpRequest, account: PaymentAccount, form: RefundForm) -> bool:
        told = form.cleaned_data
        try:
            services.refund(
                order_reference=account.order_reference,
                amount=told["amount"],
                occasion=told["occasion"],
                reason=told["reason"],
            )
        except services.RefundAboveCaptured:
            form.add_error(
                "amount", _("Un autre remboursement vient d’être demandé\u202f: il reste moins à rendre.")
            )
            return False
        except services.AlreadyRefunded:
            form.add_error(None, _("Ce remboursement est déjà demandé, pour un autre montant."))
            return False
        said = _("Remboursement de %(amount)s demandé\u202f: %(reason)s.") % {
            "amount": euros(told["amount"]),
            "reason": PaymentOperation.Reason(told["reason"]).label,
        }
        self.log_change(request, account, said)
        self.message_user(request, said, messages.SUCCESS)
        return True


def _refunds_of(account: PaymentAccount) -> list[tuple[PaymentOperation, str]]:
    """Each with what became of it."""
    asked = account.operations.filter(kind=PaymentOperation.Kind.REFUND).order_by("id")
    return [
        (one, str(BECAME.get(PaymentOperation.State(one.state), gettext_lazy("en cours")))) for one in asked
    ]
