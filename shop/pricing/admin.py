"""Promotions and planned prices for staff, and on each product the prices it had."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Q, QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from config.admin import NothingToSave, ReadOnly, Tags, Undeletable, found, in_euros
from config.numbers import short_decimal
from config.templatetags.cabas import euros
from shop.catalogue.models import Product
from shop.pricing import services
from shop.pricing.forms import PlanFileForm, PlannedPriceForm, PromotionForm
from shop.pricing.models import PlannedPrice, PriceChange, Promotion
from shop.pricing.preview import Effect, effects
from shop.pricing.queries import SCOPES, terms_of
from shop.pricing.wording import badge_of, plan_refusal, problem

STATES = {
    "running": _("en cours"), "planned": _("prévue"), "ended": _("terminée"), "spent": _("budget dépensé"),
    "stopped": _("arrêtée"),
}  # fmt: skip
SHOWN_PLANS, SHOWN_REFUSALS = 20, 500
COLOURS = Tags(
    {"running": "success", "planned": "info", "ended": "", "spent": "warning", "stopped": "danger"}
)


class PriceChangeInline(ReadOnly, TabularInline):
    model = PriceChange
    extra = 0
    fields = readonly_fields = ("since", "price_said")
    ordering = ("-since", "-pk")
    verbose_name_plural = _("historique des prix")
    hide_title = True
    tab = True
    price_said = in_euros("price", _("prix TTC"))


class PlannedPriceInline(ReadOnly, TabularInline):
    model = PlannedPrice
    extra = 0
    fields = readonly_fields = ("starts_at", "price_said", "state")
    verbose_name_plural = _("prix programmés")
    hide_title = True
    tab = True
    price_said = in_euros("price", _("prix TTC"))


# The catalogue stands below and knows neither: its page shows what this room hangs on it.
_product_admin = admin.site.get_model_admin(Product)
_product_admin.inlines = [  # type: ignore[misc]
    *_product_admin.inlines,
    PriceChangeInline,
    PlannedPriceInline,
]


@admin.register(PlannedPrice)
class PlannedPriceAdmin(NothingToSave, Undeletable, ModelAdmin):
    """Planned, then applied or cancelled: never typed over."""

    form = PlannedPriceForm
    list_display = ("product", "price_now", "price_said", "starts_at", "state_said")
    list_select_related = ("product",)
    list_filter = ("state", "starts_at")
    search_fields = ("product__name__unaccent", "product__ean")
    autocomplete_fields = ("product",)
    ordering = ("-starts_at", "-pk")
    actions = ("cancel_chosen",)
    actions_list = ("open_import",)
    price_said = in_euros("price", _("prix prévu"))

    def get_fields(self, request: HttpRequest, obj: PlannedPrice | None = None) -> tuple[str, ...]:
        return (
            ("product", "price_said", "starts_at", "state", "applied_at")
            if obj
            else ("product", "price", "starts_at")
        )

    def get_readonly_fields(self, request: HttpRequest, obj: PlannedPrice | None = None) -> tuple[str, ...]:
        return ("product", "price_said", "starts_at", "state", "applied_at") if obj else ()

    @display(description=_("prix actuel"))
    def price_now(self, plan: PlannedPrice) -> str:
        return euros(plan.product.price)

    @display(
        description=_("état"),
        ordering="state",
        label=Tags({"planned": "info", "applied": "success", "cancelled": ""}),
    )
    def state_said(self, plan: PlannedPrice) -> tuple[str, str]:
        return plan.state, plan.get_state_display()

    def save_model(self, request: HttpRequest, obj: PlannedPrice, form: Any, change: bool) -> None:
        if not change:
            made = services.plan_price(product_id=obj.product_id, price=obj.price, starts_at=obj.starts_at)
            obj.pk, obj._state.adding = made.pk, False

    def get_urls(self) -> list[URLPattern]:
        own = path(
            "importer-des-prix/", self.admin_site.admin_view(self.import_page), name="pricing_plan_import"
        )
        return [own, *super().get_urls()]

    @action(description=_("Importer un fichier"), url_path="importer", permissions=["add"])
    def open_import(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:pricing_plan_import"))

    def import_page(self, request: HttpRequest) -> HttpResponse:
        """Check or apply a file of planned prices; every refused line on the same page, and then nothing is planned."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = PlanFileForm(request.POST or None, request.FILES or None)
        context = {
            **self.admin_site.each_context(request), "title": _("Importer des prix programmés"), "form": form,
            "opts": self.model._meta, "plans": [], "refusals": [],
        }  # fmt: skip
        if request.method == "POST" and form.is_valid():
            context |= self._plan(form)
        return TemplateResponse(request, "pricing/admin/import_plans.html", context)

    @staticmethod
    def _plan(form: PlanFileForm) -> dict[str, Any]:
        preview = form.cleaned_data["preview"]
        try:
            plans = services.plan_prices(lines=form.cleaned_data["file"], preview=preview)
        except services.PlansRefused as refused:
            rows = [
                {"line": one.line, "words": plan_refusal(one.code, one.other)} for one in refused.refusals
            ]
            return {"refusals": rows[:SHOWN_REFUSALS], "refused": len(rows)}
        except services.PlanDoubled:
            form.add_error(None, translate("Quelqu’un vient de programmer l’un de ces prix : recommencez."))
            return {}
        return {"plans": plans[:SHOWN_PLANS], "planned": len(plans), "is_preview": preview}

    @admin.action(description=_("Annuler ces prix programmés"), permissions=["change"])
    def cancel_chosen(self, request: HttpRequest, queryset: QuerySet[PlannedPrice]) -> None:
        late = 0
        for pk in queryset.values_list("pk", flat=True):
            try:
                services.cancel_planned_price(plan_id=pk)
            except services.PlanOver:
                late += 1
        if late:
            messages.warning(
                request, translate("Déjà appliqués ou annulés, donc laissés : %(n)d.") % {"n": late}
            )
        else:
            messages.success(request, translate("Annulés : ces prix ne changeront pas."))


