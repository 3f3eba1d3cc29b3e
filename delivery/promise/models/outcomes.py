"""What was promised for each order, and what happened. Delivery knows a reference, never an order."""

from datetime import datetime, timedelta
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from delivery.promise.rules import SILENCE, Facts
from delivery.zones.models import Zone
from shop.customers.models import Customer

_FINAL = pgtrigger.Update | pgtrigger.Delete
_ARRIVED_LATE = Q(arrived_at__gte=F("slot_ends_at") + timedelta(seconds=1))


class OutcomeQuerySet(models.QuerySet["Outcome"]):
    """Lateness counts whole seconds, as `rules.seconds_between` does."""

    def late(self) -> "OutcomeQuerySet":
        """Arrived after the slot's end, by a second or more."""
        return self.filter(_ARRIVED_LATE, is_collect=False)

    def unready(self) -> "OutcomeQuerySet":
        """To be fetched, and ready after the slot's start, or not at all though it has begun."""
        return self.filter(is_collect=True, cancelled_at=None).filter(
            Q(ready_at__gte=F("slot_starts_at") + timedelta(seconds=1)) | Q(ready_at=None)
        )

    def incomplete(self) -> "OutcomeQuerySet":
        return self.filter(Q(units_missing__gt=0) | Q(units_told__gt=0))

    def unheard(self, now: datetime) -> "OutcomeQuerySet":
        """Their slot is over, and nobody said that they arrived."""
        return self.filter(is_collect=False, arrived_at=None, cancelled_at=None, slot_ends_at__lt=now)

    def counted(self, now: datetime) -> "OutcomeQuerySet":
        """Those that the public record counts: what was promised for slots that are over, all but what its customer
        called off in time. Of what nobody heard of for half a day it is said that it did not come.
        """
        is_known = Q(arrived_at__isnull=False) | Q(is_collect=True) | Q(slot_ends_at__lte=now - SILENCE)
        over = self.filter(slot_ends_at__lte=now)
        return over.filter(Q(cancelled_at=None) & is_known | Q(is_our_doing=True))

    def hurt(self) -> "OutcomeQuerySet":
        """Those of which a rule could say something."""
        broken = Q(units_missing__gt=0) | Q(damaged_units__gt=0) | Q(life_broken_units__gt=0)
        unready = Q(is_collect=True) & (Q(ready_at__gt=F("slot_starts_at")) | Q(ready_at=None))
        return self.filter(broken | (_ARRIVED_LATE & Q(is_collect=False)) | unready, cancelled_at=None)


def _came_within(minutes: int) -> Q:
    """Not given up, and at the door, or ready to be fetched, so many minutes after what was promised at the latest."""
    later = timedelta(minutes=minutes, seconds=1)
    at_door = Q(is_collect=False, arrived_at__lt=F("slot_ends_at") + later)
    return Q(is_our_doing=False) & (at_door | Q(is_collect=True, ready_at__lt=F("slot_starts_at") + later))


ON_TIME, WITHIN_5, WITHIN_30 = _came_within(0), _came_within(5), _came_within(30)
COMPLETE = Q(is_our_doing=False, ready_at__isnull=False, units_missing=0, units_told=0)
# Of those that lacked something: nothing of it came as a surprise.
TOLD_BEFORE = Q(is_our_doing=False, units_told__gt=0, units_missing=0)
LACKED = Q(units_told__gt=0) | Q(units_missing__gt=0)


