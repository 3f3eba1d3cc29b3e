"""Rules, their versions, and what the past would have been given by another one, which is seen before it holds."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from config.admin import ReadOnly, Tags, own_id
from delivery.promise import ports, services
from delivery.promise.forms import SeenForm, VersionForm
from delivery.promise.models import Rule, RuleVersion
from delivery.promise.replay import DAYS, Replayed
from delivery.promise.wording import ceilings_said, in_cents, remedy_said, sentence_of, version_said

WRITE = "promise.write_rule"


class VersionInline(ReadOnly, TabularInline):
    model = RuleVersion
    extra = 0
    fields = readonly_fields = ["number", "starts_at", "is_on", "said", "ceilings", "simulated", "made_by"]
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[RuleVersion]:
        found: QuerySet[RuleVersion] = super().get_queryset(request)
        return found.select_related("made_by")

    @display(description=gettext_lazy("ce qu’elle dit"))
    def said(self, version: RuleVersion) -> str:
        return version_said(version)

    @display(description=gettext_lazy("plafonds"))
    def ceilings(self, version: RuleVersion) -> str:
        return ceilings_said(version)

    @display(description=gettext_lazy("sur le passé"))
    def simulated(self, version: RuleVersion) -> str:
        if version.simulated_number is None or version.simulated_cents is None:
            return _("livrée d’origine")
        return f"{version.simulated_number}, {in_cents(version.simulated_cents)}"


@admin.register(Rule)
class RuleAdmin(ReadOnly, ModelAdmin):
    list_display = ["name", "said", "ceilings", "state_said"]
    actions_detail = ["write_version"]
    inlines = [VersionInline]
    fields = readonly_fields = ["name", "key", "said", "ceilings", "state_word"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        rules: QuerySet[Rule] = super().get_queryset(request)
        return rules.prefetch_related("versions")

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.version_page)
        return [path("<int:rule_id>/version/", page, name="promise_version"), *super().get_urls()]

    @display(description=gettext_lazy("en vigueur"))
    def said(self, rule: Rule) -> str:
        version = in_force(rule)
        return version_said(version) if version else "—"

    @display(description=gettext_lazy("plafonds"))
    def ceilings(self, rule: Rule) -> str:
        version = in_force(rule)
        return ceilings_said(version) if version else "—"

    @display(
        description=gettext_lazy("état"), label=Tags({"on": "success", "waiting": "warning", "off": "danger"})
    )
    def state_said(self, rule: Rule) -> tuple[str, str]:
        return _state(in_force(rule))

    @display(description=gettext_lazy("état"))
    def state_word(self, rule: Rule) -> str:
        return _state(in_force(rule))[1]

    def has_write_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        return bool(request.user.has_perm(WRITE))

    @action(
        description=gettext_lazy("Nouvelle version, rejouée sur le passé"),
        url_path="nouvelle-version",
        permissions=["write"],
        icon="edit_note",
    )
    def write_version(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:promise_version", args=[object_id]))

    def version_page(self, request: HttpRequest, rule_id: int) -> HttpResponse:
        """What the version says, then what it would have given on the past, to be confirmed, then the version."""
        if not request.user.has_perm(WRITE):
            raise PermissionDenied
        rule = self.get_queryset(request).filter(pk=rule_id).first()
        if rule is None:
            raise Http404
        form = VersionForm(request.POST) if request.method == "POST" else VersionForm.of(in_force(rule))
        is_right = request.method == "POST" and "edit" not in request.POST and form.is_valid()
        if is_right and "confirm" in request.POST and self._written(request, rule, form):
            return redirect("admin:promise_rule_change", rule.pk)
        shown = None
        if is_right and not form.errors:
            shown = services.preview(rule_id=rule.pk, wanted=form.wanted(), now=timezone.now())
            _warn(form, shown)
        context = {
            **self.admin_site.each_context(request),
            "title": _("%(rule)s\u202f: nouvelle version") % {"rule": rule.name},
            "opts": self.opts, "form": form, "rule": rule, "days": DAYS,
            "shown": _figures(shown) if shown and not form.errors else None,
            "said": version_said(form.wanted().of(rule)) if shown else "",
            "ceilings": ceilings_said(form.wanted().of(rule)) if shown else "",
            "seen": SeenForm(initial={"number": shown.number, "cents": shown.cents}) if shown else None,
        }  # fmt: skip
        return TemplateResponse(request, "promise/admin/version.html", context)

    def _written(self, request: HttpRequest, rule: Rule, form: VersionForm) -> RuleVersion | None:
        seen = SeenForm(request.POST)
        try:
            if not seen.is_valid():
                raise services.PreviewChanged
            made = services.add_version(
                rule_id=rule.pk,
                wanted=form.wanted(),
                starts_at=form.cleaned_data["starts_at"],
                by_id=own_id(request),
                seen=(seen.cleaned_data["number"], seen.cleaned_data["cents"]),
            )
        except services.PreviewChanged:
            self.message_user(
                request,
                _("Le passé a changé entre-temps\u202f: relisez ces chiffres, puis confirmez."),
                messages.WARNING,
            )
            return None
        except services.PromiseRefused as refused:
            form.add_error(None, refusal_said(refused))
            return None
        self.log_change(request, rule, _("Version %(n)d écrite.") % {"n": made.number})
        self.message_user(request, _("La nouvelle version est écrite."), messages.SUCCESS)
        return made


def in_force(rule: Rule) -> RuleVersion | None:
    """Of a rule read with its versions: what holds for a slot that starts now. No query."""
    held = [version for version in rule.versions.all() if version.starts_at <= timezone.now()]
    return max(held, key=lambda version: version.starts_at, default=None)


def _state(version: RuleVersion | None) -> tuple[str, str]:
    if version is None or not version.is_on:
        return "off", _("arrêtée")
    missing = sorted({version.remedy, version.if_free} - {""} - ports.carried_out())
    if missing:
        label = RuleVersion.Remedy(missing[0]).label
        return "waiting", _("en attente\u202f: personne ne fait encore «\u202f%(remedy)s\u202f»") % {
            "remedy": label
        }
    return "on", _("en service")


def _warn(form: VersionForm, shown: Replayed) -> None:
    """What would be refused is said before it is tried, with what it would have cost."""
    terms = form.wanted().of(Rule(key=shown.rule, position=0)).terms
    if not form.cleaned_data["is_on"]:
        return
    missing = sorted(terms.remedies - ports.carried_out())
    if missing:
        form.add_error(None, refusal_said(services.NobodyCarriesOut(missing[0])))
    elif not terms.is_bounded:
        form.add_error(None, refusal_said(services.RuleUnbounded(shown.number, shown.cents)))


def refusal_said(refused: services.PromiseRefused) -> str:
    if isinstance(refused, services.NobodyCarriesOut):
        label = RuleVersion.Remedy(refused.remedy).label
        return _(
            "Personne dans la boutique ne sait encore faire «\u202f%(remedy)s\u202f»\u202f: la règle promettrait ce que "
            "nul ne donne."
        ) % {"remedy": label}
    if isinstance(refused, services.RuleUnbounded):
        return _(
            "Sans plafond par client ni par semaine, cette règle pourrait payer sans limite. Sur les %(days)d derniers "
            "jours, elle aurait donné %(number)d compensations, %(cost)s."
        ) % {"days": DAYS, "number": refused.number, "cost": in_cents(refused.cents)}
    if isinstance(refused, services.StartsInThePast):
        return _("Cette date est passée\u202f: ce qui était promis reste jugé comme avant.")
    return _("Seuil, montant et plafonds ne vont pas ensemble, ou une version commence déjà à cet instant.")


def _figures(shown: Replayed) -> dict[str, Any]:
    return {
        "number": shown.number,
        "cost": in_cents(shown.cents),
        "for_staff": shown.for_staff,
        "remedies": [
            (RuleVersion.Remedy(remedy).label, number, in_cents(cents))
            for remedy, (number, cents) in sorted(shown.by_remedy.items())
        ],
        "dearest": [
            (
                one.order_reference,
                remedy_said(one.remedy, one.cents),
                sentence_of(one.outcome.facts, one.verdict),
            )
            for one in shown.dearest
        ],
    }
