"""What is to be delivered, as the shop said it; staff put its place right."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import display

from config.admin import ReadOnly, found
from delivery.rounds import services
from delivery.rounds.admin.guard import must_dispatch
from delivery.rounds.forms import PlaceForm
from delivery.rounds.models import Drop
from delivery.rounds.rules import DISPATCH
from delivery.rounds.wording import hours


@admin.register(Drop)
class DropAdmin(ReadOnly, ModelAdmin):
    list_display = [
        "order_reference",
        "slot",
        "postcode",
        "city",
        "zone",
        "rank",
        "is_placed",
        "is_cancelled",
    ]
    list_filter = ["depot", "zone"]
    list_select_related = ["zone"]
    search_fields = ["order_reference", "^postcode"]
    date_hierarchy = "slot_starts_at"
    ordering = ["-slot_starts_at"]
    change_form_template = "rounds/admin/drop.html"
    fields = readonly_fields = [
        "order_reference", "depot", "zone", "slot", "rank", "line1", "line2", "postcode", "city", "floor", "latitude", "longitude",
        "grams", "requires_age_check", "ready_at", "cancelled_at",
    ]  # fmt: skip

    @display(description=gettext_lazy("créneau"), ordering="slot_starts_at")
    def slot(self, drop: Drop) -> str:
        return hours(drop.slot_starts_at, drop.slot_ends_at)

    @display(description=gettext_lazy("placée"), boolean=True)
    def is_placed(self, drop: Drop) -> bool:
        return drop.point is not None

    @display(description=gettext_lazy("annulée"), boolean=True)
    def is_cancelled(self, drop: Drop) -> bool:
        return drop.cancelled_at is not None

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.place_page)
        return [path("<int:drop_id>/lieu/", view, name="rounds_drop_place"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        told = {**(extra_context or {}), "may_dispatch": request.user.has_perm(DISPATCH)}
        page: HttpResponse = super().change_view(request, object_id, form_url, told)
        return page

    def place_page(self, request: HttpRequest, drop_id: int) -> HttpResponse:
        """Where an address really lies: its half-day is planned anew."""
        must_dispatch(request)
        drop: Drop = found(self, request, drop_id)
        form = PlaceForm(request.POST or None)
        if request.method == "POST" and form.is_valid() and self._corrected(request, drop, form):
            return redirect("admin:rounds_drop_change", drop.pk)
        context = {
            **self.admin_site.each_context(request), "title": _("Corriger le lieu de %(order)s") % {"order": drop},
            "opts": self.opts, "drop": drop, "form": form,
        }  # fmt: skip
        return TemplateResponse(request, "rounds/admin/place.html", context)

    def _corrected(self, request: HttpRequest, drop: Drop, form: PlaceForm) -> bool:
        try:
            services.correct_place(order_reference=drop.order_reference, point=form.cleaned_data["point"])
        except services.WrongPlace:
            form.add_error(
                "point", _("Ce lieu est à plus de 150\u00a0km du dépôt\u202f: vérifiez les coordonnées.")
            )
            return False
        self.log_change(request, drop, _("Lieu corrigé."))
        self.message_user(
            request, _("Lieu corrigé\u202f: le prochain plan en tient compte."), messages.SUCCESS
        )
        return True
