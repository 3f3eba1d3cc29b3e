"""One-hour places in a round, and the holds on them."""

from decimal import Decimal
from typing import Any, ClassVar

from django.db import models
from django.db.models import Case, Count, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from delivery.zones.models import Zone


class SlotQuerySet(models.QuerySet["Slot"]):
    def upcoming(self) -> "SlotQuerySet":
        return self.filter(starts_at__gt=timezone.now())

    def bookable(self) -> "SlotQuerySet":
        """Before its cut-off, not closed by staff; may be full."""
        return self.filter(cutoff_at__gt=timezone.now(), is_closed=False)

    def with_room(self) -> "SlotQuerySet":
        """Bookable with a place nobody counts on; lapsed holds still count until they are collected."""
        return self.bookable().filter(booked__lt=F("capacity"))

    def with_taken(self) -> "SlotQuerySet":
        """Annotate ``taken``: places taken, less those of lapsed holds, which the next buyer collects.

        Lapsed holds are only counted where it matters, on full slots.
        """
        lapsed = (
            Hold.objects.lapsed()
            .filter(slot=OuterRef("pk"))
            .order_by()
            .values("slot")
            .annotate(n=Count("pk"))
            .values("n")
        )
        counted = When(booked__gte=F("capacity"), then=Coalesce(Subquery(lapsed), Value(0)))
        return self.annotate(
            taken=F("booked") - Case(counted, default=Value(0), output_field=models.IntegerField())
        )


class Slot(models.Model):
    """Two instants made from a local date and hour. ``booked`` counts holds and bookings together."""

    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="slots", verbose_name=_("zone"))
    starts_at = models.DateTimeField(_("début"))
    ends_at = models.DateTimeField(_("fin"))
    cutoff_at = models.DateTimeField(_("clôture"))
    price = models.DecimalField(_("prix"), max_digits=6, decimal_places=2, default=Decimal("5.90"))
    capacity = models.PositiveIntegerField(_("places"))
    booked = models.IntegerField(_("prises"), default=0)
    is_closed = models.BooleanField(_("fermé"), default=False)

    objects = SlotQuerySet.as_manager()

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

    @property
    def is_bookable(self) -> bool:
        return not self.is_closed and self.cutoff_at > timezone.now()


class HoldQuerySet(models.QuerySet["Hold"]):
    def live(self) -> "HoldQuerySet":
        """A basket's place: in payment, or held and not yet lapsed."""
        held = Q(state=Hold.State.HELD, expires_at__gt=timezone.now())
        return self.filter(held | Q(state=Hold.State.PINNED))

    def lapsed(self) -> "HoldQuerySet":
        """Held, expired, and not yet collected: the slot still counts them."""
        return self.filter(state=Hold.State.HELD, expires_at__lte=timezone.now())

    def move(self, to: str, **fields: Any) -> int:
        """Move those rows whose state allows it by the table of moves; how many moved. One UPDATE.

        The condition is in the statement: of two processes giving one place back, one moves no row.
        """
        allowed = [state for state, targets in Hold.MOVES.items() if to in targets]
        return self.filter(state__in=allowed).update(state=to, **fields)


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
    order_reference = models.CharField(_("commande"), max_length=20, blank=True, db_index=True)
    state = models.CharField(_("état"), max_length=10, choices=State, default=State.HELD)
    created_at = models.DateTimeField(_("prise le"), default=timezone.now)
    expires_at = models.DateTimeField(_("gardée jusqu’au"))
    # Against expires_at it tells a lapse from a change of mind: only a lapsed place may be taken back at payment.
    released_at = models.DateTimeField(_("rendue le"), null=True, blank=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("réservation de créneau")
        verbose_name_plural = _("réservations de créneau")
        constraints = [
            models.UniqueConstraint(
                fields=["holder"], condition=Q(state__in=["held", "pinned"]), name="one_live_hold_per_holder"
            ),
            models.UniqueConstraint(
                fields=["order_reference"],
                condition=Q(state__in=["pinned", "booked"]) & ~Q(order_reference=""),
                name="one_place_per_order",
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(state="held"), name="hold_expiry"),
            models.Index(fields=["slot", "state"], name="hold_slot_state"),
            # Payment looks for the basket's latest hold, released ones included.
            models.Index(fields=["holder", "-id"], name="hold_latest_of_holder"),
        ]

    def __str__(self) -> str:
        return f"{self.slot_id} {self.state}"

    @property
    def is_live(self) -> bool:
        return self.state in {self.State.PINNED, self.State.BOOKED} or (
            self.state == self.State.HELD and self.expires_at > timezone.now()
        )

    @property
    def has_lapsed(self) -> bool:
        """Released because its time was over, not because its holder gave it up."""
        return self.released_at is not None and self.released_at >= self.expires_at
