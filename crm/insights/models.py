"""Counts of what visitors do and of how fast pages felt. No row knows of whom."""

from django.db import models
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
