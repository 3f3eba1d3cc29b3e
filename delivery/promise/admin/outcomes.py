"""What each order was promised, and what became of it. Read only."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from config.admin import ReadOnly, Tags
from config.templatetags.cabas import said_at, slot_label_long
from delivery.promise.admin.shown import cents_said, order_link
from delivery.promise.models import Arrival, Compensation, Decision, Incident, Outcome
from delivery.promise.rules import week_of
from delivery.promise.wording import lasting

WEEKS_LISTED = 12


class PunctualityFilter(admin.SimpleListFilter):
    title = gettext_lazy("ponctualité")
    parameter_name = "ponctualite"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("retard", gettext_lazy("en retard")),
            ("pas-pretes", gettext_lazy("retrait pas prêt à l’heure")),
            ("sans-nouvelles", gettext_lazy("sans nouvelles")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Outcome]) -> QuerySet[Outcome]:
        match self.value():
            case "retard":
                return queryset & Outcome.objects.late()
            case "pas-pretes":
                return queryset & Outcome.objects.unready().filter(slot_starts_at__lte=timezone.now())
            case "sans-nouvelles":
                return queryset & Outcome.objects.unheard(timezone.now())
        return queryset


class CompletenessFilter(admin.SimpleListFilter):
    title = gettext_lazy("contenu")
    parameter_name = "contenu"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("incomplete", gettext_lazy("incomplète")),
            ("manquants", gettext_lazy("avec des manquants non annoncés")),
            ("abimes", gettext_lazy("avec des articles abîmés")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Outcome]) -> QuerySet[Outcome]:
        match self.value():
            case "incomplete":
                return queryset & Outcome.objects.incomplete()
            case "manquants":
                return queryset.filter(units_missing__gt=0)
            case "abimes":
                return queryset.filter(damaged_units__gt=0)
        return queryset


class WeekFilter(admin.SimpleListFilter):
    """The week of the slot, in Paris."""

    title = gettext_lazy("semaine")
    parameter_name = "semaine"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        monday = week_of(timezone.now())
        days = [monday - timedelta(weeks=n) for n in range(-1, WEEKS_LISTED)]
        return [(f"{day:%Y-%m-%d}", _("du %(day)s") % {"day": f"{day:%d/%m}"}) for day in days]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Outcome]) -> QuerySet[Outcome]:
        try:
            monday = date.fromisoformat(self.value() or "")
        except ValueError:
            return queryset
        starts, ends = (
            datetime.combine(day, time.min, timezone.get_current_timezone())
            for day in (monday, monday + timedelta(weeks=1))
        )
        return queryset.filter(slot_starts_at__gte=starts, slot_starts_at__lt=ends)


class ArrivalInline(ReadOnly, TabularInline):
    model = Arrival
    extra = 0
    fields = readonly_fields = ["at", "carrier", "noted_at", "by"]
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Arrival]:
        found: QuerySet[Arrival] = super().get_queryset(request)
        return found.select_related("by")


class IncidentInline(ReadOnly, TabularInline):
    model = Incident
    extra = 0
    fields = readonly_fields = ["kind", "units", "noted_at"]
    hide_title = True


class DecisionInline(ReadOnly, TabularInline):
    model = Decision
    extra = 0
    fields = readonly_fields = ["at", "rule", "verdict", "sentence", "by"]
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Decision]:
        found: QuerySet[Decision] = super().get_queryset(request)
        return found.select_related("rule", "by")


class CompensationInline(ReadOnly, TabularInline):
    model = Compensation
    extra = 0
    fields = readonly_fields = ["remedy", "amount_said", "state", "granted_at", "ended_at"]
    hide_title = True
    amount_said = cents_said("amount_cents", gettext_lazy("montant"))


@admin.register(Outcome)
class OutcomeAdmin(ReadOnly, ModelAdmin):
    list_display = ["order_reference", "slot_said", "zone", "punctuality", "completeness", "carrier", "state_said"]  # fmt: skip
    list_filter = [PunctualityFilter, CompletenessFilter, WeekFilter, "zone", "is_collect"]
    list_select_related = ["zone"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["=order_reference"]
    search_help_text = gettext_lazy("référence de commande")
    date_hierarchy = "slot_starts_at"
    inlines = [CompensationInline, DecisionInline, ArrivalInline, IncidentInline]
    order_link = order_link
    fee_said = cents_said("fee_cents", gettext_lazy("livraison facturée"))
    total_said = cents_said("total_cents", gettext_lazy("total"))
    fields = readonly_fields = [
        "order_link", "slot_said", "zone", "rank", "punctuality", "ready_at", "arrived_at", "cancelled_at", "carrier",
        "units_ordered", "units_missing", "units_told", "damaged_units", "life_broken_units", "fee_said",
        "total_said", "changed_at",
    ]  # fmt: skip

    @display(description=gettext_lazy("créneau promis"), ordering="slot_starts_at")
    def slot_said(self, outcome: Outcome) -> str:
        outcome.starts_at, outcome.ends_at = outcome.slot_starts_at, outcome.slot_ends_at  # type: ignore[attr-defined]
        return slot_label_long(outcome)

    @display(description=gettext_lazy("ponctualité"))
    def punctuality(self, outcome: Outcome) -> str:
        late = outcome.seconds_late
        if outcome.cancelled_at:
            return _("annulée")
        if late is None:
            return _("sans nouvelles") if outcome.slot_ends_at < timezone.now() else "—"
        if late <= 0:
            return _("à l’heure")
        return _("%(late)s de retard") % {"late": lasting(late)}

    @display(description=gettext_lazy("contenu"))
    def completeness(self, outcome: Outcome) -> str:
        if outcome.is_complete is None:
            return "—"
        told = [
            words % {"n": units}
            for units, words in (
                (outcome.units_missing, _("%(n)d manquants")),
                (outcome.units_told, _("%(n)d annoncés")),
                (outcome.damaged_units, _("%(n)d abîmés")),
            )
            if units
        ]
        return ", ".join(told) or _("complète")

    @display(
        description=gettext_lazy("promesse"),
        label=Tags({"kept": "success", "broken": "danger", "open": "", "cancelled": ""}),
    )
    def state_said(self, outcome: Outcome) -> tuple[str, str]:
        if outcome.cancelled_at:
            return "cancelled", _("annulée le %(at)s") % {"at": said_at(outcome.cancelled_at)}
        if outcome.is_kept is None:
            return "open", _("en cours")
        return ("kept", _("tenue")) if outcome.is_kept else ("broken", _("non tenue"))
