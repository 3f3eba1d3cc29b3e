"""A half-day's rounds: what a plan makes of it, what it left out, and what staff decide."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import display

from config.admin import ReadOnly, found
from delivery.rounds import queries, services
from delivery.rounds.admin.guard import must_dispatch
from delivery.rounds.lanes import axis_of, lanes_of
from delivery.rounds.models import Planning, Round
from delivery.rounds.rules import DISPATCH
from delivery.rounds.tasks import plan_now
from delivery.rounds.wording import half_day, whole_way


@admin.register(Planning)
class PlanningAdmin(ReadOnly, ModelAdmin):
    list_display = [
        "day",
        "half",
        "depot",
        "rounds_said",
        "stops_said",
        "late_said",
        "left_out_said",
        "planned_at",
    ]
    list_filter = ["depot", "half"]
    list_select_related = ["depot"]
    date_hierarchy = "day"
    fields = readonly_fields = ["depot", "day", "half", "planned_at"]

    class Media:
        css = {"all": ["rounds/rounds.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Planning]:
        return queries.with_figures(super().get_queryset(request))

    @display(description=gettext_lazy("tournées"))
    def rounds_said(self, planning: Any) -> int:
        return int(planning.rounds_number)

    @display(description=gettext_lazy("arrêts"))
    def stops_said(self, planning: Any) -> int:
        return int(planning.stops_number)

    @display(description=gettext_lazy("écarts"))
    def late_said(self, planning: Any) -> int:
        return int(planning.late_number) + int(planning.overtime_number)

    @display(description=gettext_lazy("sans tournée"))
    def left_out_said(self, planning: Any) -> int:
        return int(planning.left_out_number)

    def get_urls(self) -> list[URLPattern]:
        def own(route: str, view: Any, name: str) -> URLPattern:
            guarded: URLPattern = path(route, self.admin_site.admin_view(require_POST(view)), name=name)
            return guarded

        return [
            own("<int:planning_id>/planifier/", self.plan, "rounds_plan"),
            own("<int:planning_id>/tournees/<int:round_id>/verrouiller/", self.lock, "rounds_lock"),
            own("<int:planning_id>/tournees/<int:round_id>/deverrouiller/", self.unlock, "rounds_unlock"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Rounds as lanes. Five queries beside the session and the rights, however many stops."""
        if request.method == "POST" or not self.has_view_permission(request):
            raise PermissionDenied
        planning: Planning = found(self, request, object_id)
        rounds = list(queries.rounds_of(planning))
        axis = axis_of(rounds)
        context = {
            **self.admin_site.each_context(request), "title": half_day(planning), "opts": self.opts, "media": self.media,
            "planning": planning, "axis": axis, "lanes": lanes_of(rounds, axis) if axis else [],
            "left_out": list(queries.left_out_of(planning)), "shifts": queries.all_shifts_of(planning),
            "way": whole_way(rounds),
            "may_dispatch": request.user.has_perm(DISPATCH), **(extra_context or {}),
        }  # fmt: skip
        return TemplateResponse(request, "rounds/admin/planning.html", context)

    def plan(self, request: HttpRequest, planning_id: int) -> HttpResponse:
        """A worker plans, some seconds long; the page answers at once."""
        must_dispatch(request)
        planning: Planning = found(self, request, planning_id)
        try:
            plan_now.apply_async(args=[planning.pk], retry=False, ignore_result=True, expires=60)
        except plan_now.OperationalError:
            words = _("L’atelier ne répond pas\u202f: ce qui a changé sera planifié dès qu’il revient.")
            self.message_user(request, words, messages.WARNING)
        else:
            words = _("C’est parti\u202f: rechargez cette page dans quelques secondes.")
            self.message_user(request, words, messages.SUCCESS)
        return redirect("admin:rounds_planning_change", planning.pk)

    def lock(self, request: HttpRequest, planning_id: int, round_id: int) -> HttpResponse:
        return self._moved(
            request,
            planning_id,
            round_id,
            services.lock_round,
            _("Tournée verrouillée\u202f: aucun plan n’y touche plus."),
        )

    def unlock(self, request: HttpRequest, planning_id: int, round_id: int) -> HttpResponse:
        return self._moved(
            request,
            planning_id,
            round_id,
            services.unlock_round,
            _("Tournée déverrouillée\u202f: le prochain plan peut la changer."),
        )

    def _moved(
        self, request: HttpRequest, planning_id: int, round_id: int, service: Any, words: str
    ) -> HttpResponse:
        must_dispatch(request)
        round_ = Round.objects.filter(pk=round_id, planning=planning_id).first()
        if round_ is None:
            raise Http404
        try:
            service(round_id=round_id)
        except Round.DoesNotExist:
            words = _("Un nouveau plan vient de remplacer cette tournée\u202f: rien n’a changé.")
            self.message_user(request, words, messages.WARNING)
        except services.RoundMoveRefused:
            words = _("Cette tournée est déjà commencée\u202f: rien n’a changé.")
            self.message_user(request, words, messages.ERROR)
        else:
            self.message_user(request, words, messages.SUCCESS)
        return redirect("admin:rounds_planning_change", planning_id)
