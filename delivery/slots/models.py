"""One-hour places in a round, the holds on them, and who waits for one."""

import secrets
from decimal import Decimal
from typing import Any, ClassVar

from django.db import models
from django.db.models import Case, Count, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from delivery.slots import rules
from delivery.zones.models import Zone
from shop.customers.models import Customer


class SlotQuerySet(models.QuerySet["Slot"]):
    def upcoming(self) -> "SlotQuerySet":
        return self.filter(starts_at__gt=timezone.now())

    def bookable(self) -> "SlotQuerySet":
        """Before its cut-off, not closed by staff; may be full."""
        return self.filter(cutoff_at__gt=timezone.now(), is_closed=False)

    def with_room(self) -> "SlotQuerySet":
        """Bookable with a place nobody counts on: neither a hold, which lapsed counts until it is collected, nor
        somebody who waits.
        """
        return self.bookable().filter(booked__lt=F("capacity") - F("waiting"))

    def with_room_for_waiting(self) -> "SlotQuerySet":
        """Bookable with a place for whoever waits first. As in `with_room`, lapsed holds count."""
        return self.bookable().filter(booked__lt=F("capacity"), waiting__gt=0)

    def joinable(self) -> "SlotQuerySet":
        """Full for whoever comes now, and its list open and not too long: there is something to wait for."""
        ends_after = timezone.now() + rules.OFFER_AT_LEAST
        return self.bookable().filter(
            cutoff_at__gt=ends_after,
            booked__gte=F("capacity") - F("waiting"),
            waiting__lt=rules.WAITING_AT_MOST,
        )

    def with_taken(self) -> "SlotQuerySet":
        """Annotate ``taken``: places taken or waited for, less those of lapsed holds, which the next buyer collects.

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
        counted = When(booked__gte=F("capacity") - F("waiting"), then=Coalesce(Subquery(lapsed), Value(0)))
        return self.annotate(
            taken=F("booked")
            + F("waiting")
            - Case(counted, default=Value(0), output_field=models.IntegerField())
        )


class Slot(models.Model):
    """Two instants made from a local date and hour. ``booked`` counts holds and bookings together.

    ``waiting`` counts those on its waitlist to whom no place is offered yet: a place that is free is theirs first.
    """

    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="slots", verbose_name=_("zone"))
    starts_at = models.DateTimeField(_("début"))
    ends_at = models.DateTimeField(_("fin"))
    cutoff_at = models.DateTimeField(_("clôture"))
    price = models.DecimalField(_("prix"), max_digits=6, decimal_places=2, default=Decimal("5.90"))
    capacity = models.PositiveIntegerField(_("places"))
    booked = models.IntegerField(_("prises"), default=0)
    waiting = models.PositiveIntegerField(_("attendent"), default=0, db_default=0)
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
        indexes = [
            models.Index(fields=["cutoff_at"], condition=Q(waiting__gt=0), name="slot_waited_for"),
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.starts_at):%d/%m %H h}"

    @property
    def is_full(self) -> bool:
        """For whoever comes now: those who wait go first."""
        return self.booked + self.waiting >= self.capacity

    @property
    def is_bookable(self) -> bool:
        return not self.is_closed and self.cutoff_at > timezone.now()

    @property
    def has_open_waitlist(self) -> bool:
        """Whether an offer made now could still be answered."""
        return not self.is_closed and rules.list_ends_at(self.cutoff_at) > timezone.now()


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


def new_wait_token() -> str:
    """160 bits, in the address of a page that opens without sign-in and takes one place."""
    return secrets.token_urlsafe(20)


class WaitlistEntryQuerySet(models.QuerySet["WaitlistEntry"]):
    def open(self) -> "WaitlistEntryQuerySet":
        """Waiting, or with an offer not yet answered."""
        return self.filter(state__in=WaitlistEntry.OPEN)

    def move(self, to: str, **fields: Any) -> int:
        """Move those rows whose state allows it by the table of moves; how many moved. One UPDATE."""
        allowed = [state for state, targets in WaitlistEntry.MOVES.items() if to in targets]
        return self.filter(state__in=allowed).update(state=to, **fields)


class WaitlistEntry(models.Model):
    """Somebody who wants a place in a full slot. Served in the order of asking; used for nothing else, and gone
    after the slot.

    The place that is offered is a hold under the entry's own name, until it is taken into a basket.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("attend")
        OFFERED = "offered", _("place proposée")
        TAKEN = "taken", _("place prise")
        LAPSED = "lapsed", _("sans réponse")
        LEFT = "left", _("a renoncé")
        CLOSED = "closed", _("aucune place à temps")

    MOVES: ClassVar[dict[str, set[str]]] = {
        State.WAITING: {State.OFFERED, State.LEFT, State.CLOSED},
        State.OFFERED: {State.TAKEN, State.LAPSED, State.LEFT},
        State.TAKEN: set(),
        State.LAPSED: set(),
        State.LEFT: set(),
        State.CLOSED: set(),
    }
    OPEN: ClassVar[list[str]] = [State.WAITING, State.OFFERED]

    slot = models.ForeignKey(
        Slot, on_delete=models.PROTECT, related_name="waitlist", verbose_name=_("créneau")
    )
    email = models.EmailField(_("adresse e-mail"))
    customer = models.ForeignKey(
        Customer, on_delete=models.SET_NULL, null=True, blank=True, related_name="waits"
    )
    # The basket that asked: its grid says that its visitor waits.
    holder = models.CharField(max_length=64, blank=True)
    # Where the slot was looked up for: a letter may be opened in another browser.
    postcode = models.CharField(_("code postal"), max_length=5, blank=True)
    token = models.CharField(max_length=40, unique=True, default=new_wait_token, editable=False)
    state = models.CharField(_("état"), max_length=10, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField(_("demandé le"), default=timezone.now)
    offered_at = models.DateTimeField(_("place proposée le"), null=True, blank=True)
    offered_until = models.DateTimeField(_("gardée jusqu’au"), null=True, blank=True)

    objects = WaitlistEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("demande sur liste d’attente")
        verbose_name_plural = _("demandes sur liste d’attente")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["slot", "email"],
                condition=Q(state__in=["waiting", "offered"]),
                name="one_open_wait_per_slot_and_person",
            ),
            models.CheckConstraint(
                condition=~Q(state="offered") | Q(offered_until__isnull=False), name="wait_offer_has_its_end"
            ),
        ]
        indexes = [
            models.Index(fields=["slot", "id"], condition=Q(state="waiting"), name="wait_next_of_slot"),
            models.Index(fields=["offered_until"], condition=Q(state="offered"), name="wait_offer_expiry"),
            models.Index(
                fields=["email"], condition=Q(state__in=["waiting", "offered"]), name="wait_of_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slot_id} {self.state}"

    @property
    def offer_holder(self) -> str:
        """The name under which its place is held. No basket's key looks like it."""
        return f"attente-{self.pk}"

    @property
    def is_offered(self) -> bool:
        """There is a place to take, now."""
        return (
            self.state == self.State.OFFERED
            and self.offered_until is not None
            and self.offered_until > timezone.now()
        )
