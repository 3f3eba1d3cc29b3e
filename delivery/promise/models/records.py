"""What was promised and kept, week by week: counted from outcomes, written by nobody."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from delivery.zones.models import Zone


class WeekRecord(models.Model):
    """One zone, week and carrier. Made anew from outcomes whenever it is counted: no hand changes a figure."""

    # Who carries what is fetched.
    COLLECTED: ClassVar[str] = "retrait"

    zone = models.ForeignKey(Zone, on_delete=models.CASCADE, related_name="+", verbose_name=_("zone"))
    monday_on = models.DateField(_("semaine du"))
    # Of `rounds.Carrier`, COLLECTED for what is fetched, "" where nobody noted it.
    carrier = models.CharField(_("transporteur"), max_length=40, blank=True, default="")
    orders = models.PositiveIntegerField(_("commandes"))
    kept = models.PositiveIntegerField(_("complètes et à l’heure"))
    on_time = models.PositiveIntegerField(_("à l’heure"))
    within_5 = models.PositiveIntegerField(_("à 5 minutes près"))
    within_30 = models.PositiveIntegerField(_("à 30 minutes près"))
    complete = models.PositiveIntegerField(_("complètes"))
    lacked = models.PositiveIntegerField(_("avec un manque"))
    told_before = models.PositiveIntegerField(_("manque annoncé avant le départ"))
    first_orders = models.PositiveIntegerField(_("trois premières commandes"))
    first_kept = models.PositiveIntegerField(_("dont complètes et à l’heure"))
    compensations = models.PositiveIntegerField(_("compensations"))
    compensation_cents = models.PositiveIntegerField(_("compensations (centimes)"))

    class Meta:
        verbose_name = _("relevé de la semaine")
        verbose_name_plural = _("relevés par semaine")
        ordering = ["-monday_on", "zone", "carrier"]
        constraints = [
            models.UniqueConstraint(
                fields=["zone", "monday_on", "carrier"], name="one_record_per_zone_week_and_carrier"
            )
        ]

    def __str__(self) -> str:
        return f"{self.zone_id} {self.monday_on}"
