"""The preparation as its leads follow it; pickers work on /preparation/."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from config.admin import ReadOnly, Tags
from config.templatetags.cabas import slot_label
from shop.picking import services
from shop.picking.models import PickTask


@admin.register(PickTask)
class PickTaskAdmin(ReadOnly, ModelAdmin):
    """Each order of each wave: with whom it is, since when, whether it was looked over."""

    list_display = [
        "order",
        "slot_said",
        "show_state",
        "picker",
        "letter",
        "taken_at",
        "checked_by",
        "closed_at",
    ]
    list_filter = ["wave__depot", ("closed_at", admin.EmptyFieldListFilter), "picker"]
    list_select_related = ["order__slot", "picker", "checked_by"]
    search_fields = ["order__reference"]
    date_hierarchy = "taken_at"
    fields = readonly_fields = [
        "order", "wave", "place", "picker", "letter", "taken_at", "checked_at", "checked_by", "closed_at",
    ]  # fmt: skip
    actions = ["hand_back"]
    actions_list = ["open_depot"]

    @display(description=_("créneau"), ordering="order__slot__starts_at")
    def slot_said(self, task: PickTask) -> str:
        return slot_label(task.order.slot)

    @display(
        description=_("état"),
        label=Tags({"free": "warning", "taken": "info", "closed": "success"}),
    )
    def show_state(self, task: PickTask) -> tuple[str, str]:
        if task.closed_at:
            return "closed", str(_("close"))
        return ("taken", str(_("en cours"))) if task.picker_id else ("free", str(_("à prendre")))

    def has_lead_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("picking.lead")

    @action(description=_("Ouvrir la préparation"), url_path="depot")
    def open_depot(self, request: HttpRequest) -> HttpResponse:
        return redirect("picking")

    @admin.action(description=_("Rendre à l’équipe"), permissions=["lead"])
    def hand_back(self, request: HttpRequest, queryset: QuerySet[PickTask]) -> None:
        """For an order whose picker went home; what was found for it stays found."""
        given = 0
        for task_id in list(queryset.values_list("pk", flat=True)):
            try:
                services.hand_back(task_id=task_id, picker_id=0, may_lead=True)
            except services.NotYours:
                continue
            given += 1
        done = ngettext("%d commande rendue à l’équipe.", "%d commandes rendues à l’équipe.", given) % given
        self.message_user(request, done, messages.SUCCESS if given else messages.WARNING)
