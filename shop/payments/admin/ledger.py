"""The ledger and the provider's messages: only read."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from config.admin import ReadOnly, in_euros
from shop.payments.models import PaymentEntry, ProviderEvent


class EntryInline(ReadOnly, TabularInline):
    """The movements of one operation."""

    model = PaymentEntry
    fields = readonly_fields = ["at", "kind", "amount_said"]
    extra = 0
    hide_title = True
    amount_said = in_euros("amount", _("montant"))


class AccountEntryInline(EntryInline):
    """The movements of one order, in the order they came, each with its operation."""

    fields = readonly_fields = ["at", "kind", "amount_said", "operation"]
    ordering = ["id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PaymentEntry]:
        entries: QuerySet[PaymentEntry] = super().get_queryset(request)
        return entries.select_related("operation")


@admin.register(PaymentEntry)
class PaymentEntryAdmin(ReadOnly, ModelAdmin):
    list_display = ["account", "kind", "amount_said", "at"]
    fields = readonly_fields = ["account", "operation", "kind", "amount_said", "at"]
    amount_said = in_euros("amount", _("montant"))
    list_filter = ["kind"]
    search_fields = ["account__order_reference"]
    date_hierarchy = "at"


@admin.register(ProviderEvent)
class ProviderEventAdmin(ReadOnly, ModelAdmin):
    list_display = ["event_id", "type", "received_at", "processed_at"]
    list_filter = ["type"]
    search_fields = ["event_id", "operation_key"]
    date_hierarchy = "received_at"
