"""Vouchers: what the shop takes off an order, once. The book of what happened to each is only added to."""

from datetime import datetime
from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from loyalty.vouchers.rules import Terms
from loyalty.vouchers.wording import label_of
from shop.customers.models import Customer

# Ids and codes of ours: never a sentence, which could name somebody.
SOURCE = RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9:._-]*\Z")


class Voucher(models.Model):
    """A reduction that one order may have. Its terms never change; `VoucherEntry` tells its life."""

    class Kind(models.TextChoices):
        AMOUNT = "amount", _("montant")
        PERCENTAGE = "percentage", _("pourcentage")
        DELIVERY = "delivery", _("livraison offerte")

    class Origin(models.TextChoices):
        GIFT = "gift", _("geste du service client")
        COMPENSATION = "compensation", _("promesse non tenue")
        WELCOME = "welcome", _("bienvenue")
        LOYALTY = "loyalty", _("fidélité")
        CAMPAIGN = "campaign", _("campagne")
        REFERRAL = "referral", _("parrainage")

    kind = models.CharField(_("nature"), max_length=10, choices=Kind)
    # Euros or percent; nothing for a delivery.
    value = models.DecimalField(_("valeur"), max_digits=7, decimal_places=2, default=Decimal(0))
    ceiling = models.DecimalField(_("plafond (€)"), max_digits=7, decimal_places=2, null=True, blank=True)
    # The code itself is nowhere: it was shown once, to whoever granted it.
    code_digest = models.CharField(max_length=64, unique=True, editable=False)
    owner = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="vouchers",
        verbose_name=_("client"), help_text=_("Sans client, le bon est à qui en connaît le code."),
    )  # fmt: skip
    minimum_goods = models.DecimalField(
        _("dès (€ d’articles)"), max_digits=7, decimal_places=2, default=Decimal(0)
    )
    first_order_only = models.BooleanField(_("première commande seulement"), default=False)
    valid_from = models.DateTimeField(_("valable du"))
    valid_until = models.DateTimeField(_("jusqu’au"))
    origin = models.CharField(_("origine"), max_length=12, choices=Origin)
    source = models.CharField(_("accordé pour"), max_length=80, validators=[SOURCE])
    granted_at = models.DateTimeField(_("accordé le"), auto_now_add=True)

    # Where it stands now, as its entries say: the order that holds or used it, and the euros this takes off.
    order_reference = models.CharField(_("commande"), max_length=20, blank=True, default="")
    amount = models.DecimalField(_("déduit (€)"), max_digits=8, decimal_places=2, null=True, blank=True)
    used_at = models.DateTimeField(_("utilisé le"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("annulé le"), null=True, blank=True)

    class Meta:
        verbose_name = _("bon")
        verbose_name_plural = _("bons")
        ordering = ["-id"]
        permissions = [("grant_voucher", "Peut accorder et annuler des bons")]
        constraints = [
            # Granting twice for one reason is granting once.
            models.UniqueConstraint(fields=["origin", "source"], name="one_voucher_per_origin_and_source"),
            models.UniqueConstraint(
                fields=["order_reference"], condition=~Q(order_reference=""), name="one_voucher_per_order"
            ),
            models.CheckConstraint(
                condition=Q(kind="delivery", value=0, ceiling=None)
                | Q(kind="amount", value__gt=0, ceiling=None)
                | (Q(kind="percentage", value__gt=0, value__lte=100) & (Q(ceiling=None) | Q(ceiling__gt=0))),
                name="voucher_is_worth_something",
            ),
            models.CheckConstraint(condition=Q(minimum_goods__gte=0), name="voucher_minimum_not_negative"),
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("valid_from")), name="voucher_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(order_reference="", amount=None, used_at=None)
                | (~Q(order_reference="") & Q(amount__gt=0, cancelled_at=None)),
                name="voucher_is_held_by_one_order",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="voucher_is_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="voucher_terms_are_frozen",
                fields=[
                    "kind", "value", "ceiling", "code_digest", "owner", "minimum_goods", "first_order_only",
                    "valid_from", "valid_until", "origin", "source", "granted_at",
                ],
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.label} ({self.pk})"

    def is_open_to(self, customer_id: int | None) -> bool:
        """Nobody's, or this customer's, or a guest's who merged into them. One query where the owner was not read."""
        owner = self.owner
        return owner is None or (customer_id is not None and customer_id in {owner.pk, owner.merged_into_id})

    @property
    def terms(self) -> Terms:
        return Terms(self.kind, self.value, self.ceiling, self.label)

    @property
    def label(self) -> str:
        return label_of(kind=self.kind, value=self.value)

    def state_at(self, now: datetime) -> str:
        """ "cancelled", "used", "held", "expired", "planned" or "live"."""
        if self.cancelled_at:
            return "cancelled"
        if self.order_reference:
            return "used" if self.used_at else "held"
        if self.valid_until <= now:
            return "expired"
        return "planned" if self.valid_from > now else "live"

    @property
    def state(self) -> str:
        return self.state_at(timezone.now())


class VoucherEntry(models.Model):
    """One thing that happened to a voucher. Only ever added."""

    class Kind(models.TextChoices):
        GRANTED = "granted", _("accordé")
        RESERVED = "reserved", _("pris par une commande")
        USED = "used", _("utilisé")
        GIVEN_BACK = "given_back", _("rendu")
        CANCELLED = "cancelled", _("annulé")

    class Reason(models.TextChoices):
        MISTAKE = "mistake", _("accordé par erreur")
        REPLACED = "replaced", _("remplacé par un autre")
        ASKED = "asked", _("à la demande du client")
        ABUSE = "abuse", _("usage abusif")

    voucher = models.ForeignKey(
        Voucher, on_delete=models.PROTECT, related_name="entries", verbose_name=_("bon")
    )
    kind = models.CharField(_("événement"), max_length=10, choices=Kind)
    order_reference = models.CharField(_("commande"), max_length=20, blank=True, default="")
    amount = models.DecimalField(_("déduit (€)"), max_digits=8, decimal_places=2, default=Decimal(0))
    reason = models.CharField(_("motif"), max_length=10, choices=Reason, blank=True, default="")
    at = models.DateTimeField(_("le"), auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("par"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("événement d’un bon")
        verbose_name_plural = _("historique")
        ordering = ["id"]
        constraints = [
            # An order takes, uses and gives back a voucher once: a reference never lives twice.
            models.UniqueConstraint(
                fields=["voucher", "kind", "order_reference"], name="one_voucher_entry_per_kind_and_order"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["granted", "cancelled"]) ^ ~Q(order_reference=""),
                name="voucher_entry_names_its_order",
            ),
            models.CheckConstraint(
                condition=Q(kind="cancelled") ^ Q(reason=""), name="voucher_cancelled_for_a_reason"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="voucher_entry_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.voucher_id} {self.kind}"
