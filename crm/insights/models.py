"""Counts of what visitors do and of how fast pages felt, no row of which knows of whom; and how much may be taken off prices."""

from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Step(models.TextChoices):
    """The funnel, in the order it is walked. Orders are not counted here: they count themselves."""

    VISIT = "visit", _("visites")
    SEARCH = "search", _("recherches")
    ADD = "add", _("ajouts au panier")
    SLOT = "slot", _("créneaux réservés")
    CHECKOUT = "checkout", _("passages en caisse")
    ORDER = "order", _("commandes")


class Metric(models.TextChoices):
    LCP = "lcp", _("affichage (LCP)")
    INP = "inp", _("réaction (INP)")


class FunnelCount(models.Model):
    """How often a step was taken on a day in Paris."""

    day = models.DateField(_("jour"))
    step = models.CharField(_("étape"), max_length=10, choices=Step)
    count = models.PositiveBigIntegerField(_("nombre"), default=0)

    class Meta:
        verbose_name = _("fréquentation")
        verbose_name_plural = _("fréquentation")
        constraints = [models.UniqueConstraint(fields=["day", "step"], name="one_funnel_count_per_step")]

    def __str__(self) -> str:
        return f"{self.day} {self.step}"


class VitalCount(models.Model):
    """How many page views of a day fell in one bucket of a histogram; ``bucket`` is its upper bound in ms."""

    day = models.DateField(_("jour"))
    page = models.CharField(_("page"), max_length=30)
    metric = models.CharField(_("mesure"), max_length=4, choices=Metric)
    bucket = models.PositiveIntegerField(_("jusqu’à (ms)"))
    count = models.PositiveBigIntegerField(_("nombre"), default=0)

    class Meta:
        verbose_name = _("rapidité ressentie")
        verbose_name_plural = _("rapidité ressentie")
        constraints = [
            models.UniqueConstraint(
                fields=["day", "page", "metric", "bucket"], name="one_vital_count_per_bucket"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.page} {self.metric} ≤ {self.bucket}"


class DiscountBudget(models.Model):
    """Which share of its turnover the shop may give in discounts, from a day on, until the next one begins. Written once."""

    starts_on = models.DateField(_("à partir du"), unique=True)
    share = models.DecimalField(
        _("part du chiffre d’affaires (%)"), max_digits=4, decimal_places=1,
        validators=[MinValueValidator(Decimal("0.1")), MaxValueValidator(Decimal(100))],
    )  # fmt: skip
    warn_at = models.PositiveSmallIntegerField(
        _("prévenir à (% du budget)"), default=80, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    written_at = models.DateTimeField(_("écrit le"), auto_now_add=True)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False,
        verbose_name=_("par"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("budget des réductions")
        verbose_name_plural = _("budgets des réductions")
        ordering = ["-starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(share__gt=0, share__lte=100, warn_at__gte=1, warn_at__lte=100),
                name="discount_budget_is_a_share",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="discount_budget_final", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.share} %"
