"""One-hour places in a round, and the holds on them."""

from datetime import timedelta
from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from delivery.zones.models import Zone

HOLD_LASTS = timedelta(minutes=60)
HOLD_LASTS_AT_MOST = timedelta(hours=3)


class SlotQuerySet(models.QuerySet["Slot"]):
    def upcoming(self) -> "SlotQuerySet":
        return self.filter(starts_at__gt=timezone.now())

    def bookable(self) -> "SlotQuerySet":
        """Before its cut-off, not closed by staff; may be full."""
        return self.filter(cutoff_at__gt=timezone.now(), is_closed=False)

    def with_room(self) -> "SlotQuerySet":
        return self.bookable().filter(booked__lt=F("capacity"))


class Slot(models.Model):
    """Two instants made from a local date and hour. ``booked`` counts holds and bookings together."""

    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="slots")
    starts_at = models.DateTimeField(_("début"))
    ends_at = models.DateTimeField(_("fin"))
    cutoff_at = models.DateTimeField(_("clôture"))
    price = models.DecimalField(_("prix"), max_digits=6, decimal_places=2, default=Decimal("5.90"))
    capacity = models.PositiveIntegerField(_("places"))
    booked = models.IntegerField(_("prises"), default=0)
    is_closed = models.BooleanField(_("fermé"), default=False)

    objects: ClassVar[models.Manager["Slot"]] = SlotQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("créneau")
        verbose_name_plural = _("créneaux")
        ordering = ["starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["zone", "starts_at"], name="one_slot_per_zone_and_start"),
            # No upper bound: staff may cut the capacity of a slot that is already sold.
            models.CheckConstraint(condition=Q(booked__gte=0), name="slot_booked_not_negative"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="slot_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.starts_at):%d/%m %H h}"

    @property
    def is_full(self) -> bool:
        return self.booked >= self.capacity


class Hold(models.Model):
    """A place taken: by a basket until it expires, by an order for good. Rows, never cache keys."""

    class State(models.TextChoices):
        HELD = "held", _("réservé")
        PINNED = "pinned", _("en cours de paiement")
        BOOKED = "booked", _("commandé")
        RELEASED = "released", _("rendu")

    MOVES: ClassVar[dict[str, set[str]]] = {
        State.HELD: {State.PINNED, State.RELEASED},
        State.PINNED: {State.BOOKED, State.HELD, State.RELEASED},
        State.BOOKED: {State.RELEASED},
        State.RELEASED: set(),
    }

    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="holds")
    # The basket's key or the order's reference: delivery knows neither.
    holder = models.CharField(max_length=64)
    order_reference = models.CharField(max_length=20, blank=True, db_index=True)
    state = models.CharField(max_length=10, choices=State, default=State.HELD)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("réservation de créneau")
        verbose_name_plural = _("réservations de créneau")
        constraints = [
            models.UniqueConstraint(
                fields=["holder"], condition=Q(state__in=["held", "pinned"]), name="one_live_hold_per_holder"
            )
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(state="held"), name="hold_expiry"),
            models.Index(fields=["slot", "state"], name="hold_slot_state"),
        ]

    def __str__(self) -> str:
        return f"{self.slot_id} {self.state}"

    @property
    def is_live(self) -> bool:
        return self.state in {self.State.PINNED, self.State.BOOKED} or (
            self.state == self.State.HELD and self.expires_at > timezone.now()
        )
