"""Orders that change before their cut-off."""

from decimal import Decimal

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shop.orders.models.order import Order


class Amendment(models.Model):
    """One change of a placed order: what was agreed, frozen, and what became of it.

    While it is prepared it keeps its articles, its place and its promotions under a name of its own (``occasion``),
    and the order stays as it was.
    """

    class State(models.TextChoices):
        PREPARED = "prepared", _("en attente de paiement")
        APPLIED = "applied", _("faite")
        DROPPED = "dropped", _("abandonnée")

    class Why(models.TextChoices):
        UNPAID = "unpaid", _("le complément n’a pas été payé à temps")
        TOO_LATE = "too_late", _("la clôture était passée")
        CHANGED = "changed", _("la commande avait changé entre-temps")
        CANCELLED = "cancelled", _("la commande a été annulée")
        REPLACED = "replaced", _("une autre modification l’a remplacée")
        GIVEN_UP = "given_up", _("le client y a renoncé")

    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="amendments", verbose_name=_("commande")
    )
    state = models.CharField(_("état"), max_length=10, choices=State, default=State.PREPARED)
    why = models.CharField(_("raison"), max_length=10, choices=Why, blank=True, default="")
    # Lines, slot and totals as `shop.orders.services.proposing` writes them; the address leaves it once it is settled.
    proposal = models.JSONField(encoder=DjangoJSONEncoder)
    # What the order was when it was agreed, and what was agreed: the same wishes twice are one amendment.
    stands_on = models.CharField(max_length=64)
    mark = models.CharField(max_length=64)
    total_before = models.DecimalField(_("total avant"), max_digits=10, decimal_places=2)
    total_after = models.DecimalField(_("total après"), max_digits=10, decimal_places=2)
    # What its own payment page asks for; nothing where what is authorised suffices.
    extra = models.DecimalField(
        _("complément à autoriser"), max_digits=10, decimal_places=2, default=Decimal(0)
    )
    created_at = models.DateTimeField(_("demandée le"), auto_now_add=True)
    expires_at = models.DateTimeField(_("à payer avant"))
    ended_at = models.DateTimeField(_("réglée le"), null=True)

    class Meta:
        verbose_name = _("modification de commande")
        verbose_name_plural = _("modifications de commandes")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(state="prepared"), name="one_live_amendment_per_order"
            ),
            models.CheckConstraint(
                condition=Q(state="prepared", why="", ended_at=None)
                | Q(state="applied", why="", ended_at__isnull=False)
                | (Q(state="dropped", ended_at__isnull=False) & ~Q(why="")),
                name="amendment_settled_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(state="prepared"), name="live_amendment_due"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="amendment_settled_once",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state="prepared"),
            ),
            pgtrigger.Protect(name="amendment_never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.occasion

    @property
    def occasion(self) -> str:
        """The name under which it pays and keeps what it wants: ``amend-17``."""
        return f"amend-{self.pk}"

    @property
    def is_live(self) -> bool:
        return self.state == self.State.PREPARED
