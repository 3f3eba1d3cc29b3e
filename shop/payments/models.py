"""What was asked of the payment provider, what it answered, and the sums that result.

An operation is committed before the provider hears of it and carries the key under which it is asked, now
and ever again. The ledger is only added to; an account's sums can be rebuilt from it.
"""

import secrets
import uuid
from decimal import Decimal
from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from config.templatetags.cabas import euros
from shop.payments.querysets import OperationQuerySet


def new_key() -> str:
    return uuid.uuid4().hex


def new_demo_session() -> str:
    """160 bits: whoever has the address may pay."""
    return "demo_" + secrets.token_urlsafe(20)


class PaymentAccount(models.Model):
    """What the payments of one order add up to; the row that every payment service locks first."""

    order_reference = models.CharField(_("commande"), max_length=64, primary_key=True)
    customer_id = models.BigIntegerField(_("client"))
    authorised = models.DecimalField(_("autorisé"), max_digits=10, decimal_places=2, default=Decimal(0))
    captured = models.DecimalField(_("encaissé"), max_digits=10, decimal_places=2, default=Decimal(0))
    released = models.DecimalField(_("libéré"), max_digits=10, decimal_places=2, default=Decimal(0))
    refunded = models.DecimalField(_("remboursé"), max_digits=10, decimal_places=2, default=Decimal(0))
    # What the shop asked to take in all, over one or several authorisations.
    to_capture = models.DecimalField(_("à encaisser"), max_digits=10, decimal_places=2, null=True, blank=True)
    created_at = models.DateTimeField(_("créé le"), auto_now_add=True)

    class Meta:
        verbose_name = _("compte de paiement")
        verbose_name_plural = _("comptes de paiement")
        permissions = [("refund_paymentaccount", "Peut rembourser une commande")]
        constraints = [
            models.CheckConstraint(
                condition=Q(captured__gte=0, released__gte=0, authorised__gte=F("captured") + F("released")),
                name="captured_within_authorised",
            ),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=F("captured")), name="refunded_within_captured"
            ),
            models.CheckConstraint(condition=Q(captured__lte=F("to_capture")), name="captured_within_asked"),
        ]

    def __str__(self) -> str:
        return self.order_reference

    @property
    def held(self) -> Decimal:
        """Euros authorised and neither captured nor released."""
        return self.authorised - self.captured - self.released


