"""Who drives, and with what."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from config.admin import Undeletable
from delivery.rounds import services
from delivery.rounds.models import Carrier, Courier, Van


@admin.register(Carrier)
class CarrierAdmin(Undeletable, ModelAdmin):
    list_display = ["name", "code", "is_own", "is_active"]
    search_fields = ["name", "code"]
    fields = ["name", "code", "is_own", "is_active"]

    def get_readonly_fields(self, request: HttpRequest, obj: Carrier | None = None) -> list[str]:
        return ["code"] if obj else []


@admin.register(Courier)
class CourierAdmin(Undeletable, ModelAdmin):
    list_display = ["first_name", "carrier", "trained_on", "is_active"]
    list_filter = ["is_active", "carrier"]
    list_select_related = ["carrier"]
    search_fields = ["first_name"]
    fields = ["user", "first_name", "carrier", "trained_on", "is_active"]
    autocomplete_fields = ["user"]

    def save_model(self, request: HttpRequest, obj: Courier, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        services.replan_shifts_to_come(now=timezone.now(), courier=obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["user"] if obj else []


@admin.register(Van)
class VanAdmin(Undeletable, ModelAdmin):
    list_display = ["name", "plate", "depot", "crates", "frozen_crates", "load_kg", "is_active"]
    list_filter = ["is_active", "depot"]
    list_select_related = ["depot"]
    search_fields = ["name", "plate"]
    fields = ["name", "plate", "depot", "crates", "frozen_crates", "load_kg", "is_active"]

    def save_model(self, request: HttpRequest, obj: Van, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        services.replan_shifts_to_come(now=timezone.now(), van=obj)
