"""Orders that an agent takes by telephone for a customer: who, for whom, when, what it became."""

from datetime import timedelta
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.customers.models import Customer


class PhoneOrder(models.Model):
    """One call in which an agent fills a basket for a customer. Over after an hour, whatever happened."""

    class End(models.TextChoices):
        SENT = "sent", _("commande envoyée au client")
        LEFT = "left", _("arrêtée")
        LAPSED = "lapsed", _("arrêtée d’elle-même, après une heure")

    LASTS: ClassVar[timedelta] = timedelta(hours=1)

    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("par")
    )
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("pour"))
    # Of a basket of its own: the customer's and the agent's are left alone.
    basket_key = models.UUIDField(_("panier"), editable=False)
    started_at = models.DateTimeField(_("commencée le"), default=timezone.now)
    ends_at = models.DateTimeField(_("prend fin le"))
    ended_at = models.DateTimeField(_("terminée le"), null=True, blank=True)
    end = models.CharField(_("fin"), max_length=10, choices=End, blank=True)
    order_reference = models.CharField(_("commande"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("commande par téléphone")
        verbose_name_plural = _("commandes par téléphone")
        ordering = ["-started_at"]
        indexes = [
            models.Index(
                fields=["order_reference"], condition=~Q(order_reference=""), name="phone_order_of_order"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["agent"], condition=Q(ended_at__isnull=True), name="one_phone_order_an_agent"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end="") | Q(ended_at__isnull=False) & ~Q(end=""),
                name="phone_order_ends_somehow",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="phone_order_undeletable", operation=pgtrigger.Delete),
            # Who, for whom and since when is said once.
            pgtrigger.ReadOnly(
                name="phone_order_said_once",
                fields=["agent", "customer", "basket_key", "started_at", "ends_at"],
            ),
        ]

    def __str__(self) -> str:
        return f"commande par téléphone {self.pk}"

    @property
    def is_running(self) -> bool:
        return self.ended_at is None and timezone.now() < self.ends_at


class PhoneOrderEvent(models.Model):
    """What was done in it, and when. Only ever added."""

    class Kind(models.TextChoices):
        STARTED = "started", _("commencée")
        LINE = "line", _("article")
        ADDRESS = "address", _("adresse choisie")
        SLOT = "slot", _("créneau retenu")
        SENT = "sent", _("lien de paiement envoyé")
        ENDED = "ended", _("terminée")

    phone_order = models.ForeignKey(PhoneOrder, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(_("événement"), max_length=10, choices=Kind)
    at = models.DateTimeField(_("le"), default=timezone.now)
    # Ids and figures only.
    data = models.JSONField(_("détail"), default=dict, blank=True)

    class Meta:
        verbose_name = _("événement d’une commande par téléphone")
        verbose_name_plural = _("événements des commandes par téléphone")
        ordering = ["id"]
        triggers = [
            pgtrigger.Protect(
                name="phone_order_event_append_only", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self) -> str:
        return f"{self.phone_order_id} {self.kind}"
