from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import display

from config.admin import KeepsSecret, ReadOnly, Tags, in_euros
from delivery.slots import grid, rules
from delivery.slots.forms import SlotForm, WeekForm, week_name
from delivery.slots.models import Hold, Slot, WaitlistEntry
from delivery.slots.queries import week_of_slots
from delivery.slots.services import adjust_slot, generate_slots
from delivery.zones.models import Zone


@admin.register(Slot)
class SlotAdmin(ModelAdmin):
    """A week of one zone at a glance. Slots come from the zone's hours; here they are widened, cut or closed."""

    form = SlotForm
    fields = ["zone", "hours", "cutoff_at", "price_said", "booked", "waiting", "capacity", "is_closed"]
    readonly_fields = ["zone", "hours", "cutoff_at", "price_said", "booked", "waiting"]
    price_said = in_euros("price", _("prix"))
    list_select_related = ["zone"]

    class Media:
        css = {"all": ["slots/week.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("créneau"))
    def hours(self, slot: Slot) -> str:
        day = date_format(rules.local_date(slot.starts_at), "l j F Y").lower()
        return f"{day}, {rules.hours_label(slot.starts_at, slot.ends_at)}"

    def get_urls(self) -> list[URLPattern]:
        generate = self.admin_site.admin_view(require_POST(self.generate_view))
        own = [path("generer/", generate, name="slots_slot_generate")]
        return own + list(super().get_urls())

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The week grid. Two queries besides the session and the permissions."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        zones = list(Zone.objects.select_related("depot"))
        zone, monday = self._chosen(request, zones)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Créneaux de la semaine"),
            "opts": self.opts,
            "media": self.media,
            "zones": zones,
            "may_change": self.has_change_permission(request),
            **(_week(zone, monday) if zone else {"zone": None}),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "slots/week_grid.html", context)

    def _chosen(self, request: HttpRequest, zones: list[Zone]) -> tuple[Zone | None, date]:
        """What the address asks for, else the default depot's first zone and this week; nonsense is told."""
        form = WeekForm(request.GET)
        usual = min(zones, key=_usual_first, default=None)
        asked = form["zone"].data
        chosen = next((zone for zone in zones if zone.slug == asked), None)
        if not form.is_valid() or (asked and not chosen):
            self.message_user(request, _("Cette semaine ou cette zone n’existe pas."), messages.WARNING)
        today = rules.local_date(timezone.now())
        return chosen or usual, form.cleaned_data.get("week") or rules.monday_of(today)

    def generate_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        before = Slot.objects.count()
        generate_slots()
        added = Slot.objects.count() - before
        told = ngettext("%(count)d créneau ajouté.", "%(count)d créneaux ajoutés.", added)
        self.message_user(request, told % {"count": added}, messages.SUCCESS)
        return redirect("admin:slots_slot_changelist")

    def save_model(self, request: HttpRequest, obj: Slot, form: SlotForm, change: bool) -> None:
        adjust_slot(slot_id=obj.pk, capacity=obj.capacity, is_closed=obj.is_closed)

    def response_post_save_change(self, request: HttpRequest, obj: Slot) -> HttpResponseRedirect:
        return redirect(_week_url(obj.zone, rules.local_date(obj.starts_at)))


def _usual_first(zone: Zone) -> tuple[bool, bool, bool, int]:
    return zone.is_collect, not zone.is_active, not zone.depot.is_default, zone.pk


def _week_url(zone: Zone, day: date) -> str:
    return (
        f"{reverse('admin:slots_slot_changelist')}?{urlencode({'zone': zone.slug, 'week': week_name(day)})}"
    )


def _week(zone: Zone, monday: date) -> dict[str, Any]:
    rows = grid.rows_of(week_of_slots(zone, monday), monday)
    booked, capacity = grid.totals_of(rows)
    return {
        "zone": zone,
        "week": week_name(monday),
        "week_label": grid.week_label(monday),
        "today": rules.local_date(timezone.now()),
        "days": grid.days_of(monday),
        "rows": rows,
        "booked": booked,
        "capacity": capacity,
        "previous_url": _week_url(zone, monday - timedelta(days=7)),
        "next_url": _week_url(zone, monday + timedelta(days=7)),
        "current_url": _week_url(zone, rules.local_date(timezone.now())),
    }


class OfSlot:
    """What rows about one slot say of it."""

    @admin.display(description=_("créneau"), ordering="slot__starts_at")
    def slot_label(self, row: Any) -> str:
        day = grid.short_day(rules.local_date(row.slot.starts_at))
        return f"{day}, {rules.hours_label(row.slot.starts_at, row.slot.ends_at)}"

    @admin.display(description=_("zone"), ordering="slot__zone__name")
    def zone_name(self, row: Any) -> str:
        return str(row.slot.zone.name)


@admin.register(WaitlistEntry)
class WaitlistEntryAdmin(KeepsSecret, OfSlot, ReadOnly, ModelAdmin):
    """To answer "am I on the list?", and why somebody else was before. The key of a letter's link is not shown."""

    list_display = ["slot_label", "zone_name", "email", "shown_state", "asked_at", "offered_until"]
    list_filter = ["state", "slot__zone"]
    list_select_related = ["slot__zone"]
    search_fields = ["email"]
    secret_fields = frozenset({"email", "token", "holder", "postcode", "customer", "customer_id"})
    ordering = ["slot__starts_at", "pk"]
    fields = ["slot_label", "zone_name", "email", "shown_state", "asked_at", "offered_at", "offered_until"]
    readonly_fields = fields

    @display(
        description=_("état"),
        ordering="state",
        label=Tags({WaitlistEntry.State.OFFERED: "info", WaitlistEntry.State.TAKEN: "success"}),
    )
    def shown_state(self, entry: WaitlistEntry) -> tuple[str, str]:
        return entry.state, str(entry.get_state_display())


@admin.register(Hold)
class HoldAdmin(OfSlot, ReadOnly, ModelAdmin):
    """To answer "where did that place go?". Only services write holds; the basket's key is not shown."""

    list_display = ["slot_label", "zone_name", "state", "order_reference", "created_at", "expires_at"]
    list_filter = ["state", "slot__zone"]
    list_select_related = ["slot__zone"]
    search_fields = ["order_reference"]
    date_hierarchy = "created_at"
    ordering = ["-pk"]
    fields = [
        "slot_label",
        "zone_name",
        "state",
        "order_reference",
        "created_at",
        "expires_at",
        "released_at",
    ]
    readonly_fields = fields
