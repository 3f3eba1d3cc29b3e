"""Milestones for staff: written, replaced from a day to come on, stopped; never typed over."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from config.admin import ReadOnly, found, in_euros, make_sure, own_id
from loyalty.milestones import services
from loyalty.milestones.forms import MilestoneForm, initial_of
from loyalty.milestones.models import Milestone, MilestoneItem, MilestoneVoucher
from loyalty.milestones.wording import when_said


class PartInline(ReadOnly, TabularInline):
    model = MilestoneItem
    extra = 0
    fields = readonly_fields = ["item", "place"]
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[MilestoneItem]:
        parts: QuerySet[MilestoneItem] = super().get_queryset(request)
        return parts.select_related("item")


class VoucherInline(ReadOnly, TabularInline):
    model = MilestoneVoucher
    extra = 0
    value_said = in_euros("value", _("valeur"))
    least_said = in_euros("minimum_goods", _("dès, d’articles"))
    fields = readonly_fields = ["kind", "value_said", "least_said", "lasts_days"]
    hide_title = True


@admin.register(Milestone)
class MilestoneAdmin(ReadOnly, ModelAdmin):
    list_display = ["name", "kind", "when", "starts_at", "stopped_at", "told", "reached"]
    list_filter = ["kind", "trigger"]
    list_per_page = 50
    fields = readonly_fields = [
        "name", "kind", "when", "has_letter", "starts_at", "stopped_at", "replaces", "written_by",
    ]  # fmt: skip
    inlines = [PartInline, VoucherInline]
    actions_list = ["open_write"]
    actions_detail = ["replace", "stop"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Milestone]:
        rows: QuerySet[Milestone] = super().get_queryset(request)
        return rows.select_related("replaces", "written_by").annotate(
            told=Count("dues"), reached=Count("dues", filter=Q(dues__reached_at__isnull=False))
        )

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(never_cache(self.write_page))
        return [path("ecrire/", page, name="milestones_write"), *super().get_urls()]

    def has_write_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        return bool(request.user.has_perm("milestones.add_milestone"))

    @display(description=_("quand"), ordering="threshold")
    def when(self, milestone: Milestone) -> str:
        return when_said(milestone)

    @display(description=_("clients prévenus"), ordering="told")
    def told(self, milestone: Any) -> int:
        return int(milestone.told)

    @display(description=_("l’ont atteinte"), ordering="reached")
    def reached(self, milestone: Any) -> int:
        return int(milestone.reached)

    @action(description=_("Écrire une étape"), url_path="ecrire-une-etape", permissions=["write"])
    def open_write(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:milestones_write"))

    def write_page(self, request: HttpRequest) -> HttpResponse:
        if not self.has_write_permission(request):
            raise PermissionDenied
        form = MilestoneForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            made = services.write(terms=form.terms(), by_id=own_id(request))
            self.log_addition(request, made, str(_("écrite")))
            self.message_user(request, _("L’étape est écrite."), messages.SUCCESS)
            return redirect("admin:milestones_milestone_change", made.pk)
        return self._form(request, form, _("Écrire une étape"))

    @action(description=_("Remplacer…"), url_path="remplacer", permissions=["write"], icon="edit")
    def replace(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Those who were told of the old one get what they were told."""
        old = found(self, request, object_id)
        form = MilestoneForm(request.POST or None, initial=initial_of(old))
        if request.method == "POST" and form.is_valid():
            try:
                made = services.replace(milestone_id=old.pk, terms=form.terms(), by_id=own_id(request))
            except services.AlreadyReplaced:
                form.add_error(None, _("Une autre a déjà pris sa place, ou elle est arrêtée."))
            else:
                self.log_change(request, old, str(_("remplacée")))
                self.message_user(
                    request, _("Elle prend la place de l’ancienne à son heure."), messages.SUCCESS
                )
                return redirect("admin:milestones_milestone_change", made.pk)
        return self._form(request, form, _("Remplacer l’étape"), old)

    def _form(
        self, request: HttpRequest, form: MilestoneForm, title: Any, old: Milestone | None = None
    ) -> HttpResponse:
        told = old.dues.filter(reached_at=None).count() if old else 0
        context = {
            **self.admin_site.each_context(request), "title": title, "opts": self.opts, "form": form, "old": old,
            "told": told,
        }  # fmt: skip
        return TemplateResponse(request, "milestones/admin/write.html", context)

    @action(description=_("Arrêter"), url_path="arreter", permissions=["write"], icon="block")
    def stop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        milestone = found(self, request, object_id)
        if request.method == "POST":
            if services.stop(milestone_id=milestone.pk):
                self.log_change(request, milestone, str(_("arrêtée")))
                said = _("L’étape est arrêtée. Ce qui est annoncé est donné.")
                self.message_user(request, said, messages.SUCCESS)
            else:
                self.message_user(request, _("Elle était arrêtée déjà."), messages.WARNING)
            return redirect("admin:milestones_milestone_change", milestone.pk)
        said = _("Elle n’est plus atteinte par personne. Ce qui est annoncé est donné.")
        return make_sure(self, request, milestone, _("Arrêter l’étape"), said)
