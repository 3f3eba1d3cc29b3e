"""Referrals for staff: the queue of those to look at, rules that are added and never typed over, sponsors who may be stopped."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from config.admin import KeepsSecret, ReadOnly, Tags, Undeletable, found, own_id
from loyalty.referrals import services
from loyalty.referrals.forms import DecideForm, TermsForm
from loyalty.referrals.models import Referral, ReferralEntry, ReferralTerms, Sponsor
from loyalty.referrals.rules import SponsorGone, YearIsFull
from loyalty.referrals.wording import for_sponsor, signals_said

DECIDE, BLOCK = "referrals.decide_referral", "referrals.block_sponsor"
State = Referral.State


@admin.register(ReferralTerms)
class ReferralTermsAdmin(Undeletable, ModelAdmin):
    form = TermsForm
    list_display = [
        "starts_at", "friend_value", "friend_minimum", "sponsor_points", "sponsor_value", "yearly_most", "lasts_days",
        "written_by",
    ]  # fmt: skip
    list_select_related = ["written_by"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        last = ReferralTerms.objects.first()
        kept = [name for name in TermsForm.Meta.fields if name != "starts_at"]
        return {name: getattr(last, name) for name in kept} if last else {}

    def save_model(self, request: HttpRequest, obj: ReferralTerms, form: Any, change: bool) -> None:
        obj.written_by_id = own_id(request)
        super().save_model(request, obj, form, change)


class EntryInline(ReadOnly, TabularInline):
    model = ReferralEntry
    extra = 0
    fields = readonly_fields = ["at", "kind", "order_reference", "signals_told", "reason", "by"]
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReferralEntry]:
        entries: QuerySet[ReferralEntry] = super().get_queryset(request)
        return entries.select_related("by")

    @display(description=_("signaux"))
    def signals_told(self, entry: ReferralEntry) -> str:
        return signals_said(entry.signals)


@admin.register(Referral)
class ReferralAdmin(KeepsSecret, ReadOnly, ModelAdmin):
    list_display = ["state_told", "friend", "sponsor_told", "signals_told", "order_reference", "accepted_at"]
    list_filter = ["state", "accepted_at"]
    list_select_related = ["friend", "sponsor__customer", "terms"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["=friend__id", "=sponsor__customer__id", "=order_reference"]
    search_help_text = _("numéro de client ou de commande")
    # Compared with what one knows, a digest would tell whether two people are one.
    secret_fields = frozenset({"address_digest", "card_digests"})
    fields = readonly_fields = [
        "friend", "sponsor_told", "state_word", "signals_told", "reason", "reward_told", "order_reference",
        "accepted_at", "ends_at", "settled_at",
    ]  # fmt: skip
    inlines = [EntryInline]
    actions_detail = ["accept", "refuse"]

    def has_decide_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        return bool(request.user.has_perm(DECIDE))

    @display(
        description=_("état"),
        label=Tags({"review": "warning", "rewarded": "success", "refused": "danger", "ordered": "info"}),
        ordering="state",
    )
    def state_told(self, referral: Referral) -> tuple[str, str]:
        return referral.state, str(referral.get_state_display())

    @display(description=_("état"))
    def state_word(self, referral: Referral) -> str:
        return str(referral.get_state_display())

    @display(description=_("parrain"), ordering="sponsor")
    def sponsor_told(self, referral: Referral) -> str:
        return str(referral.sponsor.customer)

    @display(description=_("signaux"))
    def signals_told(self, referral: Referral) -> str:
        return signals_said(referral.signals) or "–"

    @display(description=_("récompense"))
    def reward_told(self, referral: Referral) -> str:
        return for_sponsor(referral.terms)

    @action(description=_("Accepter…"), url_path="accepter", permissions=["decide"], icon="check")
    def accept(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(request, found(self, request, object_id), accepts=True)

    @action(description=_("Refuser…"), url_path="refuser", permissions=["decide"], icon="block")
    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(request, found(self, request, object_id), accepts=False)

    def _decide(self, request: HttpRequest, referral: Referral, *, accepts: bool) -> HttpResponse:
        form = DecideForm(request.POST or None, accepts=accepts)
        if request.method == "POST" and form.is_valid():
            self._decided(request, referral, form)
            return redirect("admin:referrals_referral_change", referral.pk)
        title = _("Accepter ce parrainage") if accepts else _("Refuser ce parrainage")
        context = {
            **self.admin_site.each_context(request), "title": title, "opts": self.opts, "form": form,
            "signals": signals_said(referral.signals), "reward": for_sponsor(referral.terms), "accepts": accepts,
            "may_change": referral.state in {State.REVIEW, State.REFUSED},
        }  # fmt: skip
        return TemplateResponse(request, "referrals/admin/decide.html", context)

    def _decided(self, request: HttpRequest, referral: Referral, form: DecideForm) -> None:
        try:
            is_done = services.decide(
                referral_id=referral.pk, accepts=form.accepts, reason=form.cleaned_data["reason"],
                by_id=own_id(request),
            )  # fmt: skip
        except YearIsFull:
            said = _("Ce parrain a déjà toutes ses récompenses de l’année\u202f: rien n’a été changé.")
            self.message_user(request, said, messages.ERROR)
            return
        except SponsorGone:
            said = _("Ce parrain n’a plus de compte\u202f: rien n’a été changé, refusez pour ce motif.")
            self.message_user(request, said, messages.ERROR)
            return
        if not is_done:
            self.message_user(request, _("Il n’y a plus rien à décider ici."), messages.WARNING)
            return
        self.log_change(request, referral, str(_("accepté") if form.accepts else _("refusé")))
        said = _("Les récompenses sont données.") if form.accepts else _("Le parrainage est refusé.")
        self.message_user(request, said, messages.SUCCESS)


@admin.register(Sponsor)
class SponsorAdmin(ReadOnly, ModelAdmin):
    list_display = ["customer", "blocked_at", "blocked_by"]
    list_select_related = ["customer", "blocked_by"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["=customer__id"]
    search_help_text = _("numéro de client")
    fields = readonly_fields = ["customer", "blocked_at", "blocked_by"]
    actions_detail = ["block", "unblock"]

    def has_block_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        return bool(request.user.has_perm(BLOCK))

    @action(
        description=_("Bloquer ses invitations…"), url_path="bloquer", permissions=["block"], icon="block"
    )
    def block(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._set(request, found(self, request, object_id), is_blocked=True)

    @action(description=_("Débloquer…"), url_path="debloquer", permissions=["block"], icon="lock_open")
    def unblock(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._set(request, found(self, request, object_id), is_blocked=False)

    def _set(self, request: HttpRequest, sponsor: Sponsor, *, is_blocked: bool) -> HttpResponse:
        if request.method == "POST":
            services.block_sponsor(customer_id=sponsor.pk, is_blocked=is_blocked, by_id=own_id(request))
            self.log_change(request, sponsor, str(_("bloqué") if is_blocked else _("débloqué")))
            said = (
                _("Ses invitations sont bloquées.") if is_blocked else _("Ses invitations valent à nouveau.")
            )
            self.message_user(request, said, messages.SUCCESS)
            return redirect("admin:referrals_sponsor_change", sponsor.pk)
        title = _("Bloquer les invitations") if is_blocked else _("Débloquer les invitations")
        context = {
            **self.admin_site.each_context(request), "title": title, "opts": self.opts, "is_blocked": is_blocked,
        }  # fmt: skip
        return TemplateResponse(request, "referrals/admin/block.html", context)
