"""Who prepares which order, wave by wave, and in which crates it leaves. What was found is written on the order."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from delivery.zones.models import Depot
from shop.catalogue.models import Temperature
from shop.orders.models import Order


class Wave(models.Model):
    """The orders of a depot whose slots stopped selling at the same time: prepared together."""

    depot = models.ForeignKey(Depot, on_delete=models.PROTECT, related_name="+", verbose_name=_("dépôt"))
    cutoff_at = models.DateTimeField(_("clôture"))
    opened_at = models.DateTimeField(_("ouverte le"), auto_now_add=True)

    class Meta:
        verbose_name = _("vague de préparation")
        verbose_name_plural = _("vagues de préparation")
        ordering = ["cutoff_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["depot", "cutoff_at"], name="one_wave_per_depot_and_cutoff")
        ]

    def __str__(self) -> str:
        return f"{self.depot_id} {self.cutoff_at:%d/%m %H:%M}"


class PickTask(models.Model):
    """An order to prepare: nobody's, one picker's, or closed. Two pickers are never on one order."""

    wave = models.ForeignKey(Wave, on_delete=models.PROTECT, related_name="tasks", verbose_name=_("vague"))
    order = models.OneToOneField(
        Order, on_delete=models.PROTECT, related_name="pick_task", verbose_name=_("commande")
    )
    # The soonest slot first, newcomers first within it.
    place = models.PositiveIntegerField(_("ordre"))
    picker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="pick_tasks",
        verbose_name=_("préparateur"),
    )  # fmt: skip
    # Its place on the picker's trolley: A, B, C…
    letter = models.CharField(_("bac"), max_length=1, blank=True)
    taken_at = models.DateTimeField(_("prise le"), null=True, blank=True)
    # A customer's first orders are looked over once more before their crates are closed.
    checked_at = models.DateTimeField(_("contrôlée le"), null=True, blank=True)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("contrôlée par"),
    )  # fmt: skip
    closed_at = models.DateTimeField(_("close le"), null=True, blank=True)

    class Meta:
        verbose_name = _("commande à préparer")
        verbose_name_plural = _("commandes à préparer")
        ordering = ["wave", "place"]
        permissions = [
            ("pick", "Peut préparer les commandes"),
            ("lead", "Peut reprendre la préparation d’un autre"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(picker=None, letter="", taken_at=None)
                | (Q(picker__isnull=False, taken_at__isnull=False) & ~Q(letter="")),
                name="pick_task_taken_whole",
            ),
            models.UniqueConstraint(
                fields=["picker", "letter"], condition=Q(closed_at=None) & ~Q(letter=""),
                name="one_order_per_place_of_a_trolley",
            ),
            models.CheckConstraint(
                condition=Q(checked_at=None, checked_by=None)
                | Q(checked_at__isnull=False, checked_by__isnull=False),
                name="pick_task_checked_whole",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["wave", "place"], condition=Q(picker=None, closed_at=None), name="pick_task_free"
            ),
            models.Index(fields=["picker"], condition=Q(closed_at=None), name="pick_task_open"),
        ]

    def __str__(self) -> str:
        return str(self.order_id)


class Crate(models.Model):
    """A crate of an order, as its label says it: temperature, and which of how many."""

    task = models.ForeignKey(PickTask, on_delete=models.CASCADE, related_name="crates")
    number = models.PositiveSmallIntegerField(_("numéro"))
    temperature = models.CharField(_("température"), max_length=7, choices=Temperature)

    class Meta:
        verbose_name = _("bac")
        verbose_name_plural = _("bacs")
        ordering = [F("number").asc()]
        constraints = [models.UniqueConstraint(fields=["task", "number"], name="one_crate_per_number")]

    def __str__(self) -> str:
        return f"{self.task_id} {self.number}"