class StateFilter(admin.SimpleListFilter):
    title = _("état")
    parameter_name = "etat"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(STATES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Promotion]) -> QuerySet[Promotion]:
        now = timezone.now()
        going, spent = Q(stopped_at=None, ends_at__gt=now), Q(budget__isnull=False, spent__gte=F("budget"))
        of = {
            "stopped": Q(stopped_at__isnull=False),
            "ended": Q(stopped_at=None, ends_at__lte=now),
            "spent": going & spent,
            "planned": going & ~spent & Q(starts_at__gt=now),
            "running": going & ~spent & Q(starts_at__lte=now),
        }
        return queryset.filter(of[self.value() or ""]) if self.value() in of else queryset


@admin.register(Promotion)
class PromotionAdmin(Undeletable, ModelAdmin):
    form = PromotionForm
    list_display = ("name", "what", "state_said", "starts_at", "ends_at", "budget_said", "order_count")
    list_filter = (StateFilter, "kind", "starts_at")
    search_fields = ("name__unaccent",)
    search_help_text = _("nom")
    autocomplete_fields = ("products", "aisles", "brands", "zones")
    actions_detail = ("stop", "copy")
    readonly_fields = ("state_words", "what", "budget_said", "order_count", "preview")
    fieldsets = (
        (_("Où en est-elle ?"), {"fields": ("state_words", "what", "budget_said", "order_count", "preview")}),
        (_("Promotion"), {"fields": ("name", "kind", ("percent", "amount"), ("take", "pay"), "free_from", "points_factor")}),
        (_("Sur quoi"), {"fields": ("products", "aisles", "brands")}),
        (_("Quand"), {"fields": ("starts_at", "ends_at")}),
        (_("Où et pour quels créneaux"), {"fields": ("zones", "slot_weekdays", ("slot_from_hour", "slot_until_hour"), "off_peak_only")}),
        (_("Limites"), {"fields": ("budget", "most_per_order")}),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Promotion]:
        promotions: QuerySet[Promotion] = super().get_queryset(request)
        return promotions.annotate(
            used=Count("uses", filter=Q(uses__returned_at=None)), ever_used=Count("uses")
        )

    def get_fieldsets(self, request: HttpRequest, obj: Promotion | None = None) -> Any:
        return self.fieldsets if obj else self.fieldsets[1:]

    def has_change_permission(self, request: HttpRequest, obj: Promotion | None = None) -> bool:
        """Terms that an order has used are read, copied and stopped, no longer changed."""
        is_frozen = bool(getattr(obj, "ever_used", 0))
        return bool(super().has_change_permission(request, obj)) and not is_frozen

    def has_handle_permission(self, request: HttpRequest, object_id: str | int | None = None) -> bool:
        return bool(super().has_change_permission(request))

    @display(description=_("offre"))
    def what(self, promotion: Promotion) -> str:
        return badge_of(terms_of(promotion, {}))

    @display(description=_("état"), label=COLOURS)
    def state_said(self, promotion: Promotion) -> tuple[str, str]:
        return promotion.state, str(STATES[promotion.state])

    @display(description=_("état"))
    def state_words(self, promotion: Promotion) -> str:
        return str(STATES[promotion.state])

    @display(description=_("budget"), ordering="spent")
    def budget_said(self, promotion: Promotion) -> str:
        """« 12,50 € dépensés sur 100,00 € (12 %) »; points are owed, not spent (accounts of points)."""
        if promotion.kind == Promotion.Kind.POINTS:
            return "–"
        if promotion.budget is None:
            return translate("%(spent)s dépensés, sans limite") % {"spent": euros(promotion.spent)}
        return translate("%(spent)s dépensés sur %(budget)s (%(percent)d %%)") % {
            "spent": euros(promotion.spent), "budget": euros(promotion.budget),
            "percent": int(promotion.spent / promotion.budget * 100),
        }  # fmt: skip

    @display(description=_("commandes"), ordering="used")
    def order_count(self, promotion: Any) -> str:
        return "–" if promotion.kind == Promotion.Kind.POINTS else str(promotion.used)

    @display(description=_("effet sur les articles"))
    def preview(self, promotion: Promotion) -> str | SafeString:
        """What it does to its first articles: price now, price after, and the cap it meets."""
        found, more = effects(promotion)
        if not found:
            return translate(
                "Aucun article : elle porte sur la livraison, ou rien n’est en vente dans ses rayons."
            )
        rows = format_html_join("", "<li>{}</li>", ((_said(one),) for one in found))
        rest = translate("… et %(n)d autres") % {"n": more} if more else ""
        return format_html("<ul>{}</ul>{}", rows, rest)

    def save_model(self, request: HttpRequest, obj: Promotion, form: Any, change: bool) -> None:
        try:
            told = services.save_promotion(promotion=obj, scope=form.scope)
        except services.PromotionFrozen:
            messages.error(
                request, translate("Une commande vient de l’utiliser : copiez-la pour la changer.")
            )
            return
        for one in told:
            messages.warning(request, problem(one))

    @action(description=_("Arrêter maintenant"), url_path="arreter", permissions=["handle"])
    def stop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asked once more: whoever opens an address by chance stops nothing."""
        promotion = found(self, request, object_id)
        page = reverse("admin:pricing_promotion_change", args=[promotion.pk])
        if request.method != "POST":
            context = {
                **self.admin_site.each_context(request), "title": _("Arrêter cette promotion maintenant"),
                "form": Form(), "opts": self.model._meta, "count": 1, "sample": [promotion],
                "back": page,
            }  # fmt: skip
            return TemplateResponse(request, "catalogue/admin/bulk_change.html", context)
        if services.stop_promotion(promotion_id=promotion.pk):
            messages.success(
                request, translate("Promotion arrêtée. Les commandes passées gardent ce qu’elles en ont eu.")
            )
        else:
            messages.info(request, translate("Elle était déjà terminée."))
        return HttpResponseRedirect(page)

    @action(description=_("Copier"), url_path="copier", permissions=["handle"])
    def copy(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The form of a new one, filled in but for its dates: used terms stay what orders had."""
        one = found(self, request, object_id)
        plain = ("name", "kind", "percent", "amount", "take", "pay", "free_from", "points_factor", "slot_weekdays",
                 "slot_from_hour", "slot_until_hour", "off_peak_only", "budget", "most_per_order")  # fmt: skip
        kept = {name: getattr(one, name) for name in plain if getattr(one, name) not in (None, "", False)}
        filled = {
            name: short_decimal(value) if isinstance(value, Decimal) else value
            for name, value in kept.items()
        }
        chosen = {
            name: ",".join(str(pk) for pk in getattr(one, name).values_list("pk", flat=True))
            for name in SCOPES
        }
        query = urlencode(filled | {name: pks for name, pks in chosen.items() if pks})
        return HttpResponseRedirect(f"{reverse('admin:pricing_promotion_add')}?{query}")


def _said(one: Effect) -> str:
    """« Yaourt nature : 2,50 € → 2,00 € (−20 %) »."""
    if one.left_out:
        return f"{one.name}\u202f: {one.left_out}"
    if one.points:
        return f"{one.name}\u202f: {one.points}"
    said = f"{one.name}\u202f: {euros(one.before)} → {euros(one.after)} ({one.percent})"
    return f"{said}, {one.capped}" if one.capped else said
