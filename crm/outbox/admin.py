"""Staff read what was said, and put back in the queue what did not leave."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from config.admin import KeepsSecret, ReadOnly, Tags, found
from crm.outbox import secrets, services
from crm.outbox.models import Message, State, Suppression
from crm.outbox.queries import waiting_for_a_person

READ = "outbox.read_letter"
# What names the person or the reason of a letter.
TOLD = frozenset({"subject", "occasion"})
REASONS = {
    "kept": _("gardé dans l’administration, rien n’est parti"),
    "expired": _("périmé avant l’envoi"),
    "suppressed": _("adresse à ne plus solliciter"),
    "no_consent": _("pas de consentement"),
    "unreadable": _("scellé sous une autre clé"),
    "sender_lost": _("interrompu pendant l’envoi"),
}
PURPOSES = {
    "order_confirmation": _("Confirmation de commande"),
    "order_amended": _("Modification de commande"),
    "amendment_refused": _("Modification non faite"),
    "order_cancelled": _("Annulation de commande"),
    "refund_made": _("Remboursement fait"),
    "compensation_granted": _("Compensation accordée"),
    "claim_answered": _("Réponse à un signalement"),
    "robbed_order_repaired": _("Article remis à un autre foyer"),
    "withdrawal_acknowledged": _("Rétractation reçue"),
    "withdrawal_closed": _("Rétractation close"),
    "pickup_reminder": _("Rappel de retrait"),
    "order_packed": _("Commande prête"),
    "shortage_told": _("Article qui manquera"),
    "shortage_settled": _("Article manquant, réglé"),
    "order_delivered": _("Commande remise"),
    "delay_told": _("Retard annoncé"),
    "delivery_missed": _("Passage sans réponse"),
    "delay_settled": _("Retard, choix noté"),
    "order_returned": _("Commande non remise"),
    "product_recalled": _("Rappel de produit"),
    "order_to_agree": _("Commande à confirmer"),
    "payment_needed": _("Paiement à refaire"),
    "payment_voided": _("Paiement arrivé trop tard"),
    "sign_in_code": _("Code de connexion"),
    "email_verification_code": _("Confirmation d’adresse"),
    "password_reset": _("Nouveau mot de passe"),
    "unknown_account": _("Compte inconnu"),
    "account_exists": _("Compte existant"),
    "security_notice": _("Avis de sécurité"),
    "contact_acknowledged": _("Accusé de réception"),
    "contact_answered": _("Réponse à une demande"),
    "review_refused": _("Avis refusé"),
    "review_answered": _("Réponse à un avis"),
    "coverage_opened": _("Ouverture d’une zone"),
    "slot_offered": _("Place dans un créneau complet"),
    "product_restocked": _("Retour en stock"),
    "gift_announced": _("Cadeau annoncé"),
    "referral_rewarded": _("Parrainage récompensé"),
    "points_expiring": _("Points qui arrivent à leur terme"),
}


def may_read(request: HttpRequest) -> bool:
    return bool(request.user.has_perm(READ))


def shows_secrets() -> bool:
    """In a demonstration nothing leaves the machine: the admin is the only mailbox there is."""
    return settings.DEMONSTRATION and not settings.OUTBOX_DELIVERS


class PurposeFilter(admin.SimpleListFilter):
    title = _("lettre")
    parameter_name = "purpose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(PURPOSES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        return queryset.filter(purpose=self.value()) if self.value() else queryset


class WaitingFilter(admin.SimpleListFilter):
    """The list behind the figure on the admin's home."""

    title = _("suite à donner")
    parameter_name = "suite"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("a-voir", _("À regarder"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        if self.value() != "a-voir":
            return queryset
        return queryset.filter(pk__in=waiting_for_a_person().values("pk"))


@admin.register(Message)
class MessageAdmin(KeepsSecret, ReadOnly, ModelAdmin):
    list_display = ("letter_name", "shown_recipient", "subject", "shown_state", "created_at", "sent_at")
    list_filter = ("state", WaitingFilter, PurposeFilter, "created_at")
    # An address in the query string would stay in logs and histories; a body may be sealed.
    secret_fields = frozenset({"recipient", "customer", "customer_id", "html", "text"})
    ordering = ("-id",)
    show_full_result_count = False
    actions = ("requeue_failed",)
    actions_detail = ("requeue_one",)
    fields = (
        "letter", "subject", "shown_recipient", "state", "shown_reason", "attempts", "created_at", "due_at",
        "sent_at", "expires_at", "plain_text",
    )  # fmt: skip
    readonly_fields = fields

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Looking somebody up by address is for those who may read letters."""
        return ("recipient", "occasion") if may_read(request) else ("=occasion",)

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        hidden = {"shown_recipient"}
        return tuple(name for name in self.list_display if may_read(request) or name not in hidden)

    def get_fields(self, request: HttpRequest, obj: Message | None = None) -> tuple[str, ...]:
        private = {"letter", "plain_text", "shown_recipient"}
        return tuple(name for name in self.fields if may_read(request) or name not in private)

    def secret_from(self, request: HttpRequest | None) -> frozenset[str]:
        """What a letter says is for those who may read letters."""
        return self.secret_fields if request and may_read(request) else self.secret_fields | TOLD

    @display(description=_("lettre"), ordering="purpose")
    def letter_name(self, message: Message) -> str:
        return str(PURPOSES.get(message.purpose, message.purpose))

    @display(description=_("destinataire"))
    def shown_recipient(self, message: Message) -> str:
        return message.recipient

    @display(
        description=_("état"),
        ordering="state",
        label=Tags(
            {
                "sent": "success",
                "failed": "danger",
                "unknown": "warning",
                "queued": "info",
                "claimed": "info",
            }
        ),
    )
    def shown_state(self, message: Message) -> tuple[str, str]:
        return message.state, message.get_state_display()

    @display(description=_("précision"))
    def shown_reason(self, message: Message) -> str:
        return str(REASONS.get(message.reason, message.reason)) or "—"

    @display(description=_("lettre"))
    def letter(self, message: Message) -> SafeString | str:
        body = _body(message, message.html)
        if body is None:
            return _masked(message)
        # No scripts inside, whatever a letter holds; its links open a page of their own.
        return format_html(
            '<iframe title="{}" srcdoc="{}" sandbox="allow-popups allow-popups-to-escape-sandbox"'
            ' style="width:100%;max-width:660px;height:720px;border:0;border-radius:12px;background:#fbf9f4">'
            "</iframe>",
            message.subject,
            body,
        )

    @display(description=_("version texte"))
    def plain_text(self, message: Message) -> SafeString | str:
        body = _body(message, message.text)
        if body is None:
            return _masked(message)
        return format_html('<pre style="white-space:pre-wrap;font:inherit;max-width:660px">{}</pre>', body)

    # --- putting back in the queue ---------------------------------------------------------------

    def has_requeue_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return may_read(request)

    @action(description=_("Remettre en file"), permissions=["requeue"])
    def requeue_failed(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        asked = queryset.count()
        done = services.requeue_failed(queryset)
        left = asked - done
        if done:
            text = ngettext("%d message remis en file.", "%d messages remis en file.", done) % done
            self.message_user(request, text, messages.SUCCESS)
        if left:
            text = ngettext(
                "%d message laissé : il n’a pas échoué, ou il est périmé.",
                "%d messages laissés : ils n’ont pas échoué, ou ils sont périmés.",
                left,
            )
            self.message_user(request, text % left, messages.WARNING)

    @action(
        description=_("Remettre en file…"),
        url_path="remettre-en-file",
        permissions=["requeue"],
        icon="forward_to_inbox",
    )
    def requeue_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask first: an `unknown` message may have arrived, and would arrive twice."""
        message = found(self, request, object_id)
        if not (self.has_view_permission(request, message) and may_read(request)):
            raise PermissionDenied
        if request.method == "POST":
            self._requeue_knowingly(request, message)
            return redirect("admin:outbox_message_change", message.pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "title": gettext("Remettre en file"),
            "message": message,
            "can_requeue": message.state in {State.FAILED, State.UNKNOWN} and not message.has_expired,
            "is_doubtful": message.state == State.UNKNOWN,
        }
        return TemplateResponse(request, "outbox/admin_requeue.html", context)

    def _requeue_knowingly(self, request: HttpRequest, message: Message) -> None:
        try:
            services.requeue(message.pk, even_if_unknown=True)
        except services.MoveRefused:
            text = gettext("Ce message n’a ni échoué ni disparu : il reste comme il est.")
            self.message_user(request, text, messages.WARNING)
        except services.MessageExpired:
            text = gettext("Son code ou son lien est périmé : le destinataire doit en demander un autre.")
            self.message_user(request, text, messages.WARNING)
        else:
            self.message_user(request, gettext("Message remis en file."), messages.SUCCESS)


def _body(message: Message, stored: str) -> str | None:
    """What may be shown of a body; None when it is masked or gone."""
    if not message.is_secret:
        return stored
    if not shows_secrets() or message.purged_at:
        return None
    try:
        return secrets.unseal(stored)
    except secrets.Unreadable:
        return None


def _masked(message: Message) -> str:
    if message.purged_at:
        return gettext("Effacé : le code ou le lien est périmé.")
    return gettext("Masqué : cette lettre contient un code ou un lien qui ouvre un compte.")


@admin.register(Suppression)
class SuppressionAdmin(ReadOnly, ModelAdmin):
    """Addresses that bounced, complained or left."""

    list_display = ("address", "reason", "recorded_at")
    list_filter = ("reason",)
    search_fields = ("address",)
    ordering = ("-recorded_at",)
