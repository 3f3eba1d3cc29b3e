"""Calls that are owed: whom, at which number, and every time it was tried."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from config.admin import KeepsSecret, Tags, Undeletable, found, own_id
from crm.desk import queries, services, wording
from crm.desk.admin.conversations import READS_NUMBERS
from crm.desk.models import Callback
from crm.desk.staff_forms import AttemptForm, new_key
from shop.claims.queries import claims_named
from shop.orders.admin_search import FindsByReference


@admin.register(Callback)
class CallbackAdmin(FindsByReference, KeepsSecret, Undeletable, ModelAdmin):
    secret_fields = frozenset({"name", "phone"})
    list_display = (
        "__str__",
        "asked_at",
        "reason",
        "order_reference",
        "promised_at",
        "assigned",
        "shown_state",
    )
    list_filter = ("state", "reason", "asked_at")
    list_select_related = ("assigned_to",)
    search_fields = ("=id", "order_reference")
    search_help_text = _("Numéro de rappel ou de commande")
    ordering = ("-asked_at",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @display(description=_("suivi par"))
    def assigned(self, call: Callback) -> str:
        return wording.agent_name(call.assigned_to) or "—"

    @display(
        description=_("état"),
        label=Tags({"due": "warning", "not_reached": "warning", "called": "success", "closed": "info"}),
        ordering="state",
    )
    def shown_state(self, call: Callback) -> tuple[str, str]:
        return call.state, call.get_state_display()

    def get_urls(self) -> list[URLPattern]:
        act: URLPattern = path(
            "<int:callback_id>/faire/<slug:act>/",
            self.admin_site.admin_view(self.act),
            name="desk_call_act",
        )
        return [act, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        call = found(self, request, object_id)
        if not self.has_view_permission(request, call) or request.method != "GET":
            raise PermissionDenied
        return self._page(request, call)

    def _page(
        self, request: HttpRequest, call: Callback, form: AttemptForm | None = None, status: int = 200
    ) -> HttpResponse:
        """Whom to call and what was tried. Ten queries at most."""
        now = timezone.now()
        orders = {call.order_reference} if call.order_reference else set()
        context = {
            **self.admin_site.each_context(request), "title": translate("Rappel n°\u00a0%d") % call.pk,
            "opts": self.opts, "call": call, "person": queries.whom_to_call([call])[call.pk],
            "known": queries.order_facts(call.order_reference), "now": now,
            "claims": claims_named([call.occasion, *call.also]),
            "attempts": list(call.attempts.select_related("by")), "is_open": call.state in Callback.OPEN,
            "is_mine": call.assigned_to_id == own_id(request), "form": form or AttemptForm(initial={"key": new_key()}),
            "may_act": self.has_change_permission(request, call), "may_call": request.user.has_perm(READS_NUMBERS),
            "is_newcomer": queries.newcomers(
                {call.customer_id} if call.customer_id else set(), orders
            ).has(call.customer_id, call.order_reference),
        }  # fmt: skip
        return TemplateResponse(request, "desk/admin/callback.html", context, status=status)

    def act(self, request: HttpRequest, callback_id: int, act: str) -> HttpResponse:
        call = found(self, request, callback_id)
        done: Callable[[HttpRequest, Callback], HttpResponse | None] | None = {
            "prendre": self._take,
            "reprendre": self._take_over,
            "rendre": self._release,
            "noter": self._attempt,
            "classer": self._close,
        }.get(act)
        if done is None or request.method != "POST":
            raise Http404
        if not self.has_change_permission(request, call):
            raise PermissionDenied
        try:
            answer = done(request, call)
        except wording.REFUSALS as why:
            messages.error(request, wording.refused(why))
            answer = None
        return answer or redirect("admin:desk_callback_change", callback_id)

    def _take(self, request: HttpRequest, call: Callback) -> None:
        services.take(Callback, pk=call.pk, user_id=own_id(request))

    def _take_over(self, request: HttpRequest, call: Callback) -> None:
        seen = request.POST.get("de", "")
        services.take_over(
            Callback, pk=call.pk, from_id=int(seen) if seen.isdecimal() else None, user_id=own_id(request)
        )
        self.log_change(request, call, translate("Rappel repris à un collègue."))

    def _release(self, request: HttpRequest, call: Callback) -> HttpResponse:
        services.release(Callback, pk=call.pk, user_id=own_id(request))
        return redirect("admin:desk_queue")

    def _attempt(self, request: HttpRequest, call: Callback) -> HttpResponse:
        form = AttemptForm(request.POST)
        if not form.is_valid():
            return self._page(request, call, form, status=422)
        services.record_attempt(callback_id=call.pk, user_id=own_id(request), **form.cleaned_data)
        messages.success(request, translate("Appel noté."))
        return redirect("admin:desk_queue")

    def _close(self, request: HttpRequest, call: Callback) -> HttpResponse:
        services.close_callback(callback_id=call.pk, user_id=own_id(request))
        self.log_change(request, call, translate("Rappel classé sans être joint."))
        messages.success(request, translate("Rappel classé."))
        return redirect("admin:desk_queue")
