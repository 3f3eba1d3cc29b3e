"""Milestones as data: what is given when an order, a year's spending or an anniversary is reached; who reached which."""

from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from loyalty.rewards.models import Item, Present
from shop.customers.models import Customer


class Milestone(models.Model):
    """What is given, from an instant on. Written once: what was announced is given as announced, whatever replaces it."""

    class Kind(models.TextChoices):
        WELCOME = "welcome", _("bienvenue")
        ATTENTION = "attention", _("attention")
        GIFT = "gift", _("cadeau à choisir")

    class Trigger(models.TextChoices):
        ORDERS = "orders", _("rang de la commande")
        YEAR_SPEND = "year_spend", _("achats de l’année (€)")
        ANNIVERSARY = "anniversary", _("années depuis la première livraison")

    name = models.CharField(
        _("nom"),
        max_length=80,
        help_text=_("Lu par les clients, par exemple «\u202fVotre 5e commande\u202f»."),
    )
    kind = models.CharField(_("nature"), max_length=10, choices=Kind)
    trigger = models.CharField(_("quand"), max_length=12, choices=Trigger)
    threshold = models.PositiveIntegerField(
        _("atteint à"), validators=[MinValueValidator(1), MaxValueValidator(100_000)],
        help_text=_("Rang de la commande, euros de l’année, ou nombre d’années."),
    )  # fmt: skip
    items = models.ManyToManyField(
        Item, through="MilestoneItem", related_name="milestones", verbose_name=_("articles")
    )
    has_letter = models.BooleanField(
        _("lettre et fiches imprimées"), default=False, help_text=_("Pour la bienvenue seulement.")
    )
    starts_at = models.DateTimeField(_("à partir du"))
    stopped_at = models.DateTimeField(_("arrêtée le"), null=True, blank=True, editable=False)
    # The one that this one took the place of: whoever had that one does not have it again.
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by", editable=False,
        verbose_name=_("remplace"),
    )  # fmt: skip
    written_at = models.DateTimeField(_("écrite le"), auto_now_add=True)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False,
        verbose_name=_("par"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("étape")
        verbose_name_plural = _("étapes")
        ordering = ["trigger", "threshold", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(threshold__gt=0), name="milestone_is_ahead"),
            models.CheckConstraint(
                condition=~Q(kind__in=["welcome", "attention"]) | Q(trigger="orders"),
                name="attention_goes_with_an_order",
            ),
            models.CheckConstraint(
                condition=Q(has_letter=False) | Q(kind="welcome"), name="milestone_letter_welcomes"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="milestone_is_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="milestone_terms_are_frozen",
                fields=[
                    "name", "kind", "trigger", "threshold", "has_letter", "starts_at", "replaces", "written_by",
                ],
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    @property
    def first(self) -> "Milestone":
        """The first of those that took each other's place. One query for each that was replaced."""
        found = self
        while found.replaces:
            found = found.replaces
        return found


class MilestoneItem(models.Model):
    """One of the articles: all of them are given, or one is chosen among them, the first where nobody chooses."""

    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="parts")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", verbose_name=_("article"))
    place = models.PositiveSmallIntegerField(_("ordre"), default=0)

    class Meta:
        verbose_name = _("article de l’étape")
        verbose_name_plural = _("articles de l’étape")
        ordering = ["place", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["milestone", "item"], name="one_milestone_item"),
        ]

    def __str__(self) -> str:
        return f"{self.milestone_id} {self.item_id}"


class MilestoneVoucher(models.Model):
    """A voucher that the welcome letter brings, with a code of its own for each customer."""

    class Kind(models.TextChoices):
        AMOUNT = "amount", _("montant")
        DELIVERY = "delivery", _("livraison offerte")

    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="vouchers")
    kind = models.CharField(_("nature"), max_length=10, choices=Kind)
    value = models.DecimalField(
        _("valeur (€)"), max_digits=5, decimal_places=2, default=Decimal(0), blank=True,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(50))],
    )  # fmt: skip
    minimum_goods = models.DecimalField(
        _("dès (€ d’articles)"), max_digits=7, decimal_places=2, default=Decimal(0), blank=True,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(1000))],
    )  # fmt: skip
    lasts_days = models.PositiveSmallIntegerField(
        _("valable (jours)"), default=60, validators=[MinValueValidator(7), MaxValueValidator(366)]
    )

    class Meta:
        verbose_name = _("bon de la lettre")
        verbose_name_plural = _("bons de la lettre")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="delivery", value=0) | Q(kind="amount", value__gt=0),
                name="milestone_voucher_is_worth_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.milestone_id} {self.kind}"


class Due(models.Model):
    """A customer is on the way to a milestone, or reached it; once for each ``occasion``, whatever is cancelled."""

    milestone = models.ForeignKey(
        Milestone, on_delete=models.PROTECT, related_name="dues", verbose_name=_("étape")
    )
    # The first of the milestones that took each other's place: what it gave is not given again.
    line = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="milestones", verbose_name=_("client")
    )
    # Which of its times: the year, or the number of years; 0 of what happens once.
    occasion = models.PositiveSmallIntegerField(_("occasion"), default=0)
    # Told ahead: it is given with the order that reaches it.
    announced_at = models.DateTimeField(_("annoncée le"), null=True)
    reached_at = models.DateTimeField(_("atteinte le"), null=True)
    # Of a gift: what is to be chosen.
    present = models.OneToOneField(
        Present, on_delete=models.PROTECT, null=True, related_name="due", verbose_name=_("cadeau")
    )

    class Meta:
        verbose_name = _("étape d’un client")
        verbose_name_plural = _("étapes des clients")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["line", "customer", "occasion"], name="one_due_per_milestone_and_occasion"
            ),
        ]
        triggers = [pgtrigger.Protect(name="due_is_kept", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.milestone_id} {self.customer_id}"


class SampleDraw(models.Model):
    """An article that a customer could try with an order: it went along, or they are compared with. Only ever added."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="draws")
    order_reference = models.CharField(max_length=20, unique=True)
    is_held_out = models.BooleanField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("échantillon proposé")
        verbose_name_plural = _("échantillons proposés")
        constraints = [
            models.UniqueConstraint(fields=["customer", "item"], name="one_sample_draw_per_item"),
        ]
        triggers = [
            pgtrigger.Protect(name="sample_draw_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.item_id}"
