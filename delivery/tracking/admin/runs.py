"""Where vans are, what happened at doors, and what phones said in vain."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import display

from config.admin import ReadOnly, Tags
from config.media import private_picture
from delivery.tracking import queries, wording
from delivery.tracking.models import CourierEvent, Run, Visit


@admin.register(Run)
class RunAdmin(ReadOnly, ModelAdmin):
    list_display = ["courier", "van", "opened_at", "show_state", "stops", "late"]
    list_filter = [("ended_at", admin.EmptyFieldListFilter), "courier"]
    list_select_related = ["courier", "round__shift__van"]
    date_hierarchy = "opened_at"
    change_form_template = "tracking/admin/run.html"
    fields = readonly_fields = ["courier", "van", "opened_at", "left_at", "ended_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        return queries.with_progress(super().get_queryset(request))

    @display(description=gettext_lazy("camionnette"))
    def van(self, run: Run) -> str:
        return run.round.shift.van.name

    @display(
        description=gettext_lazy("état"), label=Tags({"loading": "info", "out": "warning", "over": "success"})
    )
    def show_state(self, run: Run) -> tuple[str, str]:
        if run.ended_at:
            return "over", _("finie")
        return ("out", _("en route")) if run.left_at else ("loading", _("chargement"))

    @display(description=gettext_lazy("arrêts faits"))
    def stops(self, run: Any) -> str:
        return _("%(done)s sur %(all)s") % {"done": run.done_number, "all": run.all_number}

    @display(description=gettext_lazy("seront en retard"))
    def late(self, run: Any) -> int:
        return int(run.late_number)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.photo)
        return [path("visites/<int:visit_id>/photo/", view, name="tracking_photo"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Three queries beside the page's own, however many stops."""
        run = self.get_object(request, object_id)
        more = self._told(run) if run and self.has_view_permission(request, run) else {}
        page: HttpResponse = super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **more}
        )
        return page

    def _told(self, run: Run) -> dict[str, Any]:
        visits = queries.visits_of(run)
        return {
            "run": run,
            "whereabouts": wording.whereabouts(run, visits),
            "visits": [(one, wording.ABSENT.get(one.absent_because, "")) for one in visits],
            "refused": [(one, wording.refusal(one.refused_because)) for one in queries.said_in_vain(run)],
        }

    def photo(self, request: HttpRequest, visit_id: int) -> HttpResponseBase:
        """What a courier photographed at a door, to whoever may read what happened there. One query."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        visit = Visit.objects.filter(pk=visit_id).exclude(photo="").first()
        if visit is None:
            raise Http404
        return private_picture(visit.photo)


class RefusedFilter(admin.SimpleListFilter):
    title = gettext_lazy("suite donnée")
    parameter_name = "suite"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("refuses", gettext_lazy("refusés"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.exclude(refused_because="") if self.value() == "refuses" else queryset


@admin.register(CourierEvent)
class CourierEventAdmin(ReadOnly, ModelAdmin):
    list_display = ["kind", "courier", "stop", "at", "received_at", "why"]
    list_filter = [RefusedFilter, "kind"]
    list_select_related = ["run__courier", "visit"]
    date_hierarchy = "received_at"
    fields = readonly_fields = ["kind", "courier", "stop", "at", "received_at", "why"]

    @display(description=gettext_lazy("livreur"))
    def courier(self, event: CourierEvent) -> str:
        return event.run.courier.first_name

    @display(description=gettext_lazy("arrêt"))
    def stop(self, event: CourierEvent) -> str:
        return str(event.visit.number) if event.visit else ""

    @display(description=gettext_lazy("refusé parce que"))
    def why(self, event: CourierEvent) -> str:
        return wording.refusal(event.refused_because)
