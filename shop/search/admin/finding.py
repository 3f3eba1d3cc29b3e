"""What the catalogue team teaches the search, and what it should order or name next."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from config.admin import ReadOnly
from shop.search.models import MissedSearch, Synonym
from shop.search.queries.ranking import missed_ranking
from shop.search.synonyms import SynonymRefused, check_synonym, delete_synonym, save_synonym

PERIODS = (4, 13, 52)
REFUSALS = {
    "empty": _("«\u202f%(phrase)s\u202f» ne contient aucun mot à chercher."),
    "short": _("«\u202f%(phrase)s\u202f» est trop court\u202f: deux lettres au moins."),
    "long": _("«\u202f%(phrase)s\u202f» est trop long\u202f: quatre mots au plus, sans compter «\u202fde\u202f», «\u202fla\u202f»…"),
    "itself": _("«\u202f%(phrase)s\u202f» se renvoie à lui-même\u202f: singulier, pluriel et accents sont déjà reconnus."),
    "taken": _("«\u202f%(phrase)s\u202f» a déjà un synonyme\u202f: complétez celui-là."),
    "loop": _("«\u202f%(phrase)s\u202f» renvoie déjà à ces mots\u202f: ce serait une boucle. Choisissez «\u202féquivalents\u202f»."),
    "chain": _("«\u202f%(phrase)s\u202f» est lui-même un mot tapé\u202f: indiquez directement les mots de nos rayons."),
}  # fmt: skip


class SynonymForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Synonym
        fields = ("typed", "direction", "meant", "is_active")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                check_synonym(synonym=Synonym(pk=self.instance.pk, **cleaned))
            except SynonymRefused as refused:
                self.add_error(None, REFUSALS[refused.reason] % {"phrase": refused.phrase})
        return cleaned


@admin.register(Synonym)
class SynonymAdmin(ModelAdmin):
    form = SynonymForm
    list_display = ("typed", "direction", "meant", "is_active", "updated_at")
    list_filter = ("direction", "is_active")
    search_fields = ("typed__unaccent", "meant__unaccent")
    search_help_text = _("mots tapés ou compris")

    def save_model(self, request: HttpRequest, obj: Synonym, form: Any, change: bool) -> None:
        save_synonym(synonym=obj)

    def delete_model(self, request: HttpRequest, obj: Synonym) -> None:
        delete_synonym(synonym=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Synonym]) -> None:
        for synonym in queryset:
            delete_synonym(synonym=synonym)


@admin.register(MissedSearch)
class MissedSearchAdmin(ReadOnly, ModelAdmin):
    """A ranking instead of a list of rows."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked, kind = request.GET.get("semaines", ""), request.GET.get("origine", "")
        weeks = int(asked) if asked in map(str, PERIODS) else PERIODS[0]
        kind = kind if kind in MissedSearch.Kind.values else ""
        context = {
            **self.admin_site.each_context(request),
            "title": self.model._meta.verbose_name_plural,
            "weeks": weeks,
            "periods": PERIODS,
            "kind": kind,
            "kinds": [("", _("toutes")), *MissedSearch.Kind.choices],
            "rows": missed_ranking(weeks, kind),
            "may_add": request.user.has_perm("search.add_synonym"),
        }
        return TemplateResponse(request, "search/admin_missed.html", context)
