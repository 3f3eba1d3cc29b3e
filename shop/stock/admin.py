"""Stock for staff: read, changed in bulk through services; and the page that imports products."""

import tempfile
from pathlib import Path
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, Q, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from import_export import fields, resources
from import_export.admin import ExportMixin
from import_export.formats.base_formats import CSV, XLSX
from unfold.admin import ModelAdmin
from unfold.contrib.import_export.forms import ExportForm
from unfold.decorators import action, display

from config.admin import NothingToSave, Undeletable
from config.templatetags.cabas import french_number, grams
from shop.stock.forms import ImportForm, StockForm
from shop.stock.importing import FileRefused, ImportBusy, ImportReport, RejectsGone, open_rejects, run_import
from shop.stock.models import StockItem
from shop.stock.services import StockRefused, change_stock

SHOWN_REJECTS = 500


class StockResource(resources.ModelResource):
    """Stock as counted, for a spreadsheet. Exported only."""

    ean = fields.Field(attribute="product__ean")
    name = fields.Field(attribute="product__name")
    depot = fields.Field(attribute="depot__code")

    class Meta:
        model = StockItem
        fields = (
            "ean",
            "name",
            "depot",
            "available",
            "unit_cost",
            "cost_since",
            "shelf_position",
            "expected_restock_on",
        )
        export_order = fields


class OutOfStockFilter(admin.SimpleListFilter):
    title = _("disponibilité")
    parameter_name = "dispo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("rupture", _("en rupture")), ("ok", _("en stock"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[StockItem]) -> QuerySet[StockItem]:
        out = Q(available=0) | Q(product__sold_by="weight", available__lt=F("product__weight_step_g"))
        if self.value() == "rupture":
            return queryset.filter(out, product__is_published=True)
        return queryset.exclude(out) if self.value() == "ok" else queryset


@admin.register(StockItem)
class StockItemAdmin(ExportMixin, NothingToSave, Undeletable, ModelAdmin):
    resource_classes = [StockResource]
    export_form_class = ExportForm
    list_display = (
        "product",
        "depot",
        "available_shown",
        "cost_shown",
        "cost_since",
        "shelf_position",
        "expected_restock_on",
    )
    list_select_related = ("product", "depot")
    list_filter = (OutOfStockFilter, "depot")
    list_per_page = 100
    show_full_result_count = False
    search_fields = ("product__name__unaccent", "product__ean")
    ordering = ("product__sort_name", "pk")
    fields = readonly_fields = list_display
    actions = ("change_chosen",)
    actions_list = ("open_import",)

    def get_export_formats(self) -> list[type]:
        return [CSV, XLSX]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("importer-des-produits/", view(self.import_page), name="stock_import"),
            path("importer-des-produits/rejets/<str:name>", view(self.rejects_file), name="stock_rejects"),
        ]
        return [*own, *super().get_urls()]

    @display(description=_("disponible"), ordering="available")
    def available_shown(self, item: StockItem) -> str:
        return grams(item.available) if item.product.sold_by_weight else str(item.available)

    @display(description=_("coût d’achat HT"), ordering="unit_cost")
    def cost_shown(self, item: StockItem) -> str:
        unit = _("kg") if item.product.sold_by_weight else _("pièce")
        return f"{french_number(item.unit_cost, 4)}\u00a0€/{unit}"

    @admin.action(description=_("Changer le stock…"), permissions=["change"])
    def change_chosen(self, request: HttpRequest, queryset: QuerySet[StockItem]) -> HttpResponse | None:
        form = StockForm(request.POST if "confirm" in request.POST else None)
        if form.is_valid() and self._change(request, form, queryset):
            return None
        context = {
            **self.admin_site.each_context(request), "title": _("Changer le stock"), "form": form,
            "opts": self.model._meta, "count": queryset.count(), "action": "change_chosen",
            "sample": [f"{item.product} ({item.depot})" for item in queryset[:20]],
            "across": request.POST.get("select_across") == "1",
            "selected": request.POST.getlist("_selected_action"),
        }  # fmt: skip
        return TemplateResponse(request, "catalogue/admin/bulk_change.html", context)

    def _change(self, request: HttpRequest, form: StockForm, queryset: QuerySet[StockItem]) -> bool:
        try:
            count = change_stock(item_ids=list(queryset.values_list("pk", flat=True)), **form.cleaned_data)
        except StockRefused:
            form.add_error("quantity", _("Un article tomberait sous zéro\u202f: rien n’a été changé."))
            return False
        text = ngettext("%(n)s stock modifié.", "%(n)s stocks modifiés.", count) % {"n": count}
        self.message_user(request, text, messages.SUCCESS)
        return True

    @action(description=_("Importer un fichier"), url_path="importer", permissions=["change"])
    def open_import(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:stock_import"))

    def import_page(self, request: HttpRequest) -> HttpResponse:
        """Check or apply a file of products; the counts and the refused lines on the same page."""
        self._require_import_rights(request)
        form = ImportForm(request.POST or None, request.FILES or None)
        report = self._import(form) if request.method == "POST" and form.is_valid() else None
        context = {
            **self.admin_site.each_context(request), "title": _("Importer des produits"), "form": form,
            "report": report, "rejects": report.rejects[:SHOWN_REJECTS] if report else [],
            "opts": self.model._meta,
        }  # fmt: skip
        return TemplateResponse(request, "stock/admin/import.html", context)

    def rejects_file(self, request: HttpRequest, name: str) -> HttpResponseBase:
        """The lines an import refused, for a spreadsheet; a file that is gone leads back with a word."""
        self._require_import_rights(request)
        try:
            return FileResponse(
                open_rejects(name), as_attachment=True, filename=name, content_type="text/csv; charset=utf-8"
            )
        except RejectsGone:
            gone = _("Ce fichier de rejets n’est plus là\u202f: relancez l’import pour l’obtenir de nouveau.")
            self.message_user(request, gone, messages.ERROR)
            return HttpResponseRedirect(reverse("admin:stock_import"))

    @staticmethod
    def _require_import_rights(request: HttpRequest) -> None:
        if not request.user.has_perms(["catalogue.change_product", "stock.change_stockitem"]):
            raise PermissionDenied

    def _import(self, form: ImportForm) -> ImportReport | None:
        data = form.cleaned_data
        with tempfile.TemporaryDirectory() as folder:
            # The name is the member of staff's: only its suffix is kept.
            file = Path(folder) / f"import{Path(data['file'].name).suffix.lower()}"
            with file.open("wb") as target:
                for chunk in data["file"].chunks():
                    target.write(chunk)
            try:
                return run_import(
                    file, preview=data["preview"], depot_codes=[data["depot"]],
                    demonstration=data.get("demonstration", False),
                )  # fmt: skip
            except FileRefused as refused:
                form.add_error("file", str(refused))
            except ImportBusy:
                form.add_error(None, _("Un autre import est en cours\u202f: réessayez dans une minute."))
        return None
