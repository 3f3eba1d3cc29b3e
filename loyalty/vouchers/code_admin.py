"""Shared codes for staff: what each gave and has left, the orders it served, written, stopped, copied."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from config.admin import ReadOnly, Tags, Undeletable, found, in_euros, own_id
from config.numbers import short_decimal
from config.templatetags.cabas import euros, grouped
from loyalty.vouchers import codes
from loyalty.vouchers.code_forms import SharedCodeForm, choice_of, choices_of, said
from loyalty.vouchers.models import SharedCode, Voucher
from loyalty.vouchers.ports import names_of, shelves
from loyalty.vouchers.rules import MOST_TYPED
from loyalty.vouchers.wording import audience_said, fault_said, listed, worth_said

STATES = {
    "live": _("en cours"), "planned": _("à venir"), "spent": _("épuisé"), "ended": _("terminé"), "stopped": _("arrêté"),
}  # fmt: skip
COLOURS = Tags({"live": "success", "planned": "info", "spent": "warning", "ended": "", "stopped": "danger"})
VOUCHER_STATES = {
    "live": _("rendu, à utiliser"), "planned": _("à venir"), "held": _("pris par une commande"), "used": _("utilisé"),
    "expired": _("rendu, trop tard"), "cancelled": _("annulé"),
}  # fmt: skip


class UseInline(ReadOnly, TabularInline):
    """The customers who had it, and the order that holds or used it."""

    model = Voucher
    fk_name = "shared_code"
    extra = 0
    per_page = 50
    fields = readonly_fields = ["granted_at", "owner", "order_reference", "amount_said", "state_said"]
    verbose_name_plural = _("utilisations")
    hide_title = True
    amount_said = in_euros("amount", _("déduit"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Voucher]:
        vouchers: QuerySet[Voucher] = super().get_queryset(request)
        return vouchers.select_related("owner", "shared_code")

    @display(description=_("état"))
    def state_said(self, voucher: Voucher) -> str:
        return str(VOUCHER_STATES[voucher.state])


class CodeStateFilter(admin.SimpleListFilter):
    title = _("état")
    parameter_name = "etat"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(STATES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[SharedCode]) -> QuerySet[SharedCode]:
        now = timezone.now()
        going, spent = Q(stopped_at=None, ends_at__gt=now), Q(spent=F("budget")) | Q(uses=F("most_uses"))
        # Where there is no limit a comparison with it is neither true nor false.
        unspent = (Q(budget=None) | Q(spent__lt=F("budget"))) & (
            Q(most_uses=None) | Q(uses__lt=F("most_uses"))
        )
        of = {
            "stopped": Q(stopped_at__isnull=False),
            "ended": Q(stopped_at=None, ends_at__lte=now),
            "spent": going & spent,
            "planned": going & unspent & Q(starts_at__gt=now),
            "live": going & unspent & Q(starts_at__lte=now),
        }
        return queryset.filter(of[self.value() or ""]) if self.value() in of else queryset


@admin.register(SharedCode)
class SharedCodeAdmin(Undeletable, ModelAdmin):
    form = SharedCodeForm
    list_display = [
        "code",
        "worth",
        "state_said",
        "audience_said",
        "uses_said",
        "spent_said",
        "starts_at",
        "ends_at",
    ]
    list_filter = [CodeStateFilter, "kind", "audience"]
    list_per_page = 50
    search_fields = ["code"]
    search_help_text = _("code")
    inlines = [UseInline]
    actions_detail = ["stop", "copy"]
    readonly_fields = [
        "state_word",
        "worth",
        "audience_said",
        "scope_said",
        "uses_said",
        "spent_said",
        "written",
    ]
    fieldsets = (
        (_("Où en est-il\u202f?"), {"fields": ("state_word", "worth", "scope_said", "audience_said", "uses_said", "spent_said", "written")}),
        (_("Code"), {"fields": ("code", "kind", ("value", "ceiling"), ("minimum_goods", "first_order_only"))}),
        (_("Sur quoi"), {"fields": ("scope",)}),
        (_("Pour qui"), {"fields": (("audience", "audience_number"),)}),
        (_("Quand"), {"fields": ("starts_at", "ends_at")}),
        (_("Limites"), {"fields": (("budget", "most_uses"),)}),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[SharedCode]:
        found_codes: QuerySet[SharedCode] = super().get_queryset(request)
        had = Voucher.objects.filter(shared_code=OuterRef("pk"))
        return found_codes.select_related("written_by").annotate(was_had=Exists(had))

    def get_fieldsets(self, request: HttpRequest, obj: SharedCode | None = None) -> Any:
        if obj is None:
            return self.fieldsets[1:]
        if not self.has_change_permission(request, obj):
            # What it is for is no field of the row: its words stand above.
            return [part for part in self.fieldsets if "scope" not in part[1]["fields"]]
        return self.fieldsets

    def get_inlines(self, request: HttpRequest, obj: SharedCode | None = None) -> Any:
        return self.inlines if obj else []

    def has_change_permission(self, request: HttpRequest, obj: SharedCode | None = None) -> bool:
        """Terms that somebody has are read, copied and stopped, no longer changed."""
        is_open = obj is None or not (getattr(obj, "was_had", False) or obj.stopped_at)
        return bool(super().has_change_permission(request, obj)) and is_open

    def has_handle_permission(self, request: HttpRequest, object_id: str | int | None = None) -> bool:
        return bool(super().has_change_permission(request))

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(never_cache(self.scope_choices))
        return [path("articles/", page, name="vouchers_code_scope"), *super().get_urls()]

    def scope_choices(self, request: HttpRequest) -> JsonResponse:
        """What is called so in the catalogue, as the field of a code asks while one types. Three queries."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        text = request.GET.get("term", "").strip()[:MOST_TYPED].replace("\0", "")
        rows = shelves().found(text) if len(text) >= 2 else []
        results = [{"id": choice_of(kind, pk), "text": said(kind, name)} for kind, pk, name in rows]
        return JsonResponse({"results": results, "pagination": {"more": False}})

    @display(description=_("offre"))
    def worth(self, code: SharedCode) -> str:
        return worth_said(kind=code.kind, value=code.value)

    @display(description=_("état"), label=COLOURS)
    def state_said(self, code: SharedCode) -> tuple[str, str]:
        return code.state, str(STATES[code.state])

    @display(description=_("état"))
    def state_word(self, code: SharedCode) -> str:
        return str(STATES[code.state])

    @display(description=_("pour qui"))
    def audience_said(self, code: SharedCode) -> str:
        return audience_said(code)

    @display(description=_("vaut pour"))
    def scope_said(self, code: SharedCode) -> str:
        return listed(names_of(code.scope), most=20) or translate("tout le panier")

    @display(description=_("utilisations"), ordering="uses")
    def uses_said(self, code: SharedCode) -> str:
        """« 12 sur 100 »."""
        if code.most_uses is None:
            return grouped(code.uses)
        return translate("%(uses)s sur %(most)s") % {
            "uses": grouped(code.uses),
            "most": grouped(code.most_uses),
        }

    @display(description=_("dépensé"), ordering="spent")
    def spent_said(self, code: SharedCode) -> str:
        """« 12,50 € sur 100,00 € »."""
        if code.budget is None:
            return euros(code.spent)
        return translate("%(spent)s sur %(budget)s") % {
            "spent": euros(code.spent),
            "budget": euros(code.budget),
        }

    @display(description=_("écrit"))
    def written(self, code: SharedCode) -> str:
        told = {"who": code.written_by, "day": f"{timezone.localtime(code.written_at):%d/%m/%Y %H:%M}"}
        return translate("par %(who)s, le %(day)s") % told

    def save_model(self, request: HttpRequest, obj: SharedCode, form: Any, change: bool) -> None:
        try:
            codes.save_code(code=obj, by_id=own_id(request))
        except codes.CodeFrozen:
            messages.error(
                request, translate("Un client vient de l’utiliser\u202f: copiez-le pour le changer.")
            )
            return
        for one in form.notices:
            messages.warning(request, fault_said(one))

    @action(description=_("Arrêter maintenant"), url_path="arreter", permissions=["handle"])
    def stop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asked once more: whoever opens an address by chance stops nothing."""
        code = found(self, request, object_id)
        page = reverse("admin:vouchers_sharedcode_change", args=[code.pk])
        if request.method != "POST":
            context = {
                **self.admin_site.each_context(request), "title": _("Arrêter ce code maintenant"), "form": Form(),
                "opts": self.model._meta, "count": 1, "sample": [code], "back": page,
            }  # fmt: skip
            return TemplateResponse(request, "catalogue/admin/bulk_change.html", context)
        if codes.stop_code(code_id=code.pk):
            self.log_change(request, code, str(_("arrêté")))
            messages.success(request, translate("Code arrêté. Les commandes passées gardent leur réduction."))
        else:
            messages.info(request, translate("Il était déjà terminé."))
        return HttpResponseRedirect(page)

    @action(description=_("Copier"), url_path="copier", permissions=["handle"])
    def copy(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The form of a new one, filled in but for its name and its dates."""
        one = found(self, request, object_id)
        sums = {name: getattr(one, name) for name in ("value", "ceiling", "minimum_goods", "budget")}
        plain = {name: getattr(one, name) for name in ("kind", "audience", "audience_number", "most_uses")}
        filled = plain | {name: short_decimal(sum_) for name, sum_ in sums.items() if sum_}
        kept = [(name, value) for name, value in filled.items() if value is not None]
        if one.first_order_only:
            kept.append(("first_order_only", "1"))
        query = urlencode([*kept, *(("scope", choice) for choice in choices_of(one.scope))])
        return HttpResponseRedirect(f"{reverse('admin:vouchers_sharedcode_add')}?{query}")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        filled: dict[str, Any] = super().get_changeform_initial_data(request)
        if "scope" in filled:
            filled["scope"] = request.GET.getlist("scope")
        return filled
