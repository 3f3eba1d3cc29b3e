"""Orders as staff read them: found by reference or address, changed by services only."""

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action

from config.admin import KeepsSecret, ReadOnly, in_euros
from config.templatetags.cabas import quantity_label, said_at, slot_label_long
from shop.orders.admin_questions import ShortageQuestionAdmin
from shop.orders.admin_search import FindsByReference
from shop.orders.charge_admin import TakesMoney
from shop.orders.models import Amendment, Order, OrderBill, OrderEvent, OrderLine, OrderVatTotal
from shop.orders.pickups import pickup_of, to_fetch, unfetched
from shop.orders.refund_admin import GivesBack
from shop.orders.shortages import by_slot, missing_lines
from shop.orders.watch import watched
from shop.orders.withdrawal_admin import WithdrawalAdmin

__all__ = ["OrderAdmin", "ShortageQuestionAdmin", "WithdrawalAdmin", "may_read_recipient"]

RECIPIENT_FIELDS = {
    "customer", "customer_id", "email", "first_name", "last_name", "phone", "line1", "line2", "floor",
    "door_code", "instructions", "postcode", "city",
}  # fmt: skip


class PickupFilter(admin.SimpleListFilter):
    """Orders to be fetched at a point."""

    title = _("retrait")
    parameter_name = "retrait"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("attendues", _("à retirer")), ("non-retirees", _("non retirées"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        narrow = {"attendues": to_fetch, "non-retirees": unfetched}.get(self.value() or "")
        return narrow(queryset, timezone.now()) if narrow else queryset


def may_read_recipient(request: HttpRequest) -> bool:
    """Whoever answers customers; pickers need neither an address nor a door code."""
    user = request.user
    return user.has_perm("orders.read_recipient") or user.has_perm("orders.change_order")


class LineInline(ReadOnly, TabularInline):
    model = OrderLine
    extra = 0
    fields = [
        "ean",
        "name",
        "packaging_label",
        "how_much",
        "price_said",
        "discount_said",
        "promotion_label",
        "total_said",
        "voucher_said",
        "picked_said",
        "billed_said",
        "vat_rate",
        "deposit_said",
        "shortage_choice",
    ]
    readonly_fields = fields
    tab = True
    hide_title = True
    discount_said = in_euros("discount", _("réduction"))
    price_said = in_euros("unit_price", _("prix unitaire TTC"))
    total_said = in_euros("total", _("total TTC"))
    voucher_said = in_euros("voucher_share", _("part du bon"))
    deposit_said = in_euros("deposit", _("consigne"))
    billed_said = in_euros("billed", _("facturé TTC"))

    @admin.display(description=_("préparé"))
    def picked_said(self, line: OrderLine) -> str:
        return "" if line.picked is None else quantity_label(line.sold_by, line.picked)

    @admin.display(description=_("quantité"))
    def how_much(self, line: OrderLine) -> str:
        return quantity_label(line.sold_by, line.quantity)


class BillInline(ReadOnly, TabularInline):
    model = OrderBill
    extra = 0
    fields = ["goods_said", "deposits_said", "delivery_said", "voucher_said", "total_said", "made_at"]
    readonly_fields = fields
    tab = True
    hide_title = True
    goods_said = in_euros("goods_total", _("articles TTC"))
    deposits_said = in_euros("deposit_total", _("consignes"))
    delivery_said = in_euros("delivery_fee", _("livraison TTC"))
    voucher_said = in_euros("voucher_discount", _("bon"))
    total_said = in_euros("total", _("total TTC"))


class EventInline(ReadOnly, TabularInline):
    model = OrderEvent
    extra = 0
    verbose_name_plural = _("historique")
    fields = ["at", "kind"]
    readonly_fields = fields
    tab = True
    hide_title = True


class AmendmentInline(ReadOnly, TabularInline):
    model = Amendment
    extra = 0
    verbose_name_plural = _("modifications")
    fields = ["created_at", "state", "why", "before_said", "after_said", "extra_said", "ended_at"]
    readonly_fields = fields
    tab = True
    hide_title = True
    before_said = in_euros("total_before", _("total avant"))
    after_said = in_euros("total_after", _("total après"))
    extra_said = in_euros("extra", _("complément à autoriser"))


class VatInline(ReadOnly, TabularInline):
    model = OrderVatTotal
    extra = 0
    verbose_name_plural = _("TVA")
    fields = ["rate", "gross_said", "vat_said"]
    readonly_fields = fields
    tab = True
    hide_title = True
    gross_said = in_euros("gross", _("TTC"))
    vat_said = in_euros("vat", _("TVA"))


@admin.register(Order)
class OrderAdmin(GivesBack, TakesMoney, FindsByReference, KeepsSecret, ReadOnly, ModelAdmin):
    list_display = [
        "reference",
        "status",
        "slot_said",
        "zone",
        "customer_name",
        "rank_said",
        "total_said",
        "created_at",
    ]
    list_filter = [
        "status",
        PickupFilter,
        "zone",
        "placed_at",
        ("slot__starts_at", admin.DateFieldListFilter),
        "requires_age_check",
    ]
    # Keys: whoever has one opens a page without signing in, and a query string stays in logs.
    secret_fields = frozenset({"tracking_token", "basket_key"})
    picking_list: ClassVar[list[str]] = [
        "reference",
        "status",
        "slot_said",
        "zone",
        "customer_initial",
        "rank_said",
    ]
    search_fields = ["reference", "email", "last_name", "postcode"]
    search_help_text = _("référence, e-mail, nom ou code postal")
    list_select_related = ["slot", "zone"]
    date_hierarchy = "created_at"
    list_per_page = 50
    show_full_result_count = False
    actions_list = ["open_watch", "open_shortages"]
    actions_detail = ["charge", "refund_lines", "refuse_replacement", "redo"]
    inlines = [LineInline, VatInline, BillInline, AmendmentInline, EventInline]
    goods_said = in_euros("goods_total", _("articles TTC"))
    discounts_said = in_euros("discount_total", _("réductions, déjà déduites"))
    deposits_said = in_euros("deposit_total", _("consignes"))
    delivery_said = in_euros("delivery_fee", _("livraison TTC"))
    voucher_said = in_euros("voucher_discount", _("bon, déduit du total"))
    total_said = in_euros("total", _("total TTC"))
    fieldsets = [
        (None, {"fields": ["reference", "status", "slot_said", "zone", "depot", "rank", "requires_age_check", "shortage_choice"]}),
        (_("Destinataire"), {"fields": ["first_name", "last_name", "email", "phone", "line1", "line2", "floor",
                                        "door_code", "postcode", "city", "instructions"]}),
        (_("Retrait"), {"fields": ["pickup_said"]}),
        (_("Montants"), {"fields": ["goods_said", "discounts_said", "deposits_said", "delivery_said", "delivery_label", "voucher_said", "voucher_label", "total_said", "terms_version"]}),
        (_("Dates"), {"fields": ["created_at", "placed_at", "payment_needed_at", "packed_at", "delivered_at", "cancelled_at"]}),
        (_("Voir aussi"), {"fields": ["related"]}),
    ]  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.shortages_page)
        watch = self.admin_site.admin_view(self.watch_page)
        return [
            path("manques/", page, name="orders_shortages"),
            path("veille/", watch, name="orders_watch"),
            *super().get_urls(),
        ]

    @action(description=_("Veille"), url_path="voir-veille", permissions=["view"])
    def open_watch(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:orders_watch"))

    def watch_page(self, request: HttpRequest) -> HttpResponse:
        """Every order past a promised step of which its customer heard nothing. One query a step."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        steps = watched()
        context = {
            **self.admin_site.each_context(request), "title": _("Veille des commandes"), "opts": self.model._meta,
            "steps": steps, "is_quiet": not any(step.late for step in steps),
        }  # fmt: skip
        return TemplateResponse(request, "orders/admin/watch.html", context)

    @action(description=_("Manques à venir"), url_path="a-venir", permissions=["view"])
    def open_shortages(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:orders_shortages"))

    def shortages_page(self, request: HttpRequest) -> HttpResponse:
        """Which orders will lack what, slot by slot: told early, it can be put right or chosen otherwise. One query."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request), "title": _("Manques à venir"), "opts": self.model._meta,
            "slots": by_slot(missing_lines()),
        }  # fmt: skip
        return TemplateResponse(request, "orders/admin/shortages.html", context)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        orders: QuerySet[Order] = super().get_queryset(request)
        return (
            orders.exclude(status=Order.Status.ABANDONED) if not request.GET.get("status__exact") else orders
        )

    def get_list_display(self, request: HttpRequest) -> list[str]:
        return self.list_display if may_read_recipient(request) else self.picking_list

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return self.search_fields if may_read_recipient(request) else ["reference"]

    def get_fieldsets(self, request: HttpRequest, obj: Order | None = None) -> Any:
        if may_read_recipient(request):
            shown = super().get_fieldsets(request, obj)
            return (
                shown
                if obj and obj.is_collect
                else [part for part in shown if "pickup_said" not in part[1]["fields"]]
            )
        return [(None, {"fields": [*self.fieldsets[0][1]["fields"], "customer_initial"]})]

    def secret_from(self, request: HttpRequest | None) -> frozenset[str]:
        """Pickers guess no recipient either."""
        if request and may_read_recipient(request):
            return self.secret_fields
        return self.secret_fields | RECIPIENT_FIELDS

    @admin.display(description=_("client"))
    def customer_initial(self, order: Order) -> str:
        return f"{order.first_name} {order.last_name[:1]}."

    @admin.display(description=_("créneau"), ordering="slot__starts_at")
    def slot_said(self, order: Order) -> str:
        return slot_label_long(order.slot)

    @admin.display(description=_("client"))
    def customer_name(self, order: Order) -> str:
        return f"{order.first_name} {order.last_name}"

    @admin.display(description=_("rang"), ordering="rank")
    def rank_said(self, order: Order) -> str | SafeString:
        """The first three orders get the most effort, so they stand out."""
        return format_html("<strong>{}</strong>", f"{order.rank} ★") if order.rank <= 3 else str(order.rank)

    @admin.display(description=_("code et remise"))
    def pickup_said(self, order: Order) -> str:
        """So that whoever lost their letter is told the code on the telephone."""
        pickup = pickup_of(order)
        if pickup is None:
            return "—"
        if pickup.handed_at:
            return _("Remise le %(at)s.") % {"at": said_at(pickup.handed_at)}
        return pickup.code if pickup.is_open else "—"

    @admin.display(description=_("liens"))
    def related(self, order: Order) -> SafeString:
        """What else is known of this order and its customer; pages that ask for their own right."""
        places = [
            (reverse("tracking", args=[order.tracking_token]), _("Page de suivi")),
            (reverse("admin:customers_customer_change", args=[order.customer_id]), _("Client")),
            (reverse("admin:orders_order_changelist", query={"customer__id__exact": order.customer_id}), _("Ses commandes")),
            (reverse("admin:orders_shortagequestion_changelist", query={"q": order.reference}), _("Manques annoncés")),
            (reverse("admin:payments_paymentoperation_changelist", query={"q": order.reference}), _("Paiements")),
            (reverse("admin:promise_outcome_changelist", query={"q": order.reference}), _("Promesse")),
            (reverse("admin:documents_document_changelist", query={"q": order.reference}), _("Factures et avoirs")),
            (reverse("admin:desk_conversation_changelist", query={"q": order.reference}), _("Demandes")),
        ]  # fmt: skip
        return format_html_join(" · ", '<a class="underline" href="{}">{}</a>', places)
