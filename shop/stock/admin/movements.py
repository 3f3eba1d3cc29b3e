"""The movements of stock, as staff read them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from config.admin import ReadOnly, Tags
from config.templatetags.cabas import grams
from shop.stock.models import StockItem, StockMovement

SHOWN = 50
Kind = StockMovement.Kind


def in_units(quantity: int, item: StockItem) -> str:
    """Pieces, or grams in words, for what this item is sold by. Needs its product."""
    return grams(quantity) if item.product.sold_by_weight else str(quantity)


class _Said(ReadOnly):
    @display(description=_("quantité"))
    def quantity_said(self, move: StockMovement) -> str:
        sign = "+" if move.quantity > 0 else "−" if move.quantity < 0 else ""
        return f"{sign}{in_units(abs(move.quantity), move.item)}"

    @display(description=_("en rayon après"))
    def after_said(self, move: StockMovement) -> str:
        return in_units(move.on_hand_after, move.item)

    @display(description=_("mouvement"))
    def kind_plain(self, move: StockMovement) -> str:
        words = move.get_kind_display()
        return f"{words}\u202f: {move.get_reason_display()}" if move.reason else words

    @display(
        description=_("mouvement"),
        ordering="kind",
        label=Tags(
            {Kind.RECEIPT: "success", Kind.WRITE_OFF: "danger", Kind.COUNT: "info", Kind.PICKED: "warning"}
        ),
    )
    def kind_said(self, move: StockMovement) -> tuple[str, str]:
        return move.kind, self.kind_plain(move)


class MovementInline(_Said, TabularInline):
    """The latest of one item."""

    model = StockMovement
    fields = readonly_fields = (
        "at", "kind_plain", "quantity_said", "after_said", "source", "lot", "best_before_on", "by",
    )  # fmt: skip
    ordering = ("-id",)
    extra = 0
    hide_title = True
    verbose_name_plural = _("derniers mouvements")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("item__product", "by")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        latest = super().get_formset(request, obj, **kwargs)

        class Latest(latest):  # type: ignore[misc, valid-type]
            def get_queryset(self) -> Any:
                return super().get_queryset()[:SHOWN]

        return Latest


@admin.register(StockMovement)
class StockMovementAdmin(_Said, ModelAdmin):
    list_display = (
        "at", "product_said", "depot_said", "kind_said", "quantity_said", "after_said", "source", "lot",
        "best_before_on", "by",
    )  # fmt: skip
    fields = readonly_fields = list_display
    list_select_related = ("item__product", "item__depot", "by")
    list_filter = ("kind", "reason", "item__depot")
    search_fields = ("item__product__name__unaccent", "item__product__ean", "=source", "=lot")
    date_hierarchy = "at"
    list_per_page = 100
    show_full_result_count = False

    @display(description=_("produit"), ordering="item__product__sort_name")
    def product_said(self, move: StockMovement) -> str:
        return move.item.product.name

    @display(description=_("dépôt"), ordering="item__depot__name")
    def depot_said(self, move: StockMovement) -> str:
        return move.item.depot.name
