"""What shoppers say is wrong, for the team that keeps the catalogue."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from config.admin import KeepsSecret, NothingToSave, Tags, Undeletable, found
from shop.search.models import ProductReport
from shop.search.services import ReportAlreadyHandled, settle_reports

State = ProductReport.State
SHOWN_WORDS = 80


class OverdueFilter(admin.SimpleListFilter):
    title = _("délai")
    parameter_name = "delai"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [("retard", _("en retard, plus d’un jour ouvré"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ProductReport]) -> QuerySet[ProductReport]:
        late = {"state": State.OPEN, "due_at__lt": timezone.now()}
        return queryset.filter(**late) if self.value() == "retard" else queryset


@admin.register(ProductReport)
class ProductReportAdmin(KeepsSecret, NothingToSave, Undeletable, ModelAdmin):
    """Open ones first, allergens before all else, then the oldest."""

    secret_fields = frozenset({"email"})
    list_display = ("product", "shown_kind", "words_begin", "age", "shown_state", "is_late")
    list_filter = ("state", "kind", OverdueFilter)
    list_select_related = ("product", "handled_by")
    search_fields = ("product__name__unaccent", "product__ean", "words")
    ordering = (
        Case(When(state=State.OPEN, then=Value(0)), default=Value(1), output_field=IntegerField()),
        Case(When(kind=ProductReport.Kind.ALLERGENS, then=Value(0)), default=Value(1), output_field=IntegerField()),
        "received_at",
    )  # fmt: skip
    actions = ("settle_corrected", "settle_unfounded")
    actions_detail = ("settle_as_corrected", "settle_as_unfounded")
    fieldsets = (
        (_("Signalement"), {"fields": ("product_link", "kind", "words", "email", "received_at", "due_at")}),
        (_("Suite"), {"fields": ("state", "handled_at", "handled_by")}),
    )
    readonly_fields = tuple(field for _name, options in fieldsets for field in options["fields"])

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @display(description=_("ce qui ne va pas"), label=Tags({"allergens": "danger"}), ordering="kind")
    def shown_kind(self, report: ProductReport) -> tuple[str, str]:
        return report.kind, report.get_kind_display()

    @display(description=_("message"))
    def words_begin(self, report: ProductReport) -> str:
        words = report.words
        return words if len(words) <= SHOWN_WORDS else f"{words[:SHOWN_WORDS].rstrip()}…"

    @display(description=_("reçue il y a"), ordering="received_at")
    def age(self, report: ProductReport) -> str:
        return timesince(report.received_at, report.handled_at or timezone.now(), depth=1)

    @display(
        description=_("état"),
        label=Tags({"open": "warning", "corrected": "success", "unfounded": "info"}),
        ordering="state",
    )
    def shown_state(self, report: ProductReport) -> tuple[str, str]:
        return report.state, report.get_state_display()

    @display(description=_("en retard"), boolean=True, ordering="due_at")
    def is_late(self, report: ProductReport) -> bool:
        return report.state == State.OPEN and report.due_at < timezone.now()

    @display(description=_("produit"))
    def product_link(self, report: ProductReport) -> str:
        address = reverse("admin:catalogue_product_change", args=[report.product_id])
        return format_html('<a href="{}">{}</a>', address, report.product)

    @admin.action(description=_("Marquer corrigées"), permissions=["change"])
    def settle_corrected(self, request: HttpRequest, queryset: QuerySet[ProductReport]) -> None:
        self._settle(request, list(queryset.values_list("pk", flat=True)), State.CORRECTED)

    @admin.action(description=_("Marquer sans objet"), permissions=["change"])
    def settle_unfounded(self, request: HttpRequest, queryset: QuerySet[ProductReport]) -> None:
        self._settle(request, list(queryset.values_list("pk", flat=True)), State.UNFOUNDED)

    @action(description=_("Corrigée"), url_path="corrigee", permissions=["change"], icon="check")
    def settle_as_corrected(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return self._settle_one(request, object_id, State.CORRECTED)

    @action(description=_("Sans objet"), url_path="sans-objet", permissions=["change"], icon="block")
    def settle_as_unfounded(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return self._settle_one(request, object_id, State.UNFOUNDED)

    def _settle_one(self, request: HttpRequest, object_id: int, state: State) -> HttpResponse:
        self._settle(request, [found(self, request, object_id).pk], state)
        return HttpResponseRedirect(reverse("admin:search_productreport_changelist"))

    def _settle(self, request: HttpRequest, ids: list[int], state: State) -> None:
        assert request.user.pk is not None  # noqa: S101 - the admin let this person in
        try:
            count = settle_reports(report_ids=ids, state=state, user_id=request.user.pk)
        except ReportAlreadyHandled:
            self.message_user(request, _("Déjà traité : rien n’a été changé."), messages.WARNING)
            return
        text = ngettext("%(n)s signalement traité.", "%(n)s signalements traités.", count) % {"n": count}
        self.message_user(request, text, messages.SUCCESS)
