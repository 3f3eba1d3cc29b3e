"""What was asked of the provider: everything to read, nothing to change but asking again."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from config.admin import KeepsSecret, ReadOnly, Tags, in_euros
from shop.payments import services
from shop.payments.admin.ledger import EntryInline
from shop.payments.models import PaymentOperation
from shop.payments.rules import RENEW_BEFORE

Kind, State = PaymentOperation.Kind, PaymentOperation.State


class CallsFilter(admin.SimpleListFilter):
    """What a person must see to."""

    title = gettext_lazy("à suivre")
    parameter_name = "suivre"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("fin", gettext_lazy("autorisations qui finissent")),
            ("encaissement", gettext_lazy("encaissements refusés")),
            ("remboursement", gettext_lazy("remboursements refusés")),
        ]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[PaymentOperation]
    ) -> QuerySet[PaymentOperation]:
        if self.value() == "fin":
            ending = PaymentOperation.objects.ending(timezone.now() + RENEW_BEFORE)
            return queryset.filter(pk__in=ending.values("pk"))
        refused = {"encaissement": Kind.CAPTURE, "remboursement": Kind.REFUND}.get(self.value() or "")
        return queryset.filter(kind=refused, state=State.REFUSED) if refused else queryset


@admin.register(PaymentOperation)
class PaymentOperationAdmin(KeepsSecret, ReadOnly, ModelAdmin):
    """The queue of unknown answers is this list, filtered on « réponse inconnue »."""

    list_display = [
        "account", "kind", "occasion", "amount_said", "show_state", "last_error_code", "created_at",
        "checked_at",
    ]  # fmt: skip
    list_filter = [CallsFilter, "state", "kind", "reason", "is_late"]
    search_fields = ["account__order_reference", "key"]
    date_hierarchy = "created_at"
    # The page's address lets whoever has it pay, and the way back holds the order's token: not shown.
    secret_fields = frozenset({"session_url", "return_url", "cancel_url"})
    fields = [
        "key", "account", "parent", "kind", "amount_said", "state", "is_late", "occasion",
        "reason", "last_error_code", "attempts", "due_at", "expires_at", "renewal_asked_at", "created_at", "sent_at", "checked_at", "settled_at",
        "session_id", "intent_id", "refund_id",
    ]  # fmt: skip
    readonly_fields = ["amount_said"]
    inlines = [EntryInline]
    actions = ["reconcile"]
    amount_said = in_euros("amount", gettext_lazy("montant"))
    actions_list = ["unknown_answers"]

    @display(
        description=gettext_lazy("état"),
        ordering="state",
        label=Tags(
            {
                State.UNKNOWN: "danger",
                State.REFUSED: "warning",
                State.SUCCEEDED: "success",
                State.OPENED: "info",
            }
        ),
    )
    def show_state(self, operation: PaymentOperation) -> tuple[str, str]:
        return operation.state, operation.get_state_display()

    def has_reconcile_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("payments.reconcile_paymentoperation")

    @action(description=gettext_lazy("Réponses inconnues"))
    def unknown_answers(self, request: HttpRequest) -> HttpResponse:
        listed = reverse("admin:payments_paymentoperation_changelist")
        return redirect(f"{listed}?state__exact={State.UNKNOWN}")

    @admin.action(description=gettext_lazy("Réconcilier"), permissions=["reconcile"])
    def reconcile(self, request: HttpRequest, queryset: QuerySet[PaymentOperation]) -> None:
        """Ask the provider again, under the same keys; twenty at most, since staff wait."""
        asked = list(queryset.values_list("key", flat=True)[:20])
        unknown = sum(services.perform(key=key) == State.UNKNOWN for key in asked)
        done = ngettext("%d opération vérifiée.", "%d opérations vérifiées.", len(asked)) % len(asked)
        self.message_user(request, done, messages.SUCCESS)
        if unknown:
            self.message_user(
                request,
                _("%d sans réponse du prestataire : la vérification reprend chaque minute.") % unknown,
                messages.WARNING,
            )
