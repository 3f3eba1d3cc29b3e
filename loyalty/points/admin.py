"""Points for staff: the rules, each added and none typed over, and the book of every account, read alone."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from config.admin import ReadOnly, Undeletable, own_id
from loyalty.points.forms import TermsForm
from loyalty.points.models import PointAccount, PointEntry, PointTerms
from loyalty.points.wording import change_said, sentence


@admin.register(PointTerms)
class PointTermsAdmin(Undeletable, ModelAdmin):
    form = TermsForm
    list_display = [
        "starts_at",
        "step",
        "points",
        "hundred_worth",
        "pending_days",
        "lasts_months",
        "written_by",
    ]
    list_select_related = ["written_by"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        last = PointTerms.objects.first()
        kept = [name for name in TermsForm.Meta.fields if name != "starts_at"]
        return {name: getattr(last, name) for name in kept} if last else {}

    def save_model(self, request: HttpRequest, obj: PointTerms, form: Any, change: bool) -> None:
        obj.written_by_id = own_id(request)
        super().save_model(request, obj, form, change)


class EntryInline(ReadOnly, TabularInline):
    model = PointEntry
    extra = 0
    fields = readonly_fields = ["at", "kind", "change", "why", "order_reference", "by"]
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[PointEntry]:
        entries: QuerySet[PointEntry] = super().get_queryset(request)
        return entries.select_related("by")

    @display(description=_("points"))
    def change(self, entry: PointEntry) -> str:
        return change_said(entry.points)

    @display(description=_("pour"))
    def why(self, entry: PointEntry) -> str:
        return sentence(entry)


@admin.register(PointAccount)
class PointAccountAdmin(ReadOnly, ModelAdmin):
    list_display = ["customer", "balance", "debt"]
    list_select_related = ["customer"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["=customer__id", "=orders__order_reference"]
    search_help_text = _("numéro de client ou de commande")
    fields = readonly_fields = ["customer", "balance", "debt"]
    inlines = [EntryInline]
