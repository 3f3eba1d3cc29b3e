"""Vouchers for staff: read by all who answer customers, granted and taken back by those who may."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from config.admin import KeepsSecret, ReadOnly, Tags, found, in_euros
from loyalty.vouchers import code_admin as code_admin
from loyalty.vouchers import services
from loyalty.vouchers.forms import CancelForm, GrantForm
from loyalty.vouchers.models import Voucher, VoucherEntry
from loyalty.vouchers.rules import VoucherRefused
from loyalty.vouchers.wording import conditions_of, refusal_said

GRANT = "vouchers.grant_voucher"
STATES = {
    "live": _("à utiliser"), "planned": _("à venir"), "held": _("pris par une commande"), "used": _("utilisé"),
    "expired": _("expiré"), "cancelled": _("annulé"),
}  # fmt: skip


class EntryInline(ReadOnly, TabularInline):
    model = VoucherEntry
    extra = 0
    fields = ["at", "kind", "order_reference", "amount_said", "reason", "by"]
    readonly_fields = fields
    hide_title = True
    amount_said = in_euros("amount", _("déduit"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[VoucherEntry]:
        entries: QuerySet[VoucherEntry] = super().get_queryset(request)
        return entries.select_related("by")


class StateFilter(admin.SimpleListFilter):
    title = _("état")
    parameter_name = "etat"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(state, STATES[state]) for state in ("live", "held", "used", "expired", "cancelled")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Voucher]) -> QuerySet[Voucher]:
        now = timezone.now()
        free, is_stopped = Q(order_reference="", cancelled_at=None), Q(shared_code__stopped_at__isnull=False)
        of = {
            "live": free & ~is_stopped & Q(valid_from__lte=now, valid_until__gt=now),
            "held": Q(order_reference__gt="", used_at=None),
            "used": Q(used_at__isnull=False),
            "expired": free & (is_stopped | Q(valid_until__lte=now)),
            "cancelled": Q(cancelled_at__isnull=False),
        }
        return queryset.filter(of[self.value() or ""]) if self.value() in of else queryset


@admin.register(Voucher)
class VoucherAdmin(KeepsSecret, ReadOnly, ModelAdmin):
    list_display = ["label_said", "state_said", "owner_said", "origin", "conditions_said", "order_reference", "granted_at"]  # fmt: skip
    list_filter = [StateFilter, "kind", "origin", "granted_at"]
    list_select_related = ["owner", "shared_code"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["=order_reference", "=source"]
    search_help_text = _("référence de commande ou d’origine")
    # Compared with what one knows, a digest would tell whether a code is right.
    secret_fields = frozenset({"code_digest"})
    actions_list = ["open_grant"]
    actions_detail = ["take_back"]
    inlines = [EntryInline]
    fields = [
        "label_said", "state_word", "owner_said", "conditions_said", "origin", "source", "granted_at",
        "order_reference", "amount_said", "used_at", "cancelled_at",
    ]  # fmt: skip
    readonly_fields = fields
    amount_said = in_euros("amount", _("déduit"))

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(never_cache(self.grant_page))
        return [path("accorder/", page, name="vouchers_grant"), *super().get_urls()]

    def has_grant_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        return bool(request.user.has_perm(GRANT))

    @display(description=_("bon"), ordering="kind")
    def label_said(self, voucher: Voucher) -> str:
        return voucher.label

    @display(
        description=_("état"),
        label=Tags(
            {"live": "success", "held": "warning", "used": "info", "expired": "", "cancelled": "danger"}
        ),
    )
    def state_said(self, voucher: Voucher) -> tuple[str, str]:
        return voucher.state, str(STATES[voucher.state])

    @display(description=_("état"))
    def state_word(self, voucher: Voucher) -> str:
        return str(STATES[voucher.state])

    @display(description=_("client"), ordering="owner")
    def owner_said(self, voucher: Voucher) -> str:
        owner = voucher.owner
        return f"{owner.first_name} {owner.last_name}".strip() or f"n° {owner.pk}" if owner else "–"

    @display(description=_("conditions"))
    def conditions_said(self, voucher: Voucher) -> str:
        return ", ".join(conditions_of(voucher))

    @action(description=_("Accorder un bon"), url_path="accorder-un-bon", permissions=["grant"])
    def open_grant(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:vouchers_grant"))

    def grant_page(self, request: HttpRequest) -> HttpResponse:
        """The code is on the answer to this POST alone: no address, no log and no later page shows it."""
        if not self.has_grant_permission(request):
            raise PermissionDenied
        form = GrantForm(request.POST or None)
        made = None
        if request.method == "POST" and form.is_valid():
            made = services.grant(**form.granted(), by_id=request.user.pk)
            if made.code:
                self.log_addition(request, made.voucher, str(_("accordé")))
        context = {
            **self.admin_site.each_context(request), "title": _("Accorder un bon"), "opts": self.model._meta,
            "form": form, "granted": made,
            "conditions": ", ".join(conditions_of(made.voucher)) if made else "",
        }  # fmt: skip
        return TemplateResponse(request, "vouchers/admin/grant.html", context)

    @action(description=_("Annuler ce bon"), url_path="annuler", permissions=["grant"], icon="block")
    def take_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        voucher = found(self, request, object_id)
        form = CancelForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            self._cancel(request, voucher, form.cleaned_data["reason"])
            return redirect("admin:vouchers_voucher_change", voucher.pk)
        context = {
            **self.admin_site.each_context(request), "title": _("Annuler ce bon"), "opts": self.model._meta,
            "form": form, "voucher": voucher, "conditions": ", ".join(conditions_of(voucher)),
        }  # fmt: skip
        return TemplateResponse(request, "vouchers/admin/cancel.html", context)

    def _cancel(self, request: HttpRequest, voucher: Voucher, reason: str) -> None:
        try:
            services.cancel(voucher_id=voucher.pk, reason=reason, by_id=request.user.pk)
        except VoucherRefused as refused:
            self.message_user(request, refusal_said(refused), messages.ERROR)
            return
        self.log_change(request, voucher, str(_("annulé")))
        self.message_user(request, _("Le bon est annulé."), messages.SUCCESS)