class PaymentOperation(models.Model):
    """One thing asked of the provider, under one key."""

    class Kind(models.TextChoices):
        AUTHORISE = "authorise", _("autorisation")
        SAVE_CARD = "save_card", _("enregistrement de la carte")
        AUTHORISE_SAVED = "authorise_saved", _("autorisation de la carte enregistrée")
        CAPTURE = "capture", _("encaissement")
        RELEASE = "release", _("libération")
        REFUND = "refund", _("remboursement")

    class Reason(models.TextChoices):
        """Why money is given back."""

        MISSING = "missing", _("article manquant")
        DAMAGED = "damaged", _("article abîmé")
        SUBSTITUTE = "substitute", _("remplacement refusé")
        MISTAKE = "mistake", _("erreur de préparation ou de prix")
        LATE = "late", _("livraison en retard")
        REFUSED = "refused", _("refusé à la livraison")
        WITHDRAWAL = "withdrawal", _("rétractation")
        RECALL = "recall", _("rappel de produit")
        GOODWILL = "goodwill", _("geste commercial")
        OTHER = "other", _("autre raison")

    class State(models.TextChoices):
        PREPARED = "prepared", _("préparée")
        UNKNOWN = "unknown", _("réponse inconnue")
        OPENED = "opened", _("page de paiement ouverte")
        REFUSED = "refused", _("refusée")
        SUCCEEDED = "succeeded", _("réussie")
        EXPIRED = "expired", _("expirée")
        RELEASED = "released", _("libérée")

    # States only move forward. A doubt is not a step: it may fall on an open page and be lifted again. A
    # refused card leaves the page open, hence refused → succeeded. What turns out paid after it had expired
    # is given back at once, hence expired → released.
    MOVES: ClassVar[dict[str, set[str]]] = {
        State.PREPARED: {State.UNKNOWN, State.OPENED, State.SUCCEEDED, State.REFUSED, State.EXPIRED},
        State.UNKNOWN: {State.OPENED, State.SUCCEEDED, State.REFUSED, State.EXPIRED},
        State.OPENED: {State.UNKNOWN, State.SUCCEEDED, State.REFUSED, State.EXPIRED},
        State.REFUSED: {State.SUCCEEDED, State.EXPIRED},
        State.SUCCEEDED: {State.RELEASED},
        State.EXPIRED: {State.RELEASED},
        State.RELEASED: set(),
    }
    PAGE_KINDS: ClassVar[tuple[str, ...]] = (Kind.AUTHORISE, Kind.SAVE_CARD)
    AUTHORISATIONS: ClassVar[tuple[str, ...]] = (Kind.AUTHORISE, Kind.AUTHORISE_SAVED)
    UNSETTLED: ClassVar[tuple[str, ...]] = (State.PREPARED, State.UNKNOWN, State.OPENED, State.REFUSED)

    key = models.CharField(_("clé"), max_length=40, unique=True, default=new_key, editable=False)
    account = models.ForeignKey(
        PaymentAccount, on_delete=models.PROTECT, related_name="operations", db_column="order_reference",
        verbose_name=_("commande"),
    )  # fmt: skip
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children",
        verbose_name=_("opération d’origine"),
    )  # fmt: skip
    kind = models.CharField(_("nature"), max_length=20, choices=Kind)
    amount = models.DecimalField(_("montant"), max_digits=10, decimal_places=2)
    currency = models.CharField(_("monnaie"), max_length=3, default="EUR")
    state = models.CharField(_("état"), max_length=12, choices=State, default=State.PREPARED)
    # What it is asked for: "" is the order's own payment, "amend-17" an extra one, "complaint-4" a refund. Asked
    # twice for the same occasion, it is the same.
    occasion = models.CharField(_("occasion"), max_length=64, blank=True)
    reason = models.CharField(_("raison du remboursement"), max_length=12, choices=Reason, blank=True)
    # A success that came after the order was given up.
    is_late = models.BooleanField(_("tardive"), default=False)

    session_id = models.CharField(_("page chez le prestataire"), max_length=255, blank=True)
    session_url = models.TextField(blank=True)
    session_expires_at = models.DateTimeField(null=True, blank=True)
    # Kept so that the key is always asked with the very same words: the provider refuses others.
    return_url = models.URLField(max_length=500, blank=True)
    cancel_url = models.URLField(max_length=500, blank=True)
    intent_id = models.CharField(_("paiement chez le prestataire"), max_length=255, blank=True, db_index=True)
    refund_id = models.CharField(_("remboursement chez le prestataire"), max_length=255, blank=True)
    # Whose card it was, as a keyed digest of the provider's own mark: to see that it is the same, never which; empty again
    # after `rules.CARD_KNOWN`.
    card_digest = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)

    due_at = models.DateTimeField(_("à autoriser le"), null=True, blank=True)
    # Until when an authorisation stands at the earliest (rules.authorisation_ends_at), and when its holder was
    # asked to pay anew because it ends and no card is saved.
    expires_at = models.DateTimeField(_("autorisation valable jusqu’au"), null=True, blank=True)
    renewal_asked_at = models.DateTimeField(_("nouveau paiement demandé le"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("envois"), default=0)
    last_error_code = models.CharField(_("dernier code d’erreur"), max_length=80, blank=True)
    created_at = models.DateTimeField(_("créée le"), auto_now_add=True)
    sent_at = models.DateTimeField(_("premier envoi"), null=True, blank=True)
    # When the customer was last sent to the page: an order is not given up under their hands.
    opened_at = models.DateTimeField(_("dernière ouverture"), null=True, blank=True)
    checked_at = models.DateTimeField(_("dernière vérification"), null=True, blank=True)
    settled_at = models.DateTimeField(_("réglée le"), null=True, blank=True)

    objects = OperationQuerySet.as_manager()

    class Meta:
        verbose_name = _("opération de paiement")
        verbose_name_plural = _("opérations de paiement")
        ordering = ["-id"]
        permissions = [("reconcile_paymentoperation", "Peut réconcilier un paiement")]
        constraints = [
            # Never two payments asked for one occasion at once, never one after another succeeded; but for the one
            # that takes the place of an authorisation about to end, which stands until it is replaced.
            models.UniqueConstraint(
                fields=["account", "occasion"],
                condition=Q(
                    kind__in=["authorise", "save_card"],
                    state__in=["prepared", "unknown", "opened", "refused", "succeeded"],
                    parent=None,
                ),
                name="one_live_payment_per_occasion",
            ),
            models.UniqueConstraint(
                fields=["parent"],
                condition=Q(
                    kind="authorise",
                    state__in=["prepared", "unknown", "opened", "refused", "succeeded"],
                ),
                name="one_live_page_per_renewal",
            ),
            # Of a saved card, or of the authorisation that it renews.
            models.UniqueConstraint(
                fields=["parent"],
                condition=Q(kind="authorise_saved"),
                name="one_authorisation_per_saved_card",
            ),
            models.UniqueConstraint(
                fields=["parent"],
                condition=Q(kind="capture") & ~Q(state="refused"),
                name="one_capture_per_authorisation",
            ),
            # Of the whole order, of an occasion, or of one authorisation.
            models.UniqueConstraint(
                fields=["account", "occasion"],
                condition=Q(kind="release", state__in=["prepared", "unknown"], parent=None),
                name="one_pending_release_per_occasion",
            ),
            models.UniqueConstraint(
                fields=["parent"],
                condition=Q(kind="release", state__in=["prepared", "unknown"]),
                name="one_pending_release_per_authorisation",
            ),
            models.UniqueConstraint(
                fields=["account", "occasion", "parent"],
                condition=Q(kind="refund") & ~Q(state="refused"),
                name="one_refund_per_occasion_and_capture",
            ),
            models.UniqueConstraint(
                fields=["session_id"], condition=~Q(session_id=""), name="one_operation_per_session"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="operation_amount_not_negative"),
            models.CheckConstraint(condition=Q(currency="EUR"), name="operation_in_euros"),
        ]
        indexes = [
            models.Index(fields=["state", "checked_at"], name="operation_to_check"),
            models.Index(
                fields=["due_at"], condition=Q(kind="save_card", state="succeeded"), name="saved_card_due"
            ),
            models.Index(
                fields=["expires_at"],
                condition=Q(expires_at__isnull=False, state="succeeded"),
                name="authorisation_to_renew",
            ),
            models.Index(fields=["created_at"], condition=Q(card_digest__gt=""), name="cards_known_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.account_id}"

    @property
    def order_reference(self) -> str:
        return str(self.account_id)

    @property
    def is_page(self) -> bool:
        """Whether the customer answers it, on the provider's page."""
        return self.kind in self.PAGE_KINDS

    @property
    def was_sent(self) -> bool:
        return self.attempts > 0

    def may_move_to(self, state: str) -> bool:
        return state in self.MOVES[self.state]


class PaymentEntry(models.Model):
    """One movement of money, or of a promise of it. Only ever added."""

    class Kind(models.TextChoices):
        AUTHORISED = "authorised", _("autorisé")
        CAPTURED = "captured", _("encaissé")
        RELEASED = "released", _("libéré")
        REFUNDED = "refunded", _("remboursé")

    account = models.ForeignKey(
        PaymentAccount, on_delete=models.PROTECT, related_name="entries", db_column="order_reference",
        verbose_name=_("commande"),
    )  # fmt: skip
    operation = models.ForeignKey(
        PaymentOperation, on_delete=models.PROTECT, related_name="entries", verbose_name=_("opération")
    )
    kind = models.CharField(_("mouvement"), max_length=10, choices=Kind)
    amount = models.DecimalField(_("montant"), max_digits=10, decimal_places=2)
    at = models.DateTimeField(_("le"), auto_now_add=True)

    class Meta:
        verbose_name = _("mouvement de paiement")
        verbose_name_plural = _("mouvements de paiement")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["operation", "kind"], name="one_entry_per_operation_and_kind"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="entry_amount_positive"),
        ]
        triggers = [
            pgtrigger.Protect(name="payment_entry_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {euros(self.amount)}"


class ProviderEvent(models.Model):
    """That the provider told us something. Its body, which names the customer, is not kept."""

    event_id = models.CharField(_("identifiant"), max_length=255, unique=True)
    type = models.CharField(_("nature"), max_length=100)
    # Where to look: the ids the event carries, our own key among them when the provider sends it back.
    operation_key = models.CharField(_("clé de l’opération"), max_length=40, blank=True)
    session_id = models.CharField(_("page chez le prestataire"), max_length=255, blank=True)
    intent_id = models.CharField(_("paiement chez le prestataire"), max_length=255, blank=True)
    received_at = models.DateTimeField(_("reçu le"), auto_now_add=True)
    processed_at = models.DateTimeField(_("traité le"), null=True, blank=True)

    class Meta:
        verbose_name = _("message du prestataire")
        verbose_name_plural = _("messages du prestataire")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["received_at"], condition=Q(processed_at__isnull=True), name="event_to_process"
            )
        ]

    def __str__(self) -> str:
        return self.event_id


class SavedCard(models.Model):
    """Where the provider keeps an order's card. Forgotten there as soon as the order needs it no more."""

    operation = models.OneToOneField(PaymentOperation, on_delete=models.PROTECT, related_name="saved_card")
    provider_customer_id = models.CharField(max_length=255)
    payment_method_id = models.CharField(max_length=255)
    saved_at = models.DateTimeField(auto_now_add=True)
    forget_asked_at = models.DateTimeField(null=True, blank=True)
    forgotten_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("carte enregistrée")
        verbose_name_plural = _("cartes enregistrées")
        indexes = [
            models.Index(
                fields=["forget_asked_at"],
                condition=Q(forget_asked_at__isnull=False, forgotten_at__isnull=True),
                name="card_to_forget",
            )
        ]

    def __str__(self) -> str:
        return f"carte {self.pk}"


class DemoSession(models.Model):
    """What the demo gateway remembers in the provider's place: a page, an authorisation, or both."""

    class Mode(models.TextChoices):
        PAYMENT = "payment", _("paiement")
        SETUP = "setup", _("carte")
        OFF_SESSION = "off_session", _("hors présence")

    class Status(models.TextChoices):
        OPEN = "open", _("ouverte")
        PROCESSING = "processing", _("en cours")
        AUTHORISED = "authorised", _("autorisée")
        CARD_SAVED = "card_saved", _("carte enregistrée")
        CAPTURED = "captured", _("encaissée")
        CANCELLED = "cancelled", _("annulée")
        REFUSED = "refused", _("refusée")
        EXPIRED = "expired", _("expirée")

    token = models.CharField(max_length=40, primary_key=True, default=new_demo_session)
    key = models.CharField(max_length=80, unique=True)
    order_reference = models.CharField(max_length=64)
    mode = models.CharField(max_length=12, choices=Mode)
    status = models.CharField(max_length=12, choices=Status, default=Status.OPEN)
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    captured = models.DecimalField(max_digits=10, decimal_places=2, default=Decimal(0))
    # Key → euros: a refund asked again is the same refund.
    refunds = models.JSONField(default=dict, blank=True)
    card = models.CharField(max_length=20, blank=True)
    error_code = models.CharField(max_length=80, blank=True)
    return_url = models.URLField(max_length=500, blank=True)
    cancel_url = models.URLField(max_length=500, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    # Until then the demo provider answers nothing, or answers "in progress".
    silent_until = models.DateTimeField(null=True, blank=True)
    answers_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("paiement de démonstration")
        verbose_name_plural = _("paiements de démonstration")

    def __str__(self) -> str:
        return self.token
