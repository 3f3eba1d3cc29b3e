from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, DecimalField, Q, QuerySet
from django.forms import BaseModelFormSet, ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.widgets import UnfoldAdminTextInputWidget

from config.admin import Undeletable, in_euros
from config.forms import FrenchDecimalField
from delivery.zones.forms import PickupPointForm
from delivery.zones.models import CoverageRequest, Depot, PickupPoint, Zone, ZoneArea
from delivery.zones.services import tell_newly_covered, zones_changed


@admin.register(Depot)
class DepotAdmin(Undeletable, ModelAdmin):
    list_display = ["name", "code", "is_default"]
    search_fields = ["name", "code"]
    fields = ["name", "code", "is_default"]

    def save_model(self, request: HttpRequest, obj: Depot, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        zones_changed()

    def get_readonly_fields(self, request: HttpRequest, obj: Depot | None = None) -> list[str]:
        return ["code"] if obj else []


class ZoneAreaInline(TabularInline):
    model = ZoneArea
    extra = 0
    hide_title = True

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.has_change_permission(request, obj))


class PlaceAdmin(Undeletable, ModelAdmin):
    """What zones and pickup points share."""

    # A number field of HTML wants a point: what it is given with a comma it shows empty.
    formfield_overrides: ClassVar[dict[Any, Any]] = {
        DecimalField: {"form_class": FrenchDecimalField, "widget": UnfoldAdminTextInputWidget}
    }
    list_filter = ["is_active", "depot"]
    list_select_related = ["depot"]
    minimum_said = in_euros("minimum_order", _("minimum de commande"))
    free_from_said = in_euros("free_delivery_from", _("livraison offerte dès"))

    def get_readonly_fields(self, request: HttpRequest, obj: Zone | None = None) -> list[str]:
        return ["slug"] if obj else []


_HOW = (
    (_("Horaires"), {"fields": [("opens_at", "closes_at"), "open_weekdays", "cutoff_minutes"]}),
    (_("Créneaux à venir"), {"fields": ["slot_capacity", ("slot_price", "peak_price")]}),
    (_("Commande"), {"fields": [("minimum_order", "free_delivery_from")]}),
)


@admin.register(PickupPoint)
class PickupPointAdmin(PlaceAdmin):
    form = PickupPointForm
    list_display = ["name", "postcode", "city", "depot", "is_active", "minimum_said"]
    search_fields = ["name", "slug", "postcode", "city"]
    fieldsets = [
        (None, {"fields": ["name", "slug", "depot", "is_active"]}),
        (_("Adresse"), {"fields": ["line1", "line2", ("postcode", "city"), "directions"]}),
        *_HOW,
    ]

    def save_model(self, request: HttpRequest, obj: PickupPoint, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        zones_changed()


@admin.register(Zone)
class ZoneAdmin(PlaceAdmin):
    list_display = ["name", "depot", "is_active", "area_count", "minimum_said", "free_from_said"]
    search_fields = ["name", "slug", "areas__prefix"]
    inlines = [ZoneAreaInline]
    fieldsets = [(None, {"fields": ["name", "slug", "depot", "is_active"]}), *_HOW]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Zone]:
        """Delivered areas; points have a page of their own."""
        zones: QuerySet[Zone] = super().get_queryset(request).filter(kind=Zone.Kind.DELIVERY)
        return zones.annotate(areas_count=Count("areas", distinct=True))

    @admin.display(description=_("secteurs"), ordering="areas_count")
    def area_count(self, zone: Any) -> int:
        return int(zone.areas_count)

    def save_related(
        self,
        request: HttpRequest,
        form: "ModelForm[Zone]",
        formsets: "list[BaseModelFormSet[Any, Any]]",
        change: bool,
    ) -> None:
        super().save_related(request, form, formsets, change)
        zones_changed()
        # Only now are the areas stored that decide who is covered.
        told = tell_newly_covered(zone=form.instance)
        if told:
            self.message_user(request, _("Demandes en attente prévenues\u202f: %(count)d.") % {"count": told})


class ToldFilter(admin.SimpleListFilter):
    title = _("suite donnée")
    parameter_name = "prevenue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("non", _("en attente")), ("oui", _("prévenue"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in {"oui", "non"}:
            return queryset
        return queryset.filter(Q(told_at__isnull=self.value() == "non"))


@admin.register(CoverageRequest)
class CoverageRequestAdmin(ModelAdmin):
    """Read, and deleted on the person's request; nobody types one in."""

    list_display = ["postcode", "email", "created_at", "told_at"]
    list_filter = [ToldFilter]
    search_fields = ["postcode", "email"]
    date_hierarchy = "created_at"
    ordering = ["-created_at"]
    fields = list_display

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
