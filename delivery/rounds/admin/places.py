"""Where postcodes lie, typed or from a file."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import action

from config.admin import Undeletable
from delivery.rounds import services
from delivery.rounds.forms import PlacesFileForm
from delivery.rounds.models import Place


@admin.register(Place)
class PlaceAdmin(Undeletable, ModelAdmin):
    list_display = ["prefix", "latitude", "longitude"]
    search_fields = ["^prefix"]
    actions_list = ["open_import"]

    def get_urls(self) -> list[URLPattern]:
        own = path(
            "importer-des-lieux/", self.admin_site.admin_view(self.import_page), name="rounds_place_import"
        )
        return [own, *super().get_urls()]

    @action(description=gettext_lazy("Importer un fichier"), url_path="importer", permissions=["add"])
    def open_import(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:rounds_place_import"))

    def import_page(self, request: HttpRequest) -> HttpResponse:
        """All of a file, or nothing of it. One query beside the page's."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = PlacesFileForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            number = services.import_places(lines=form.cleaned_data["file"])
            words = ngettext("%(n)s lieu écrit.", "%(n)s lieux écrits.", number) % {"n": number}
            self.message_user(request, words, messages.SUCCESS)
            return redirect("admin:rounds_place_changelist")
        context = {
            **self.admin_site.each_context(request), "title": _("Importer des lieux"), "opts": self.opts, "form": form,
        }  # fmt: skip
        return TemplateResponse(request, "rounds/admin/import_places.html", context)
