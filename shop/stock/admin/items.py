"""Stock for staff: read, changed in bulk through services."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from import_export import fields, resources
from import_export.widgets import DecimalWidget
from unfold.admin import ModelAdmin
from unfold.decorators import display

from config.admin import NothingToSave, Undeletable
from config.exports import FrenchExport
from config.templatetags.cabas import french_number
from shop.stock.admin.importing import ImportPage
from shop.stock.admin.movements import MovementInline, in_units
from shop.stock.admin.receiving import ReceivingPage
from shop.stock.forms import StockForm
from shop.stock.models import StockItem
from shop.stock.queries import to_reorder
from shop.stock.services import StockRefused, change_stock


class StockResource(resources.ModelResource):
    """Stock as it lies there, for a spreadsheet; counted there, the file of one depot may be imported again."""

    ean = fields.Field(attribute="product__ean")
    name = fields.Field(attribute="product__name")
    depot = fields.Field(attribute="depot__code")
    stock = fields.Field(attribute="on_hand")
    to_reorder = fields.Field(attribute="to_reorder")
    cost = fields.Field(attribute="unit_cost", widget=DecimalWidget(coerce_to_string=True))

    class Meta:
        model = StockItem
        fields = (
            "ean", "name", "depot", "stock", "reserved", "available", "weekly_sales", "to_reorder", "cost",
            "cost_since", "shelf_position", "expected_restock_on",
        )  # fmt: skip
        export_order = fields


class OutOfStockFilter(admin.SimpleListFilter):
    title = _("disponibilité")
    parameter_name = "dispo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("rupture", _("en rupture")),
            ("ok", _("en stock")),
            ("manque", _("manque pour des commandes")),
            ("commander", _("à commander")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[StockItem]) -> QuerySet[StockItem]:
        if self.value() == "manque":
            return queryset.filter(reserved__gt=F("on_hand"))
        if self.value() == "commander":
            return to_reorder(queryset)
        out = Q(available=0) | Q(product__sold_by="weight", available__lt=F("product__weight_step_g"))
        if self.value() == "rupture":
            return queryset.filter(out, product__is_published=True)
        return queryset.exclude(out) if self.value() == "ok" else queryset


@admin.register(StockItem)
class StockItemAdmin(ImportPage, ReceivingPage, FrenchExport, NothingToSave, Undeletable, ModelAdmin):
    resource_classes = [StockResource]
    list_display = (
        "product",
        "depot",
        "on_hand_shown",
        "reserved_shown",
        "available_shown",
        "weekly_shown",
        "reorder_shown",
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
    actions_list = ("open_receiving", "open_import")
    inlines = (MovementInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @display(description=_("en rayon"), ordering="on_hand")
    def on_hand_shown(self, item: StockItem) -> str:
        return in_units(item.on_hand, item)

    @display(description=_("réservé"), ordering="reserved")
    def reserved_shown(self, item: StockItem) -> str:
        """With what will be missing, since that is what somebody must see."""
        if not item.reserved:
            return "–"
        said = in_units(item.reserved, item)
        short = _("%(said)s, dont %(short)s manquent") % {
            "said": said,
            "short": in_units(item.shortage, item),
        }
        return str(short) if item.shortage else said

    @display(description=_("disponible"), ordering="available")
    def available_shown(self, item: StockItem) -> str:
        return in_units(item.available, item)

    @display(description=_("vendu par semaine"), ordering="weekly_sales")
    def weekly_shown(self, item: StockItem) -> str:
        return in_units(item.weekly_sales, item) if item.weekly_sales else "–"

    @display(description=_("à commander"))
    def reorder_shown(self, item: StockItem) -> str:
        """Without what is on its way: the day it is expected stands beside."""
        return in_units(item.to_reorder, item) if item.to_reorder else "–"

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
            "back": reverse("admin:stock_stockitem_changelist"),
        }  # fmt: skip
        return TemplateResponse(request, "catalogue/admin/bulk_change.html", context)

    def _change(self, request: HttpRequest, form: StockForm, queryset: QuerySet[StockItem]) -> bool:
        try:
            count = change_stock(
                item_ids=list(queryset.values_list("pk", flat=True)),
                by_id=request.user.pk,
                **form.cleaned_data,
            )
        except StockRefused:
            form.add_error("quantity", _("Un article tomberait sous zéro\u202f: rien n’a été changé."))
            return False
        text = ngettext("%(n)s stock modifié.", "%(n)s stocks modifiés.", count) % {"n": count}
        self.message_user(request, text, messages.SUCCESS)
        return True
