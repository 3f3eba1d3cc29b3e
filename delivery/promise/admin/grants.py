"""What was decided and given. Read only, but for what a rule could not grant by itself."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from config.admin import ReadOnly, Tags, found, own_id
from delivery.promise import services
from delivery.promise.admin.shown import cents_said, order_link
from delivery.promise.forms import ReasonForm
from delivery.promise.models import Compensation, Decision
from delivery.promise.queries import waiting_for_staff
from delivery.promise.services.granting import GRANTED_FOR, REFUSED_FOR

DECIDE = "promise.decide_compensation"
State = Compensation.State
_COLOURS = {
    State.TO_DECIDE: "warning", State.FAILED: "danger", State.GRANTED: "info", State.CARRIED_OUT: "success",
    State.REFUSED: "",
}  # fmt: skip
WHY_NOT = {
    "NothingToRefund": gettext_lazy("la livraison avait déjà été remboursée, ou n’avait rien coûté"),
    "MoreThanBilled": gettext_lazy("d’autres remboursements ont déjà rendu cette somme"),
    "NoProgramme": gettext_lazy("aucun programme de points n’est en vigueur"),
    "AlreadyRefunded": gettext_lazy("un remboursement d’un autre montant porte déjà ce motif"),
}


@admin.register(Decision)
class DecisionAdmin(ReadOnly, ModelAdmin):
    list_display = ["order_reference", "rule", "verdict", "sentence", "at", "by"]
    list_filter = ["verdict", "rule", "why", "at"]
    list_select_related = ["rule", "by"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["=order_reference"]
    search_help_text = gettext_lazy("référence de commande")
    order_link = order_link
    amount_said = cents_said("amount_cents", gettext_lazy("montant"))
    fields = readonly_fields = [
        "order_link", "rule", "version_said", "verdict", "why", "sentence", "remedy", "amount_said", "facts_said", "at",
        "by",
    ]  # fmt: skip

    @display(description=gettext_lazy("version"))
    def version_said(self, decision: Decision) -> str:
        return str(decision.version.number)

    @display(description=gettext_lazy("faits"))
    def facts_said(self, decision: Decision) -> str:
        return ", ".join(f"{name}\u202f: {value}" for name, value in decision.facts.items())


class WaitingFilter(admin.SimpleListFilter):
    """The list behind the figure on the admin's home."""

    title = gettext_lazy("suite à donner")
    parameter_name = "suite"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("a-decider", gettext_lazy("À décider ou à reprendre"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Compensation]) -> QuerySet[Compensation]:
        if self.value() != "a-decider":
            return queryset
        return queryset & waiting_for_staff()


@admin.register(Compensation)
class CompensationAdmin(ReadOnly, ModelAdmin):
    list_display = ["order_reference", "rule", "remedy", "amount_said", "state_said", "made_at"]
    list_filter = [WaitingFilter, "state", "remedy", "rule", "made_at"]
    list_select_related = ["rule"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["=order_reference"]
    search_help_text = gettext_lazy("référence de commande")
    actions_detail = ["grant", "refuse", "try_again"]
    order_link = order_link
    amount_said = cents_said("amount_cents", gettext_lazy("montant"))
    fields = readonly_fields = [
        "order_link", "rule", "remedy", "amount_said", "state", "sentence", "why_said", "failure", "made_at",
        "granted_at", "ended_at",
    ]  # fmt: skip

    @display(description=gettext_lazy("état"), ordering="state", label=Tags(_COLOURS))
    def state_said(self, given: Compensation) -> tuple[str, str]:
        return given.state, given.get_state_display()

    @display(description=gettext_lazy("calcul"))
    def sentence(self, given: Compensation) -> str:
        return given.decision.sentence

    @display(description=gettext_lazy("pourquoi l’équipe décide"))
    def why_said(self, given: Compensation) -> str:
        return given.decision.get_why_display() or "—"

    @display(description=gettext_lazy("ce qui l’empêche"))
    def failure(self, given: Compensation) -> str:
        return str(WHY_NOT.get(given.failed_because, given.failed_because)) or "—"

    def has_grant_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, State.TO_DECIDE)

    def has_refuse_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, State.TO_DECIDE, State.FAILED)

    def has_again_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, State.FAILED)

    def _may(self, request: HttpRequest, object_id: Any, *states: str) -> bool:
        """By right, and offered while its state allows it."""
        if not request.user.has_perm(DECIDE):
            return False
        return object_id is None or Compensation.objects.filter(pk=object_id, state__in=states).exists()

    @action(
        description=gettext_lazy("Accorder"), url_path="accorder", permissions=["grant"], icon="check_circle"
    )
    def grant(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decided(request, object_id, _("Accorder"), GRANTED_FOR, services.grant_by_staff)

    @action(description=gettext_lazy("Refuser"), url_path="refuser", permissions=["refuse"], icon="block")
    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decided(request, object_id, _("Refuser"), REFUSED_FOR, services.refuse_by_staff)

    def _decided(
        self, request: HttpRequest, object_id: str, title: str, reasons: Any, decide: Any
    ) -> HttpResponse:
        given = self._found(request, object_id)
        form = ReasonForm(reasons, request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                decide(compensation_id=given.pk, why=form.cleaned_data["why"], by_id=own_id(request))
            except services.CompensationMoved:
                self.message_user(
                    request, _("Quelqu’un a décidé entre-temps. Voici où elle en est."), messages.ERROR
                )
            else:
                self.log_change(request, given, title)
                self.message_user(request, _("C’est noté."), messages.SUCCESS)
            return redirect("admin:promise_compensation_change", given.pk)
        context = {
            **self.admin_site.each_context(request), "title": title, "opts": self.opts, "form": form, "given": given,
        }  # fmt: skip
        return TemplateResponse(request, "promise/admin/decide.html", context)

    @action(
        description=gettext_lazy("Essayer à nouveau"),
        url_path="reprendre",
        permissions=["again"],
        icon="replay",
    )
    def try_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        given = self._found(request, object_id)
        if request.method == "POST":
            try:
                services.try_again(compensation_id=given.pk, by_id=own_id(request))
            except services.CompensationMoved:
                self.message_user(request, _("Elle n’attend plus personne."), messages.ERROR)
            else:
                self.log_change(request, given, _("Reprise."))
                self.message_user(request, _("Elle est à nouveau en cours."), messages.SUCCESS)
            return redirect("admin:promise_compensation_change", given.pk)
        context = {
            **self.admin_site.each_context(request), "title": _("Essayer à nouveau"), "opts": self.opts, "form": None,
            "given": given,
        }  # fmt: skip
        return TemplateResponse(request, "promise/admin/decide.html", context)

    def _found(self, request: HttpRequest, object_id: str) -> Compensation:
        given: Compensation = found(self, request, object_id)
        if not (self.has_view_permission(request, given) and request.user.has_perm(DECIDE)):
            raise PermissionDenied
        return given
