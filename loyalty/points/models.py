"""Points: an account for each customer, a book that is only added to, and the lots that are still to spend.

A balance is the sum of its entries: each entry, what it takes of which lot, and the account's figures are written in one
transaction, under the lock of the account's row.
"""

from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from loyalty.points import rules
from shop.customers.models import Customer

_FINAL = pgtrigger.Update | pgtrigger.Delete
# Ids and codes of ours: never a sentence, which could name somebody.
SOURCE = RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9:._-]*\Z")


class PointTerms(models.Model):
    """The rules of earning from an instant on, until the next ones begin. Written once."""

    starts_at = models.DateTimeField(_("à partir du"), unique=True)
    step = models.DecimalField(
        _("tranche payée (€)"), max_digits=6, decimal_places=2, validators=[MinValueValidator(1)]
    )
    points = models.PositiveSmallIntegerField(_("points par tranche"), validators=[MinValueValidator(1)])
    hundred_worth = models.DecimalField(
        _("valeur de 100 points (€)"),
        max_digits=6,
        decimal_places=2,
        validators=[MinValueValidator(Decimal("0.01"))],
    )
    pending_days = models.PositiveSmallIntegerField(
        _("en attente après la livraison (jours)"), validators=[MaxValueValidator(90)]
    )
    lasts_months = models.PositiveSmallIntegerField(
        _("valables (mois)"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(120)],
        help_text=_("Vide\u202f: sans limite."),
    )  # fmt: skip
    counts_alcohol = models.BooleanField(_("l’alcool compte"), default=False)
    written_at = models.DateTimeField(_("écrit le"), auto_now_add=True)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False,
        verbose_name=_("par"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("règles des points")
        verbose_name_plural = _("règles des points")
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(step__gt=0, points__gt=0, hundred_worth__gt=0)
                & (Q(lasts_months=None) | Q(lasts_months__gt=0)),
                name="point_terms_give_something",
            ),
        ]
        triggers = [pgtrigger.Protect(name="point_terms_final", operation=_FINAL)]

    def __str__(self) -> str:
        return f"règles {self.pk}"

    @property
    def terms(self) -> rules.Terms:
        return rules.Terms(
            step_cents=int(self.step * 100),
            points=self.points,
            hundred_worth=self.hundred_worth,
            pending_days=self.pending_days,
            lasts_months=self.lasts_months,
            counts_alcohol=self.counts_alcohol,
        )


class PointAccount(models.Model):
    """Its row is the lock of all that happens to a customer's points; its figures are what the entries come to."""

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, primary_key=True, related_name="points", verbose_name=_("client")
    )
    balance = models.IntegerField(_("solde"), default=0)
    # What was given back after it was spent: the next points pay it first.
    debt = models.PositiveIntegerField(_("à rattraper"), default=0)
    # Paid, and not a full step yet.
    carried_cents = models.PositiveIntegerField(_("reporté (centimes)"), default=0)

    class Meta:
        verbose_name = _("compte de points")
        verbose_name_plural = _("comptes de points")
        constraints = [
            models.CheckConstraint(
                condition=Q(balance__gte=0) | Q(debt=-F("balance")), name="points_owed_are_the_debt"
            ),
        ]
        permissions = [
            ("give_points", "Peut offrir jusqu’à 300 points à un client en trente jours"),
            ("give_many_points", "Peut offrir jusqu’à 3 000 points à un client en trente jours"),
        ]

    def __str__(self) -> str:
        return f"compte {self.pk}"


class PointOrder(models.Model):
    """What of an order counts for points now, under which terms, and when it was delivered."""

    order_reference = models.CharField(_("commande"), max_length=20, unique=True)
    account = models.ForeignKey(PointAccount, on_delete=models.PROTECT, related_name="orders")
    terms = models.ForeignKey(PointTerms, on_delete=models.PROTECT, related_name="+")
    counted_cents = models.PositiveIntegerField(default=0)
    # What counts on top of it: articles whose points were multiplied.
    bonus_cents = models.PositiveIntegerField(default=0, db_default=0)
    delivered_at = models.DateTimeField(null=True)
    # How often what counts has changed; numbers its entries.
    changes = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("commande comptée")
        verbose_name_plural = _("commandes comptées")

    def __str__(self) -> str:
        return self.order_reference


