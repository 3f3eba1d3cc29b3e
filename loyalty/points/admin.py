"""Points for staff: the rules, each added and none typed over, and the book of every account, read alone."""

from typing import Any
from uuid import uuid4

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from config.admin import ReadOnly, Undeletable, found, own_id
from loyalty.points import services, wording
from loyalty.points.figures import known_liability, replay_quarter
from loyalty.points.forms import GiveForm, TermsForm
from loyalty.points.models import PointAccount, PointEntry, PointTerms
from loyalty.points.queries import liability, terms_at
from loyalty.points.rules import CEILINGS, AboveCeiling, NoProgramme, Terms
from loyalty.points.wording import change_said, sentence


@admin.register(PointTerms)
class PointTermsAdmin(Undeletable, ModelAdmin):
    form = TermsForm
    actions_list = ["open_replay"]
    change_form_after_template = "points/admin/replay_button.html"
    list_display = [
        "starts_at",
        "step",
        "points",
        "hundred_worth",
        "pending_days",
        "lasts_months",
        "written_by",
    ]
    list_select_related = ["written_by"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        last = PointTerms.objects.first()
        kept = [name for name in TermsForm.Meta.fields if name != "starts_at"]
        return {name: getattr(last, name) for name in kept} if last else {}

    def save_model(self, request: HttpRequest, obj: PointTerms, form: Any, change: bool) -> None:
        obj.written_by_id = own_id(request)
        services.write_terms(terms=obj)

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.replay_page)
        return [path("rejouer/", page, name="points_replay"), *super().get_urls()]

    def has_replay_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        return bool(self.has_add_permission(request))

    @action(
        description=_("Rejouer le dernier trimestre"),
        url_path="rejouer-le-trimestre",
        permissions=["replay"],
        icon="replay",
    )
    def open_replay(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:points_replay")

    def replay_page(self, request: HttpRequest) -> HttpResponse:
        """What rules would have given in the last ninety days, beside what was given. Writes nothing."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form_of = self.get_form(request)
        form = (
            form_of(request.POST)
            if request.method == "POST"
            else form_of(initial=self.get_changeform_initial_data(request))
        )
        form.fields["starts_at"].required = False
        context = {
            **self.admin_site.each_context(request), "title": _("Rejouer le dernier trimestre"), "opts": self.opts,
            "form": form, "shown": _replayed(form) if request.method == "POST" and form.is_valid() else None,
        }  # fmt: skip
        return TemplateResponse(request, "points/admin/replay.html", context)


def _replayed(form: TermsForm) -> wording.ReplayShown | None:
    """None while no programme runs: nothing was given."""
    now = timezone.now()
    if (in_force := terms_at(now)) is None:
        return None
    terms: Terms = form.instance.terms
    return wording.replay_shown(replay_quarter(terms, in_force.terms, now), terms, in_force.terms)


class EntryInline(ReadOnly, TabularInline):
    model = PointEntry
    extra = 0
    fields = readonly_fields = ["at", "kind", "change", "why", "order_reference", "by"]
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[PointEntry]:
        entries: QuerySet[PointEntry] = super().get_queryset(request)
        return entries.select_related("by")

    @display(description=_("points"))
    def change(self, entry: PointEntry) -> str:
        return change_said(entry.points)

    @display(description=_("pour"))
    def why(self, entry: PointEntry) -> str:
        return sentence(entry)


@admin.register(PointAccount)
class PointAccountAdmin(ReadOnly, ModelAdmin):
    list_display = ["customer", "balance", "debt"]
    list_select_related = ["customer"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["=customer__id", "=orders__order_reference"]
    search_help_text = _("numéro de client ou de commande")
    fields = readonly_fields = ["customer", "balance", "debt"]
    inlines = [EntryInline]
    actions_detail = ["give"]
    list_before_template = "points/admin/owed.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What the shop owes stands above the accounts. Two queries beside the page's own, three more once an hour."""
        now = timezone.now()
        shown: dict[str, Any] = {"owed": None}
        if row := terms_at(now):
            expected = wording.expected_said(known_liability(row.terms, now))
            shown = {"owed": liability(row.terms), "expected": expected}
        page: HttpResponse = super().changelist_view(request, {**(extra_context or {}), **shown})
        return page

    def has_give_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        return _ceiling(request) > 0

    @action(description=_("Offrir des points…"), url_path="offrir", permissions=["give"], icon="redeem")
    def give(self, request: HttpRequest, object_id: str) -> HttpResponse:
        account, ceiling = found(self, request, object_id), _ceiling(request)
        form = GiveForm(request.POST or None, ceiling=ceiling, initial={"key": uuid4()})
        if request.method == "POST" and form.is_valid() and self._given(request, account, form):
            return redirect("admin:points_pointaccount_change", account.pk)
        context = {
            **self.admin_site.each_context(request), "title": _("Offrir des points"), "opts": self.opts, "form": form,
            "account": account, "ceiling": ceiling,
        }  # fmt: skip
        return TemplateResponse(request, "points/admin/give.html", context)

    def _given(self, request: HttpRequest, account: PointAccount, form: GiveForm) -> bool:
        told = form.cleaned_data
        by_hand = services.ByHand(own_id(request), told["reason"], form.ceiling)
        try:
            services.give(
                customer_id=account.pk, points=told["points"], source=f"staff:{told['key']}", by_hand=by_hand
            )
        except AboveCeiling as above:
            said = _("Ce client en a reçu d’autres ce mois-ci\u202f: encore %(left)s\u00a0points au plus.")
            form.add_error("points", said % {"left": above.left})
        except NoProgramme:
            form.add_error(None, _("Aucun programme de points n’est en vigueur."))
        else:
            self.log_change(request, account, str(_("points offerts")))
            self.message_user(request, _("Les points sont sur son compte."), messages.SUCCESS)
        return not form.errors


def _ceiling(request: HttpRequest) -> int:
    return max((most for right, most in CEILINGS.items() if request.user.has_perm(right)), default=0)
