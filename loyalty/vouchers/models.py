"""Vouchers: what the shop takes off an order, once. The book of what happened to each is only added to."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from loyalty.points.models import SOURCE
from loyalty.vouchers.rules import Scope, Terms
from loyalty.vouchers.wording import label_of
from shop.customers.models import Customer


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
    # The code for many that it comes from: what that is for, and what is left of it, stand there.
    shared_code = models.ForeignKey(
        "SharedCode", on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="vouchers",
        verbose_name=_("code partagé"),
    )  # fmt: skip
    # Of one that is for one product of the catalogue, which stands above.
    product_ref = models.PositiveIntegerField(_("produit"), null=True, blank=True, editable=False)
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
                condition=Q(shared_code=None) | Q(owner__isnull=False), name="voucher_of_code_is_owned"
            ),
            models.CheckConstraint(
                condition=Q(product_ref=None) | Q(shared_code=None, kind="amount"),
                name="voucher_for_a_product_is_a_sum",
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
                    "shared_code", "product_ref",
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
    def agreed_terms(self) -> Terms:
        """Once an order holds it: of a code with a budget, never more than was drawn for that order."""
        has_budget = self.shared_code is not None and self.shared_code.budget is not None
        return replace(self.terms, most=self.amount if has_budget else None)

    @property
    def scope(self) -> Scope:
        if self.product_ref is not None:
            return Scope(products=frozenset({self.product_ref}))
        return self.shared_code.scope if self.shared_code else Scope()

    @property
    def label(self) -> str:
        return label_of(
            kind=self.kind, value=self.value, code=self.shared_code.code if self.shared_code else ""
        )

    def state_at(self, now: datetime) -> str:
        """ "cancelled", "used", "held", "expired", "planned" or "live"."""
        if self.cancelled_at:
            return "cancelled"
        if self.order_reference:
            return "used" if self.used_at else "held"
        if self.valid_until <= now or (self.shared_code is not None and self.shared_code.stopped_at):
            return "expired"
        return "planned" if self.valid_from > now else "live"

    @property
    def state(self) -> str:
        return self.state_at(timezone.now())


class SharedCode(models.Model):
    """A code for many customers, once each. Readable, since it is public; what a customer has of it is their `Voucher`.

    Its terms are frozen once somebody has one; ``uses`` and ``spent`` are those of the vouchers that orders hold or used.
    """

    class Audience(models.TextChoices):
        EVERYONE = "everyone", _("tous les clients")
        NEWCOMERS = "newcomers", _("sans commande jusqu’ici")
        AWAY = "away", _("sans commande depuis … jours")
        AT_LEAST = "at_least", _("au moins … commandes livrées")
        AT_MOST = "at_most", _("au plus … commandes livrées")

    code = models.CharField(
        _("code"), max_length=20, unique=True, validators=[RegexValidator(r"^[A-Z0-9]{4,20}\Z")]
    )
    kind = models.CharField(_("nature"), max_length=10, choices=Voucher.Kind)
    value = models.DecimalField(_("valeur"), max_digits=7, decimal_places=2, default=Decimal(0))
    ceiling = models.DecimalField(_("plafond (€)"), max_digits=7, decimal_places=2, null=True, blank=True)
    minimum_goods = models.DecimalField(
        _("dès (€ d’articles)"), max_digits=7, decimal_places=2, default=Decimal(0)
    )
    first_order_only = models.BooleanField(_("première commande seulement"), default=False)
    # The catalogue stands above: its rows are known by number alone, and named through `ports`.
    products = ArrayField(models.BigIntegerField(), verbose_name=_("produits"), default=list, blank=True)
    aisles = ArrayField(models.BigIntegerField(), verbose_name=_("rayons"), default=list, blank=True)
    brands = ArrayField(models.BigIntegerField(), verbose_name=_("marques"), default=list, blank=True)
    audience = models.CharField(_("pour qui"), max_length=10, choices=Audience, default=Audience.EVERYONE)
    audience_number = models.PositiveSmallIntegerField(_("nombre"), null=True, blank=True)
    starts_at = models.DateTimeField(_("début"))
    ends_at = models.DateTimeField(_("fin"))
    budget = models.DecimalField(_("budget (€)"), max_digits=9, decimal_places=2, null=True, blank=True)
    spent = models.DecimalField(
        _("dépensé (€)"), max_digits=9, decimal_places=2, default=Decimal(0), editable=False
    )
    most_uses = models.PositiveIntegerField(_("utilisations au plus"), null=True, blank=True)
    uses = models.PositiveIntegerField(_("utilisations"), default=0, editable=False)
    stopped_at = models.DateTimeField(_("arrêté le"), null=True, blank=True, editable=False)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, editable=False, related_name="+",
        verbose_name=_("écrit par"),
    )  # fmt: skip
    written_at = models.DateTimeField(_("écrit le"), auto_now_add=True)
    # Which writing of its terms this is: an order that was priced by another one looks again.
    edited_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("code partagé")
        verbose_name_plural = _("codes partagés")
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="delivery", value=0, ceiling=None)
                | Q(kind="amount", value__gt=0, ceiling=None)
                | (Q(kind="percentage", value__gt=0, value__lte=100) & (Q(ceiling=None) | Q(ceiling__gt=0))),
                name="shared_code_is_worth_something",
            ),
            models.CheckConstraint(condition=Q(minimum_goods__gte=0), name="shared_code_minimum"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="shared_code_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(audience__in=["everyone", "newcomers"]) ^ Q(audience_number__isnull=False),
                name="shared_code_audience_has_its_number",
            ),
            models.CheckConstraint(
                condition=Q(spent__gte=0) & (Q(budget=None) | (Q(budget__gt=0) & Q(spent__lte=F("budget")))),
                name="shared_code_within_its_budget",
            ),
            models.CheckConstraint(
                condition=Q(most_uses=None) | (Q(most_uses__gt=0) & Q(uses__lte=F("most_uses"))),
                name="shared_code_within_its_uses",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="shared_code_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="shared_code_frozen_once_had",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "code", "kind", "value", "ceiling", "minimum_goods", "first_order_only", "products", "aisles",
                    "brands", "audience", "audience_number", "starts_at", "ends_at", "budget", "most_uses",
                    "written_by", "written_at", "edited_at",
                ),
                func="""
                IF EXISTS (SELECT 1 FROM vouchers_voucher WHERE shared_code_id = OLD.id) THEN
                    RAISE EXCEPTION 'a shared code that somebody has is frozen';
                END IF;
                RETURN NEW;
                """,
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.code

    @property
    def scope(self) -> Scope:
        return Scope(frozenset(self.products), frozenset(self.aisles), frozenset(self.brands))

    def affords(self, amount: Decimal) -> bool:
        """Whether so much is left, as far as this row was read; the order's own UPDATE decides."""
        return self.budget is None or self.spent + amount <= self.budget

    @property
    def state(self) -> str:
        """ "stopped", "ended", "spent", "planned" or "live", by the clock."""
        now = timezone.now()
        if self.stopped_at:
            return "stopped"
        if self.ends_at <= now:
            return "ended"
        if self.spent == self.budget or self.uses == self.most_uses:
            return "spent"
        return "planned" if self.starts_at > now else "live"


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
        indexes = [BrinIndex(fields=["at"], name="voucher_entries_of_days")]
        triggers = [
            pgtrigger.Protect(name="voucher_entry_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.voucher_id} {self.kind}"
