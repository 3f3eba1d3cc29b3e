"""The queue of what customers give back: goods received and refunded, or a declaration closed without them."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from config.admin import ReadOnly, found
from config.forms import ReasonField
from config.templatetags.cabas import euros, first_of_month
from shop.orders import services, withdrawals
from shop.orders.models import Withdrawal
from shop.payments import services as payments

RECEIVES = "orders.receive_withdrawn_goods"


class ClosingForm(forms.Form):
    why = ReasonField(Withdrawal.Closing)


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("état")
    parameter_name = "etat"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("attendus", gettext_lazy("articles attendus")),
            ("a-rembourser", gettext_lazy("à rembourser sous trois jours")),
            ("revenus", gettext_lazy("articles revenus")),
            ("closes", gettext_lazy("closes sans retour")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Withdrawal]:
        waiting = queryset.waiting()
        narrow: dict[str, Callable[[], QuerySet[Withdrawal]]] = {
            "attendus": lambda: waiting,
            "a-rembourser": lambda: withdrawals.due_soon(waiting),
            "revenus": lambda: queryset.filter(goods_back_at__isnull=False),
            "closes": lambda: queryset.filter(goods_back_at=None, closed_at__isnull=False),
        }
        return narrow[self.value() or ""]() if self.value() in narrow else queryset


@admin.register(Withdrawal)
class WithdrawalAdmin(ReadOnly, ModelAdmin):
    """The queue of what customers give back, the soonest due first."""

    list_display = ["order", "declared_at", "what", "due_said", "became"]
    list_filter = [StateFilter, "declared_at"]
    list_select_related = ["order"]
    search_fields = ["order__reference", "email"]
    search_help_text = gettext_lazy("référence ou e-mail")
    ordering = [
        F("goods_back_at").asc(nulls_first=True),
        F("closed_at").asc(nulls_first=True),
        "refund_due_on",
        "pk",
    ]
    fields = readonly_fields = [
        "order", "name", "email", "declared_at", "what", "due_said", "goods_back_at", "goods_back_by",
        "closed_at", "closed_by", "closed_why",
    ]  # fmt: skip
    actions_detail = ["receive", "close"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Withdrawal]:
        rows: QuerySet[Withdrawal] = super().get_queryset(request)
        return rows.prefetch_related("lines__line")

    @display(description=gettext_lazy("à rendre"))
    def what(self, withdrawal: Withdrawal) -> str:
        return " · ".join(withdrawals.said_lines(withdrawal.lines.all()))

    @display(description=gettext_lazy("à rembourser avant le"), ordering="refund_due_on")
    def due_said(self, withdrawal: Withdrawal) -> str | SafeString:
        """Words too: colour is never the only sign."""
        day = f"{withdrawal.refund_due_on:%d/%m/%Y}"
        left = (withdrawal.refund_due_on - timezone.localdate()).days
        if not withdrawal.is_waiting or left > withdrawals.DUE_SOON.days:
            return day
        said = _("en retard") if left < 0 else _("urgent")
        return format_html('<strong class="text-red-700">{} ({})</strong>', day, said)

    @display(description=gettext_lazy("articles"), ordering="goods_back_at")
    def became(self, withdrawal: Withdrawal) -> str:
        if withdrawal.goods_back_at:
            return _("revenus le %(day)s") % {
                "day": date_format(timezone.localtime(withdrawal.goods_back_at), "d/m/Y")
            }
        return withdrawal.get_closed_why_display() or _("attendus")

    def has_receive_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm(RECEIVES)

    @action(
        description=gettext_lazy("Articles revenus…"), url_path="recevoir", permissions=["receive"],
        icon="assignment_returned",
    )  # fmt: skip
    def receive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What was declared, to be confirmed once it lies on the counter; its price is then refunded."""
        withdrawal = self._withdrawal(request, object_id)
        if request.method == "POST" and "confirm" in request.POST:
            self._receive(request, withdrawal)
            return redirect("admin:orders_withdrawal_change", withdrawal.pk)
        return self._page(request, withdrawal, "orders/admin/receive.html", _("Articles revenus"))

    @action(
        description=gettext_lazy("Clore sans retour…"), url_path="clore", permissions=["receive"],
        icon="assignment_turned_in",
    )  # fmt: skip
    def close(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Its customer keeps the goods, or they never came: nothing is refunded, and they are told."""
        withdrawal = self._withdrawal(request, object_id)
        form = ClosingForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid() and self._close(request, withdrawal, form):
            return redirect("admin:orders_withdrawal_change", withdrawal.pk)
        return self._page(
            request, withdrawal, "orders/admin/close_withdrawal.html", _("Clore sans retour"), form=form
        )

    def _withdrawal(self, request: HttpRequest, object_id: str) -> Withdrawal:
        withdrawal: Withdrawal = found(self, request, object_id)
        if not request.user.has_perm(RECEIVES):
            raise PermissionDenied
        return withdrawal

    def _page(
        self, request: HttpRequest, withdrawal: Withdrawal, template: str, title: str, **shown: Any
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "original": withdrawal,
            "title": title, "withdrawal": withdrawal,
            "lines": withdrawals.said_lines(withdrawal.lines.all()), **shown,
        }  # fmt: skip
        return TemplateResponse(request, template, context)

    def _receive(self, request: HttpRequest, withdrawal: Withdrawal) -> None:
        try:
            done = services.receive_withdrawn_goods(withdrawal_id=withdrawal.pk, by_id=request.user.pk)
        except (services.MoreThanBilled, services.NothingToRefund, payments.RefundAboveCaptured):
            messages.error(
                request, _("Ces articles sont déjà remboursés, ou leur paiement n’est pas encaissé.")
            )
            return
        if done.refund is None:
            raise Http404
        said = _("Articles revenus, %(amount)s remboursés.") % {"amount": euros(done.refund.amount)}
        self.log_change(request, withdrawal, said)
        messages.success(request, said)

    def _close(self, request: HttpRequest, withdrawal: Withdrawal, form: ClosingForm) -> bool:
        """Whether it is closed; ``form`` says why not."""
        why = form.cleaned_data["why"]
        try:
            services.close_withdrawal(withdrawal_id=withdrawal.pk, why=why, by_id=request.user.pk)
        except services.WithdrawalEnded:
            form.add_error(None, _("Cette rétractation est déjà réglée."))
        except services.GoodsMayStillCome:
            form.add_error(
                "why",
                _("Le client a jusqu’au %(day)s pour renvoyer ses articles.")
                % {"day": first_of_month(date_format(withdrawal.refund_due_on, "j F Y"))},
            )
        else:
            said = _("Rétractation close, sans remboursement\u202f: %(why)s.") % {
                "why": Withdrawal.Closing(why).label
            }
            self.log_change(request, withdrawal, said)
            messages.success(request, said)
            return True
        return False