class Outcome(models.Model):
    """One order: what was promised as it stood at its cut-off, and what became of it."""

    order_reference = models.CharField(_("commande"), max_length=20, unique=True)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="outcomes", verbose_name=_("client")
    )
    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="+", verbose_name=_("zone"))
    is_collect = models.BooleanField(_("retrait"), default=False)
    rank = models.PositiveIntegerField(_("rang"))
    slot_starts_at = models.DateTimeField(_("promise de"))
    slot_ends_at = models.DateTimeField(_("à"))
    # What its delivery was charged, after its voucher; nothing where it was offered.
    fee_cents = models.PositiveIntegerField(_("livraison (centimes)"), default=0)
    total_cents = models.PositiveIntegerField(_("total (centimes)"), default=0)
    units_ordered = models.PositiveIntegerField(_("articles commandés"))
    # Absent, neither told early nor accepted.
    units_missing = models.PositiveIntegerField(_("manquants"), default=0)
    # Announced shortages and substitutions: not complete, and nothing to make good for.
    units_told = models.PositiveIntegerField(_("annoncés ou remplacés"), default=0)
    damaged_units = models.PositiveIntegerField(_("abîmés"), default=0)
    life_broken_units = models.PositiveIntegerField(_("trop peu de conservation"), default=0)
    ready_at = models.DateTimeField(_("prête le"), null=True, blank=True)
    carrier = models.CharField(_("transporteur"), max_length=40, blank=True, default="")
    arrived_at = models.DateTimeField(_("arrivée le"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("annulée le"), null=True, blank=True)
    # Called off by the shop, or by a customer whom it let down: kept neither in time nor complete.
    is_our_doing = models.BooleanField(_("annulée de notre fait"), default=False, db_default=False)
    changed_at = models.DateTimeField(_("dernier changement"), auto_now=True)
    # From then on it is owed a decision; nothing once that was made.
    decide_at = models.DateTimeField(null=True, editable=False)

    objects = OutcomeQuerySet.as_manager()

    class Meta:
        verbose_name = _("promesse")
        verbose_name_plural = _("promesses")
        ordering = ["-slot_starts_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(slot_ends_at__gt=F("slot_starts_at")), name="promised_slot_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(units_ordered__gte=F("units_missing") + F("units_told")),
                name="outcome_units_add_up",
            ),
            models.CheckConstraint(
                condition=Q(
                    units_ordered__gte=F("damaged_units"),
                ) & Q(units_ordered__gte=F("life_broken_units")),
                name="outcome_incidents_add_up",
            ),
            models.CheckConstraint(
                condition=Q(arrived_at=None) | Q(cancelled_at=None), name="outcome_arrived_or_cancelled"
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["slot_starts_at"], name="outcome_by_slot"),
            models.Index(fields=["customer", "slot_starts_at"], name="outcome_of_customer"),
            models.Index(
                fields=["decide_at"], condition=Q(decide_at__isnull=False), name="outcome_to_decide"
            ),
        ]
        triggers = [pgtrigger.Protect(name="outcome_stays", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.order_reference

    @property
    def facts(self) -> Facts:
        """What rules are judged by. One query where the zone was not read with it."""
        return Facts(
            is_collect=self.is_collect,
            rank=self.rank,
            slot_starts_at=self.slot_starts_at,
            slot_ends_at=self.slot_ends_at,
            fee_cents=self.fee_cents,
            next_delivery_cents=int(max(self.zone.slot_price, self.zone.peak_price) * 100),
            units_ordered=self.units_ordered,
            units_missing=self.units_missing,
            damaged_units=self.damaged_units,
            life_broken_units=self.life_broken_units,
            ready_at=self.ready_at,
            arrived_at=self.arrived_at,
            is_cancelled=self.cancelled_at is not None,
        )

    @property
    def seconds_late(self) -> int | None:
        """After the slot's end, negative before it; of a pickup, from the slot's start to when it was ready. None
        while nobody knows. No query.
        """
        return Facts.seconds_late_of(self)

    @property
    def minutes_late(self) -> float | None:
        """The same in minutes, its seconds kept: 30 min 1 s is more than 30."""
        late = self.seconds_late
        return None if late is None else late / 60

    @property
    def is_on_time(self) -> bool | None:
        late = self.seconds_late
        return None if late is None else late <= 0

    @property
    def is_complete(self) -> bool | None:
        """All that was ordered, nothing announced, nothing replaced. None before its crates were closed."""
        return None if self.ready_at is None else not (self.units_missing or self.units_told)

    @property
    def is_kept(self) -> bool | None:
        """Both complete and on time: the public figure."""
        if self.is_on_time is None or self.is_complete is None:
            return None
        return self.is_on_time and self.is_complete


class Arrival(models.Model):
    """When an order was said to have arrived, by the road or by staff who put it right. Only ever added."""

    outcome = models.ForeignKey(Outcome, on_delete=models.PROTECT, related_name="arrivals")
    at = models.DateTimeField(_("arrivée le"))
    carrier = models.CharField(_("transporteur"), max_length=40, blank=True, default="")
    noted_at = models.DateTimeField(_("noté le"), auto_now_add=True)
    # Nobody: told by the road.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+",
        verbose_name=_("corrigée par"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("arrivée")
        verbose_name_plural = _("arrivées")
        ordering = ["id"]
        triggers = [pgtrigger.Protect(name="arrival_append_only", operation=_FINAL)]

    def __str__(self) -> str:
        return f"{self.outcome_id} {self.at}"


class Incident(models.Model):
    """Units of an order that did not come as promised, once for the occasion. Only ever added."""

    class Kind(models.TextChoices):
        DAMAGED = "damaged", _("abîmé")
        LIFE = "life", _("conservation trop courte")
        # Told by whoever unpacked it: picked, by the books, and not there.
        MISSING = "missing", _("absent au déballage")

    # The figure of the outcome that each kind adds to.
    COUNTED_IN: ClassVar[dict[str, str]] = {
        Kind.DAMAGED: "damaged_units",
        Kind.LIFE: "life_broken_units",
        Kind.MISSING: "units_missing",
    }

    outcome = models.ForeignKey(Outcome, on_delete=models.PROTECT, related_name="incidents")
    kind = models.CharField(_("nature"), max_length=10, choices=Kind)
    units = models.PositiveIntegerField(_("articles"))
    occasion = models.CharField(_("occasion"), max_length=64)
    noted_at = models.DateTimeField(_("noté le"), auto_now_add=True)

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["outcome", "kind", "occasion"], name="one_incident_of_a_kind_per_occasion"
            ),
            models.CheckConstraint(condition=Q(units__gt=0), name="incident_of_something"),
        ]
        triggers = [pgtrigger.Protect(name="incident_append_only", operation=_FINAL)]

    def __str__(self) -> str:
        return f"{self.outcome_id} {self.kind} {self.occasion}"
