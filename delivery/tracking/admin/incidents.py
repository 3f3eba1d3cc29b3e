"""What delays a zone, told to everybody concerned in one action."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import action

from config.admin import ReadOnly, own_id
from delivery.rounds.rules import DISPATCH
from delivery.tracking import queries, services
from delivery.tracking.admin.forms import IncidentForm
from delivery.tracking.models import Incident


@admin.register(Incident)
class IncidentAdmin(ReadOnly, ModelAdmin):
    list_display = [
        "kind",
        "starts_at",
        "ends_at",
        "delay_minutes",
        "concerned",
        "announced_at",
        "announced_by",
    ]
    list_filter = ["kind"]
    list_select_related = ["announced_by"]
    date_hierarchy = "announced_at"
    actions_list = ["open_new"]
    fields = readonly_fields = [
        "kind", "zones", "starts_at", "ends_at", "delay_minutes", "concerned", "announced_at", "announced_by",
    ]  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.announce_page)
        return [path("annoncer/", view, name="tracking_announce"), *super().get_urls()]

    def has_announce_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(DISPATCH)

    @action(
        description=gettext_lazy("Annoncer un incident"),
        url_path="nouveau",
        permissions=["announce"],
        icon="campaign",
    )
    def open_new(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:tracking_announce"))

    def announce_page(self, request: HttpRequest) -> HttpResponse:
        """What happens and where, then how many orders it concerns, to be confirmed, then the announcement."""
        if not self.has_announce_permission(request):
            raise PermissionDenied
        form = IncidentForm(request.POST or None)
        is_right = request.method == "POST" and "edit" not in request.POST and form.is_valid()
        if is_right and "confirm" in request.POST and (incident := self._announced(request, form)):
            return redirect("admin:tracking_incident_change", incident.pk)
        context: dict[str, Any] = {
            **self.admin_site.each_context(request), "title": _("Annoncer un incident"), "opts": self.opts, "form": form,
            "is_to_confirm": is_right and not form.errors, "concerned": 0,
        }  # fmt: skip
        if context["is_to_confirm"]:
            asked = form.asked()
            concerned = queries.drops_concerned(asked["zone_ids"], asked["starts_at"], asked["ends_at"])
            context |= {"concerned": len(concerned)}
        return TemplateResponse(request, "tracking/admin/announce.html", context)

    def _announced(self, request: HttpRequest, form: IncidentForm) -> Incident | None:
        try:
            incident = services.announce_incident(**form.asked(), now=timezone.now(), by_id=own_id(request))
        except services.NothingConcerned:
            form.add_error(None, _("Aucune commande à livrer n’est concernée\u202f: rien n’est parti."))
            return None
        words = ngettext("%(n)s commande prévenue.", "%(n)s commandes prévenues.", incident.concerned)
        self.log_addition(request, incident, str(incident))
        self.message_user(request, words % {"n": incident.concerned}, messages.SUCCESS)
        return incident