class PointEntry(models.Model):
    """One thing that happened to an account. Only ever added."""

    class Kind(models.TextChoices):
        EARNED = "earned", _("gagnés")
        TAKEN_BACK = "taken_back", _("repris")
        SPENT = "spent", _("dépensés")
        GIVEN_BACK = "given_back", _("rendus")
        EXPIRED = "expired", _("périmés")
        GIFT = "gift", _("offerts")
        # From a guest to the customer they turned out to be.
        MOVED = "moved", _("rassemblés")

    class Reason(models.TextChoices):
        TROUBLE = "trouble", _("pour un souci")
        THANKS = "thanks", _("pour remercier")
        MISTAKE = "mistake", _("erreur de notre part")

    account = models.ForeignKey(
        PointAccount, on_delete=models.PROTECT, related_name="entries", verbose_name=_("compte")
    )
    kind = models.CharField(_("nature"), max_length=10, choices=Kind)
    points = models.IntegerField(_("points"))
    # Euros cents that this order counts more, or less; nothing of what is no order.
    cents = models.IntegerField(default=0)
    # What of it counts on top, more or less.
    bonus_cents = models.IntegerField(default=0, db_default=0)
    order_reference = models.CharField(_("commande"), max_length=20, blank=True, default="")
    source = models.CharField(_("pour"), max_length=80, validators=[SOURCE])
    # Of what somebody of the staff gave.
    reason = models.CharField(
        _("raison"), max_length=10, choices=Reason, blank=True, default="", db_default=""
    )
    at = models.DateTimeField(_("le"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("par")
    )

    class Meta:
        verbose_name = _("mouvement de points")
        verbose_name_plural = _("mouvements de points")
        ordering = ["-id"]
        constraints = [
            # Told twice of one thing, it happened once.
            models.UniqueConstraint(fields=["account", "kind", "source"], name="one_point_entry_per_source"),
            models.CheckConstraint(
                condition=Q(kind__in=["earned", "given_back", "gift"], points__gte=0)
                | Q(kind__in=["taken_back", "spent", "expired"], points__lte=0)
                | Q(kind="moved"),
                name="point_entry_has_its_sign",
            ),
            # Of an order that fills no step the sum is kept all the same: it is carried over.
            models.CheckConstraint(
                condition=~Q(points=0) | Q(kind__in=["earned", "taken_back"]), name="point_entry_of_something"
            ),
            models.CheckConstraint(condition=~Q(source=""), name="point_entry_has_a_source"),
            models.CheckConstraint(
                condition=Q(by=None, reason="") | (Q(by__isnull=False, kind="gift") & ~Q(reason="")),
                name="point_gift_of_staff_has_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="point_entries_of_account"),
            models.Index(
                fields=["order_reference"], condition=~Q(order_reference=""), name="point_entries_of_order"
            ),
            # Written in the order of time, a quarter of them lies together.
            BrinIndex(fields=["at"], name="point_entries_of_days"),
        ]
        triggers = [pgtrigger.Protect(name="point_entry_append_only", operation=_FINAL)]

    def __str__(self) -> str:
        return f"{self.account_id} {self.kind} {self.points}"


class PointLot(models.Model):
    """Points of one credit that are still to spend. Waits for its order's delivery while ``usable_at`` is empty."""

    account = models.ForeignKey(PointAccount, on_delete=models.PROTECT, related_name="lots")
    entry = models.OneToOneField(PointEntry, on_delete=models.PROTECT, related_name="lot")
    order = models.ForeignKey(PointOrder, on_delete=models.PROTECT, null=True, related_name="lots")
    points = models.PositiveIntegerField()
    remaining = models.PositiveIntegerField()
    usable_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    # When its owner was told that it comes to its end.
    told_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("lot de points")
        verbose_name_plural = _("lots de points")
        constraints = [
            models.CheckConstraint(
                condition=Q(points__gt=0, remaining__lte=F("points")), name="point_lot_holds_its_points"
            ),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(usable_at__isnull=False, expires_at__gt=F("usable_at")),
                name="point_lot_lasts",
            ),
        ]
        indexes = [
            models.Index(fields=["account"], condition=Q(remaining__gt=0), name="point_lots_left"),
            models.Index(fields=["expires_at"], condition=Q(remaining__gt=0), name="point_lots_expiring"),
        ]

    def __str__(self) -> str:
        return f"lot {self.pk}"


class PointUse(models.Model):
    """What an entry takes of a lot; negative where it puts some back. A lot has its points less these. Only ever added."""

    entry = models.ForeignKey(PointEntry, on_delete=models.PROTECT, related_name="uses")
    lot = models.ForeignKey(PointLot, on_delete=models.PROTECT, related_name="uses")
    points = models.IntegerField()

    class Meta:
        verbose_name = _("points pris à un lot")
        verbose_name_plural = _("points pris à des lots")
        constraints = [
            models.UniqueConstraint(fields=["entry", "lot"], name="one_point_use_per_lot"),
            models.CheckConstraint(condition=~Q(points=0), name="point_use_of_something"),
        ]
        triggers = [pgtrigger.Protect(name="point_use_append_only", operation=_FINAL)]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.lot_id}"
