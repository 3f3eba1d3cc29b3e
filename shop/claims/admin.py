"""What customers reported: whom to call first, what is answered, and what is known of the customer. Services write."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, F, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from config.admin import ReadOnly, Tags, Undeletable, found, in_euros, own_id
from config.forms import FrenchDecimalField
from config.media import private_picture
from config.templatetags.cabas import said_at
from delivery.slots.queries import free_slots
from shop.claims import queries, services, wording
from shop.claims.forms import AnswerForm
from shop.claims.models import Claim, ClaimEvent, ClaimLimits
from shop.claims.rates import signal

ANSWER = "claims.answer_claim"
SLOTS_SHOWN = 40
State, Search = Claim.State, Claim.Search
_COLOURS = {State.TO_CALL: "danger", State.RECEIVED: "info", State.ANSWERED: "success", State.CLOSED: ""}


class WaitingFilter(admin.SimpleListFilter):
    """The lists behind the figures on the admin's home."""

    title = gettext_lazy("suite à donner")
    parameter_name = "suite"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("a-traiter", gettext_lazy("À appeler ou à retrouver")),
            ("en-retard", gettext_lazy("L’heure est passée")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Claim]) -> QuerySet[Claim]:
        match self.value():
            case "a-traiter":
                return queryset & queries.waiting_claims()
            case "en-retard":
                return queryset & queries.late_claims(timezone.now())
        return queryset


class EventInline(ReadOnly, TabularInline):
    model = ClaimEvent
    fields = readonly_fields = ["at", "kind", "by"]
    extra = 0
    hide_title = True
    verbose_name_plural = gettext_lazy("histoire")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ClaimEvent]:
        found: QuerySet[ClaimEvent] = super().get_queryset(request)
        return found.select_related("by")


