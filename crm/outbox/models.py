"""What the shop says to people. A message is a row first; sending it comes after."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.customers.models import Customer


class State(models.TextChoices):
    QUEUED = "queued", _("en file")
    CLAIMED = "claimed", _("en cours d’envoi")
    SENT = "sent", _("envoyé")
    FAILED = "failed", _("échoué")
    UNKNOWN = "unknown", _("issue inconnue")


# The only place that says what may follow; the database holds it too. A message is claimed by a committed
# transaction before it is sent, and leaves `unknown` by the provider's word or a person's decision alone.
MOVES: dict[str, set[str]] = {
    State.QUEUED: {State.CLAIMED, State.FAILED},
    State.CLAIMED: {State.SENT, State.FAILED, State.UNKNOWN, State.QUEUED},
    State.UNKNOWN: {State.SENT, State.FAILED, State.QUEUED},
    State.FAILED: {State.QUEUED},
    State.SENT: {State.FAILED},
}


class Message(models.Model):
    """One letter for one occasion. Its bodies are sealed when they hold a code or a link that opens a door."""

    purpose = models.CharField(_("objet de la lettre"), max_length=40)
    # What it answers: a fact, a campaign and a customer, a request. With the purpose, it happens once.
    occasion = models.CharField(_("occasion"), max_length=120)
    recipient = models.EmailField(_("destinataire"))
    # Where an answer to it goes, when not to its sender.
    reply_to = models.EmailField(_("réponse à"), blank=True, default="", db_default="", editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("client")
    )
    subject = models.CharField(_("titre"), max_length=200)
    html = models.TextField(blank=True, editable=False)
    text = models.TextField(blank=True, editable=False)
    is_secret = models.BooleanField(_("confidentiel"), default=False)
    is_marketing = models.BooleanField(_("prospection"), default=False)

    state = models.CharField(_("état"), max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("essais"), default=0)
    # A word for staff and monitors: why it failed, waits, or was kept. Never an address.
    reason = models.CharField(_("raison"), max_length=60, blank=True)
    provider_message_id = models.CharField(max_length=200, blank=True, db_index=True)
    created_at = models.DateTimeField(_("créé le"), auto_now_add=True)
    due_at = models.DateTimeField(_("à envoyer à partir de"), default=timezone.now)
    claimed_at = models.DateTimeField(_("pris en charge le"), null=True, blank=True)
    # The instant the provider was first spoken to about it: before, a crash leaves no doubt.
    handed_at = models.DateTimeField(_("remis le"), null=True, blank=True)
    sent_at = models.DateTimeField(_("envoyé le"), null=True, blank=True)
    expires_at = models.DateTimeField(_("périmé le"), null=True, blank=True)
    purged_at = models.DateTimeField(_("contenu effacé le"), null=True, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-id"]
        permissions = [("read_letter", "Peut lire les lettres et chercher par destinataire")]
        constraints = [
            models.UniqueConstraint(fields=["purpose", "occasion"], name="one_message_per_occasion"),
            models.CheckConstraint(condition=~Q(occasion=""), name="message_has_an_occasion"),
            models.CheckConstraint(
                condition=Q(is_secret=False) | Q(expires_at__isnull=False), name="secret_message_expires"
            ),
            models.CheckConstraint(
                condition=~Q(state="claimed") | Q(claimed_at__isnull=False), name="claim_has_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False), name="sent_has_a_time"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(state="queued"), name="message_queue"),
            models.Index(fields=["claimed_at"], condition=Q(state="claimed"), name="message_claims"),
            models.Index(
                fields=["expires_at"],
                condition=Q(purged_at__isnull=True, is_secret=True),
                name="message_secrets",
            ),
            models.Index(fields=["state", "-id"], name="message_state"),
        ]
        triggers = [
            pgtrigger.FSM(
                name="message_moves",
                field="state",
                transitions=[(str(a), str(b)) for a, after in MOVES.items() for b in sorted(after)],
            )
        ]

    def __str__(self) -> str:
        return f"lettre {self.pk}"

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()


class Suppression(models.Model):
    """An address no marketing letter goes to. Checked when a message is claimed, not only when it is queued."""

    class Reason(models.TextChoices):
        BOUNCED = "bounced", _("adresse refusée")
        COMPLAINED = "complained", _("signalé comme indésirable")
        LEFT = "left", _("désabonnement")

    address = models.EmailField(_("adresse"), unique=True)
    reason = models.CharField(_("raison"), max_length=12, choices=Reason)
    recorded_at = models.DateTimeField(_("depuis le"), auto_now_add=True)

    class Meta:
        verbose_name = _("adresse à ne plus solliciter")
        verbose_name_plural = _("adresses à ne plus solliciter")
        constraints = [
            models.CheckConstraint(condition=Q(address=Lower("address")), name="suppression_lower_case")
        ]

    def __str__(self) -> str:
        return f"suppression {self.pk}"
