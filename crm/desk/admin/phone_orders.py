"""Orders taken by telephone: the page on which one is taken, and what was taken by whom."""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
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
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from config.admin import ReadOnly, own_id
from crm.desk import queries, wording
from crm.desk.admin.conversations import ORDERS_FOR
from crm.desk.models import PhoneOrder, PhoneOrderEvent
from crm.desk.phone_forms import PhoneRecipientForm
from crm.desk.queries.phone_orders import OnThePhone
from crm.desk.services import phone_orders as services
from crm.desk.services.phone_orders import NotRunning
from shop.orders.admin_search import FindsByReference


class EventInline(ReadOnly, TabularInline):
    model = PhoneOrderEvent
    fields = readonly_fields = ("at", "kind", "data")
    extra = 0


@admin.register(PhoneOrder)
class PhoneOrderAdmin(FindsByReference, ReadOnly, ModelAdmin):
    """Who ordered for whom, when, and what it became."""

    list_display = ("__str__", "started_at", "agent_said", "customer", "order_reference", "end")
    list_filter = ("end", "started_at")
    list_select_related = ("agent", "customer")
    search_fields = ("order_reference",)
    search_help_text = _("Numéro de commande")
    show_full_result_count = False
    inlines = (EventInline,)
    fields = readonly_fields = (
        "agent_said", "customer", "started_at", "ends_at", "ended_at", "end", "order_reference"
    )  # fmt: skip

    @display(description=_("par"))
    def agent_said(self, phone_order: PhoneOrder) -> str:
        return wording.agent_name(phone_order.agent)

    def get_urls(self) -> list[URLPattern]:
        def own(route: str, view: Any, name: str) -> URLPattern:
            guarded: URLPattern = path(route, self.admin_site.admin_view(view), name=name)
            return guarded

        return [
            own("pour/<int:customer_id>/", self.start, "desk_phone_start"),
            own("<int:phone_order_id>/prendre/", self.take_order, "desk_phone_order"),
            own("<int:phone_order_id>/faire/<slug:act>/", self.act, "desk_phone_act"),
            *super().get_urls(),
        ]

    def start(self, request: HttpRequest, customer_id: int) -> HttpResponse:
        _must(request)
        if request.method != "POST" or queries.customer_by_id(str(customer_id)) is None:
            raise Http404
        try:
            started = services.start_phone_order(agent_id=own_id(request), customer_id=customer_id)
        except services.StaffAccount:
            messages.error(request, translate("On ne commande pas pour un membre de l’équipe."))
            return redirect("admin:desk_customer", customer_id)
        except NotRunning:
            messages.error(
                request, translate("Une commande par téléphone vient d’être commencée\u202f: reprenez-la.")
            )
            return redirect("admin:desk_customer", customer_id)
        return redirect("admin:desk_phone_order", started.pk)

    def take_order(self, request: HttpRequest, phone_order_id: int) -> HttpResponse:
        """Address, articles, slot, and the link to send. Twenty-two queries at most, however large the basket."""
        _must(request)
        call = self._call(request, phone_order_id)
        return self._page(request, call, PhoneRecipientForm.of(call))

    def _page(
        self, request: HttpRequest, call: OnThePhone, form: PhoneRecipientForm, status: int = 200
    ) -> HttpResponse:
        words = request.GET.get("q", "")[:80]
        context = {
            **self.admin_site.each_context(request), "title": translate("Commande par téléphone"), "opts": self.opts,
            "call": call, "customer": call.phone_order.customer, "now": timezone.now(), "form": form, "words": words,
            "cards": queries.products_named(words, call.zone) if words and call.zone else [],
            "days": queries.slot_days(call), "recap": queries.phone_recap(call), "lines": queries.phone_lines(call),
        }  # fmt: skip
        return TemplateResponse(request, "desk/admin/phone_order.html", context, status=status)

    def act(self, request: HttpRequest, phone_order_id: int, act: str) -> HttpResponse:
        _must(request)
        done: Callable[[HttpRequest, int], HttpResponse | None] | None = {
            "article": self._line,
            "adresse": self._address,
            "creneau": self._slot,
            "envoyer": self._send,
            "arreter": self._stop,
        }.get(act)
        if done is None or request.method != "POST":
            raise Http404
        try:
            answer = done(request, phone_order_id)
        except NotRunning:
            return _over(request)
        except wording.PHONE_REFUSALS as why:
            messages.error(request, wording.not_ordered(why))
            answer = None
        return answer or redirect("admin:desk_phone_order", phone_order_id)

    def _line(self, request: HttpRequest, phone_order_id: int) -> None:
        product, quantity = request.POST.get("product", ""), request.POST.get("quantity", "")
        if not (_NUMBER.fullmatch(product) and _NUMBER.fullmatch(quantity)):
            messages.error(request, translate("Indiquez une quantité entière, en pièces ou en grammes."))
            return
        services.set_phone_line(
            phone_order_id=phone_order_id,
            agent_id=own_id(request),
            product_id=int(product),
            quantity=int(quantity),
        )

    def _address(self, request: HttpRequest, phone_order_id: int) -> HttpResponse | None:
        call = self._call(request, phone_order_id)
        form = PhoneRecipientForm.of(call, request.POST)
        if not form.is_valid():
            return self._page(request, call, form, status=422)
        services.keep_phone_recipient(
            phone_order_id=phone_order_id, agent_id=own_id(request), draft=form.save(commit=False)
        )
        return None

    def _slot(self, request: HttpRequest, phone_order_id: int) -> None:
        chosen = request.POST.get("slot", "")
        if not _NUMBER.fullmatch(chosen):
            raise Http404
        services.hold_phone_slot(phone_order_id=phone_order_id, agent_id=own_id(request), slot_id=int(chosen))

    def _send(self, request: HttpRequest, phone_order_id: int) -> HttpResponse:
        call = self._call(request, phone_order_id)
        order = services.send_phone_order(
            phone_order_id=phone_order_id,
            agent_id=own_id(request),
            seen_total=_amount(request.POST.get("seen", "")),
        )
        messages.success(
            request,
            translate(
                "Commande %(reference)s envoyée : le client la relit et paie par le lien, sous 30 minutes."
            )
            % {"reference": order.reference},
        )
        return redirect("admin:desk_customer", call.phone_order.customer_id)

    def _stop(self, request: HttpRequest, phone_order_id: int) -> HttpResponse:
        call = self._call(request, phone_order_id)
        services.end_phone_order(phone_order_id=phone_order_id, agent_id=own_id(request))
        messages.success(request, translate("Commande par téléphone arrêtée\u202f: rien n’est commandé."))
        return redirect("admin:desk_customer", call.phone_order.customer_id)

    def _call(self, request: HttpRequest, phone_order_id: int) -> OnThePhone:
        """One's own, while it runs. Five queries at most; raises Http404 for any other."""
        found = queries.own_phone_order(phone_order_id, own_id(request))
        if found is None:
            raise Http404
        return queries.on_the_phone(found)


_NUMBER = re.compile(r"[0-9]{1,9}")


def _must(request: HttpRequest) -> None:
    if not (request.user.has_perm(ORDERS_FOR) and request.user.has_perm("customers.view_customer")):
        raise PermissionDenied


def _amount(typed: str) -> Decimal:
    """What the page showed when its button was pressed; anything else agrees to nothing."""
    try:
        return Decimal(typed) if len(typed) <= 12 else Decimal(-1)
    except InvalidOperation:
        return Decimal(-1)


def _over(request: HttpRequest) -> HttpResponse:
    messages.error(
        request,
        translate("Cette commande par téléphone est terminée\u202f: recommencez depuis la page du client."),
    )
    return redirect("admin:desk_queue")
