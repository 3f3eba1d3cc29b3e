"""A week of shifts at a glance, and copied to the next."""

from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from delivery.rounds import services
from delivery.rounds.forms import WeekForm
from delivery.rounds.models import Round, Shift
from delivery.rounds.queries import shifts_of_week
from delivery.slots.rules import monday_of

DAYS = 7


@admin.register(Shift)
class ShiftAdmin(ModelAdmin):
    fields = ["courier", "van", "starts_at", "ends_at"]
    list_select_related = ["courier", "van"]

    class Media:
        css = {"all": ["rounds/rounds.css"]}

    def get_urls(self) -> list[URLPattern]:
        copy = self.admin_site.admin_view(require_POST(self.copy_week))
        return [path("recopier/", copy, name="rounds_shift_copy"), *super().get_urls()]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A shift that has a round stays on record; moved or shortened, it loses one that is only planned."""
        if obj is not None and Round.objects.filter(shift=obj).exists():
            return False
        return bool(super().has_delete_permission(request, obj))

    def save_model(self, request: HttpRequest, obj: Shift, form: Any, change: bool) -> None:
        services.write_shift(obj)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Seven days. One query besides the session and the rights."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        monday = self._monday(request)
        context = {
            **self.admin_site.each_context(request), "title": _("Services de la semaine"), "opts": self.opts,
            "media": self.media, "days": _days(monday), "monday": monday, "sunday": monday + timedelta(days=DAYS - 1),
            "may_add": self.has_add_permission(request), "today": timezone.localdate(),
            "previous_url": _url(monday - timedelta(days=DAYS)), "next_url": _url(monday + timedelta(days=DAYS)),
            "current_url": _url(timezone.localdate()), **(extra_context or {}),
        }  # fmt: skip
        return TemplateResponse(request, "rounds/admin/week.html", context)

    def _monday(self, request: HttpRequest) -> date:
        form = WeekForm(request.GET)
        if not form.is_valid():
            self.message_user(request, _("Cette semaine n’existe pas."), messages.WARNING)
        return form.cleaned_data.get("week") or monday_of(timezone.localdate())

    def copy_week(self, request: HttpRequest) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = WeekForm(request.POST)
        if not form.is_valid() or not form.cleaned_data["week"]:
            self.message_user(request, _("Cette semaine n’existe pas."), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:rounds_shift_changelist"))
        monday = form.cleaned_data["week"]
        added, left = services.copy_week(monday=monday)
        words = _(
            "Services recopiés\u202f: %(added)s. Laissés de côté, déjà pris ou plus en service\u202f: %(left)s."
        )
        self.message_user(request, words % {"added": added, "left": left}, messages.SUCCESS)
        return HttpResponseRedirect(_url(monday + timedelta(days=DAYS)))


def _url(day: date) -> str:
    return f"{reverse('admin:rounds_shift_changelist')}?week={day.isoformat()}"


def _days(monday: date) -> list[tuple[date, list[Shift]]]:
    found = shifts_of_week(monday).select_related("courier__carrier", "van")
    by_day = {day: list(rows) for day, rows in groupby(found, lambda one: timezone.localdate(one.starts_at))}
    week = [monday + timedelta(days=number) for number in range(DAYS)]
    return [(day, by_day.get(day, [])) for day in week]