@admin.register(Claim)
class ClaimAdmin(ReadOnly, ModelAdmin):
    list_display = ["order_link", "kind", "amount_said", "state_said", "why", "call_by", "created_at", "by"]
    list_filter = [WaitingFilter, "state", "kind", "answer", "search", "created_at"]
    list_select_related = ["order", "by"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["=order__reference"]
    search_help_text = gettext_lazy("référence de commande")
    actions_detail = ["answer"]
    change_form_template = "claims/admin/claim.html"
    inlines = [EventInline]
    amount_said = in_euros("amount", gettext_lazy("montant"))
    fields = readonly_fields = [
        "order_link", "kind", "parts", "amount_said", "wanted", "state", "why", "answer", "said", "search",
        "call_by", "created_at", "ended_at", "by",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Claim]:
        """Those to call first, the most urgent on top."""
        claims: QuerySet[Claim] = super().get_queryset(request)
        first = Case(
            When(state=State.TO_CALL, then=Value(0)),
            When(search=Search.STAFF, then=Value(1)),
            default=Value(2),
        )
        return claims.prefetch_related("lines__line").order_by(
            first, F("call_by").asc(nulls_last=True), "-pk"
        )

    @display(description=gettext_lazy("commande"))
    def order_link(self, claim: Claim) -> SafeString:
        address = reverse("admin:orders_order_change", args=[claim.order_id])
        return format_html('<a class="underline" href="{}">{}</a>', address, claim.order.reference)

    @display(description=gettext_lazy("état"), ordering="state", label=Tags(_COLOURS))
    def state_said(self, claim: Claim) -> tuple[str, str]:
        return claim.state, claim.get_state_display()

    @display(description=gettext_lazy("articles"))
    def parts(self, claim: Claim) -> str:
        return ", ".join(wording.parts(claim))

    def get_urls(self) -> list[URLPattern]:
        def own(route: str, view: Any, name: str) -> URLPattern:
            guarded: URLPattern = path(route, self.admin_site.admin_view(view), name=name)
            return guarded

        return [
            own("<int:claim_id>/photo/", self.photo, "claims_photo"),
            own("<int:claim_id>/reparer/<int:line_id>/", self.repair, "claims_repair"),
            own("<int:claim_id>/introuvable/", self.give_up, "claims_give_up"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        claim = self.get_object(request, object_id)
        more = self._looked_at(request, claim) if claim and self.has_view_permission(request) else {}
        page: HttpResponse = super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **more}
        )
        return page

    def _looked_at(self, request: HttpRequest, claim: Claim) -> dict[str, Any]:
        """The customer's figures, the photograph, and who may have been robbed. Ten queries."""
        may_answer = request.user.has_perm(ANSWER)
        known = queries.told(claim.pk)
        looks = may_answer and claim.search == Search.STAFF
        return {
            "claim": known,
            "signal": signal(claim),
            "may_answer": may_answer,
            "candidates": queries.candidates(known) if looks else [],
            "is_sought": looks,
            "called_before": said_at(claim.call_by) if claim.call_by else "",
            "may_call": request.user.has_perm("orders.read_recipient"),
        }

    def has_answer_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """By right, and offered while its state allows it."""
        if not request.user.has_perm(ANSWER):
            return False
        return object_id is None or Claim.objects.filter(pk=object_id, state=State.TO_CALL).exists()

    @action(description=gettext_lazy("Répondre…"), url_path="repondre", permissions=["answer"], icon="reply")
    def answer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        claim = self._found(request, object_id)
        slots = list(free_slots(claim.order.zone)[:SLOTS_SHOWN])
        form = AnswerForm(request.POST or None, claim=claim, slots=slots)
        if request.method == "POST" and form.is_valid() and self._answered(request, claim, form):
            return redirect("admin:claims_claim_change", claim.pk)
        context = {
            **self.admin_site.each_context(request), "title": _("Répondre au signalement"), "opts": self.opts,
            "form": form, "claim": claim, "parts": wording.parts(claim),
        }  # fmt: skip
        return TemplateResponse(request, "claims/admin/answer.html", context)

    def _answered(self, request: HttpRequest, claim: Claim, form: AnswerForm) -> bool:
        told, by_id = form.cleaned_data, own_id(request)
        said = told["said"].strip()
        try:
            match told["answer"]:
                case Claim.Answer.REFUND:
                    services.answer_with_refund(claim_id=claim.pk, by_id=by_id, said=said)
                case Claim.Answer.REPLACEMENT:
                    services.answer_with_replacement(
                        claim_id=claim.pk, slot_id=told["slot"], by_id=by_id, said=said
                    )
                case answer:
                    services.close_claim(claim_id=claim.pk, answer=answer, by_id=by_id, said=said)
        except services.NotGivenBack:
            form.add_error(
                None, _("Ces articles sont déjà remboursés, ou leur paiement n’est pas encore encaissé.")
            )
        except services.NoReplacement:
            form.add_error(
                "slot", _("Ce créneau ou cet article n’est plus disponible\u202f: choisissez autre chose.")
            )
        except services.ClaimMoved:
            self.message_user(request, _("Quelqu’un a répondu entre-temps. Voici quoi."), messages.ERROR)
        else:
            self.log_change(request, claim, _("Répondu."))
            self.message_user(request, _("C’est noté, le client est prévenu."), messages.SUCCESS)
        return not form.errors

    def photo(self, request: HttpRequest, claim_id: int) -> HttpResponseBase:
        claim = self._found(request, claim_id)
        if not claim.photo:
            raise Http404
        return private_picture(claim.photo)

    def repair(self, request: HttpRequest, claim_id: int, line_id: int) -> HttpResponse:
        claim = self._posted(request, claim_id)
        try:
            services.repair(claim_id=claim.pk, line_id=line_id, by_id=own_id(request))
        except (services.ClaimMoved, services.NotACandidate):
            self.message_user(
                request,
                _("Cette commande a déjà été réparée ou remboursée. Voici ce qui reste."),
                messages.ERROR,
            )
        else:
            self.log_change(request, claim, _("Commande lésée réparée."))
            self.message_user(request, _("Commande réparée, son client est prévenu."), messages.SUCCESS)
        return redirect("admin:claims_claim_change", claim_id)

    def give_up(self, request: HttpRequest, claim_id: int) -> HttpResponse:
        claim = self._posted(request, claim_id)
        try:
            services.give_up_search(claim_id=claim.pk, by_id=own_id(request))
        except services.ClaimMoved:
            self.message_user(request, _("Cette recherche est déjà close."), messages.ERROR)
        else:
            self.log_change(request, claim, _("Recherche close."))
            self.message_user(request, _("C’est noté."), messages.SUCCESS)
        return redirect("admin:claims_claim_change", claim_id)

    def _posted(self, request: HttpRequest, claim_id: int) -> Claim:
        claim = self._found(request, claim_id)
        if request.method != "POST":
            raise Http404
        return claim

    def _found(self, request: HttpRequest, claim_id: object) -> Claim:
        claim: Claim = found(self, request, claim_id)
        if not (self.has_view_permission(request, claim) and request.user.has_perm(ANSWER)):
            raise PermissionDenied
        return queries.told(claim.pk)


@admin.register(ClaimLimits)
class ClaimLimitsAdmin(Undeletable, ModelAdmin):
    """The latest one holds; each is added, none typed over."""

    list_display = [
        "made_at",
        "amount",
        "number",
        "days",
        "newcomer_amount",
        "newcomer_number",
        "photo_from",
        "made_by",
    ]
    list_select_related = ["made_by"]
    fields = ["amount", "number", "days", "newcomer_amount", "newcomer_number", "photo_from"]

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.get_internal_type() == "DecimalField":
            return db_field.formfield(form_class=FrenchDecimalField)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        last = ClaimLimits.objects.first()
        return {name: getattr(last, name) for name in self.fields} if last else {}

    def save_model(self, request: HttpRequest, obj: ClaimLimits, form: Any, change: bool) -> None:
        obj.made_by_id = own_id(request)
        super().save_model(request, obj, form, change)
