"""Who drives when with what, what is to be delivered, and in which order.

What is delivered is written by the shop: opaque references, crates, an address. Delivery never sees an order.
"""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from delivery.promise.rules import FIRST_ORDERS
from delivery.rounds.problem import Load, Point, Violation
from delivery.rounds.rules import Half, load_of
from delivery.zones.models import Depot, Zone

LATITUDE = [MinValueValidator(-90), MaxValueValidator(90)]
LONGITUDE = [MinValueValidator(-180), MaxValueValidator(180)]


class Place(models.Model):
    """Where a postcode, or the beginning of one, lies on the map; the longest beginning wins. There are no streets."""

    prefix = models.CharField(_("code postal ou début"), max_length=5, unique=True)
    latitude = models.FloatField(_("latitude"), validators=LATITUDE)
    longitude = models.FloatField(_("longitude"), validators=LONGITUDE)

    class Meta:
        verbose_name = _("lieu")
        verbose_name_plural = _("lieux")
        ordering = ["prefix"]

    def __str__(self) -> str:
        return self.prefix


class Carrier(models.Model):
    """Who employs couriers: the shop itself, or a firm that drives for it. Service is published carrier by carrier."""

    code = models.SlugField(_("code"), max_length=20, unique=True, help_text=_("Ne change plus ensuite."))
    name = models.CharField(_("nom"), max_length=80)
    is_own = models.BooleanField(_("notre équipe"), default=False)
    is_active = models.BooleanField(_("roule pour nous"), default=True)

    class Meta:
        verbose_name = _("transporteur")
        verbose_name_plural = _("transporteurs")
        ordering = ["-is_own", "name"]

    def __str__(self) -> str:
        return self.name


class Courier(models.Model):
    """A person who delivers. The login opens `/livreur/`."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="courier", verbose_name=_("compte"),
    )  # fmt: skip
    # What customers read: nothing else of a courier is shown to them.
    first_name = models.CharField(_("prénom"), max_length=40)
    carrier = models.ForeignKey(
        Carrier, on_delete=models.PROTECT, related_name="couriers", verbose_name=_("transporteur")
    )
    trained_on = models.DateField(
        _("formé le"), null=True, blank=True, help_text=_("Sans formation, aucune tournée ne lui est confiée."),
    )  # fmt: skip
    is_active = models.BooleanField(_("en activité"), default=True)

    class Meta:
        verbose_name = _("livreur")
        verbose_name_plural = _("livreurs")
        ordering = ["first_name", "pk"]

    def __str__(self) -> str:
        return self.first_name


class Van(models.Model):
    """What it holds: crates in all, how many of them frozen, kilograms."""

    depot = models.ForeignKey(Depot, on_delete=models.PROTECT, related_name="vans", verbose_name=_("dépôt"))
    name = models.CharField(_("nom"), max_length=40, help_text=_("Comme on l’appelle au dépôt."))
    plate = models.CharField(_("immatriculation"), max_length=12, unique=True)
    crates = models.PositiveSmallIntegerField(_("bacs"), validators=[MinValueValidator(1)], default=80)
    frozen_crates = models.PositiveSmallIntegerField(_("dont surgelés"), default=16)
    load_kg = models.PositiveSmallIntegerField(
        _("charge utile (kg)"), validators=[MinValueValidator(1)], default=900
    )
    is_active = models.BooleanField(
        _("en service"), default=True, help_text=_("Décochée, les prochains plans s’en passent."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("camionnette")
        verbose_name_plural = _("camionnettes")
        ordering = ["depot", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(frozen_crates__lte=F("crates")), name="van_frozen_crates_are_crates"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def holds(self) -> Load:
        return Load(self.crates, self.frozen_crates, self.load_kg * 1000)


class _Hours(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


_HOURS = _Hours("starts_at", "ends_at", RangeBoundary(inclusive_upper=False))


class Shift(models.Model):
    """A courier in a van, from one instant to another. A break splits it in two: each has a round of its own."""

    courier = models.ForeignKey(
        Courier, on_delete=models.PROTECT, related_name="shifts", verbose_name=_("livreur")
    )
    van = models.ForeignKey(
        Van, on_delete=models.PROTECT, related_name="shifts", verbose_name=_("camionnette")
    )
    starts_at = models.DateTimeField(_("début"))
    ends_at = models.DateTimeField(_("fin"))

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        ordering = ["starts_at", "van"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="shift_ends_after_start"),
            ExclusionConstraint(
                name="courier_in_one_place",
                expressions=[("courier", RangeOperators.EQUAL), (_HOURS, RangeOperators.OVERLAPS)],
                violation_error_message=_("Ce livreur est déjà en service à ces heures."),
            ),
            ExclusionConstraint(
                name="van_in_one_place",
                expressions=[("van", RangeOperators.EQUAL), (_HOURS, RangeOperators.OVERLAPS)],
                violation_error_message=_("Cette camionnette est déjà prise à ces heures."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%d/%m %H:%M} {self.van_id}"


class DropQuerySet(models.QuerySet["Drop"]):
    def to_deliver(self) -> "DropQuerySet":
        return self.filter(cancelled_at=None)

    def between(self, since: datetime, until: datetime) -> "DropQuerySet":
        """Promised within a half-day."""
        return self.filter(slot_starts_at__gte=since, slot_starts_at__lt=until)


class Drop(models.Model):
    """One order as its courier needs it. The shop writes it; personal data leave it sixty days after its slot."""

    order_reference = models.CharField(_("commande"), max_length=20, unique=True)
    depot = models.ForeignKey(Depot, on_delete=models.PROTECT, related_name="+", verbose_name=_("dépôt"))
    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="+", verbose_name=_("zone"))
    slot_starts_at = models.DateTimeField(_("créneau, début"))
    slot_ends_at = models.DateTimeField(_("créneau, fin"))
    # Which order of this customer it is: the first three get the most effort.
    rank = models.PositiveIntegerField(_("rang"), default=1)

    recipient = models.CharField(_("destinataire"), max_length=161, blank=True)
    phone = models.CharField(_("téléphone"), max_length=20, blank=True)
    line1 = models.CharField(_("numéro et rue"), max_length=120, blank=True)
    line2 = models.CharField(_("complément"), max_length=120, blank=True)
    floor = models.CharField(_("étage"), max_length=20, blank=True)
    door_code = models.CharField(_("code d’entrée"), max_length=40, blank=True)
    instructions = models.CharField(_("indications"), max_length=300, blank=True)
    postcode = models.CharField(_("code postal"), max_length=5)
    city = models.CharField(_("ville"), max_length=80, blank=True)
    # Of the postcode until staff or a courier know better.
    latitude = models.FloatField(_("latitude"), null=True, blank=True, validators=LATITUDE)
    longitude = models.FloatField(_("longitude"), null=True, blank=True, validators=LONGITUDE)

    # Temperature → number. Guessed by weight until the picker has labelled them.
    crates = models.JSONField(_("bacs"), default=dict)
    are_crates_counted = models.BooleanField(default=False)
    grams = models.PositiveIntegerField(_("poids (g)"), default=0)
    # [{"ref", "name", "quantity"}]: what the customer may refuse at the door, opaque references of the shop.
    articles = models.JSONField(_("articles"), default=list)
    requires_age_check = models.BooleanField(_("contrôle d’âge"), default=False)
    ready_at = models.DateTimeField(_("prête le"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("annulée le"), null=True, blank=True)
    forgotten_at = models.DateTimeField(_("effacée le"), null=True, blank=True)

    objects = DropQuerySet.as_manager()

    class Meta:
        verbose_name = _("livraison à faire")
        verbose_name_plural = _("livraisons à faire")
        ordering = ["slot_starts_at", "pk"]
        permissions = [("deliver", "Peut livrer"), ("dispatch", "Peut faire et verrouiller les tournées")]
        constraints = [
            models.CheckConstraint(
                condition=Q(slot_ends_at__gt=F("slot_starts_at")), name="drop_slot_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(latitude=None, longitude=None)
                | Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="drop_is_on_earth",
            ),
        ]
        indexes = [models.Index(fields=["depot", "slot_starts_at"], name="drop_of_half_day")]

    def __str__(self) -> str:
        return self.order_reference

    @property
    def point(self) -> Point | None:
        if self.latitude is None or self.longitude is None:
            return None
        return Point(self.latitude, self.longitude)

    @property
    def is_newcomer(self) -> bool:
        """The first orders of a customer get the most effort."""
        return self.rank <= FIRST_ORDERS

    @property
    def load(self) -> Load:
        return load_of(self.crates, self.grams)

    @property
    def address_lines(self) -> list[str]:
        return [line for line in (self.line1, self.line2, f"{self.postcode} {self.city}".strip()) if line]


class Planning(models.Model):
    """A half-day of a depot. Its row is the lock of whoever plans, locks a round or sends one out."""

    depot = models.ForeignKey(Depot, on_delete=models.PROTECT, related_name="+", verbose_name=_("dépôt"))
    day = models.DateField(_("jour"))
    half = models.CharField(
        _("demi-journée"),
        max_length=9,
        choices=[(Half.MORNING, _("matin")), (Half.AFTERNOON, _("après-midi"))],
    )
    # Raised by everything that a plan would be made of: one that was computed from an older number is thrown away.
    changes = models.PositiveIntegerField(default=1)
    planned_changes = models.PositiveIntegerField(default=0)
    planned_at = models.DateTimeField(_("planifiée le"), null=True, blank=True)

    class Meta:
        verbose_name = _("demi-journée")
        verbose_name_plural = _("tournées par demi-journée")
        ordering = ["-day", "-half", "depot"]
        constraints = [
            models.UniqueConstraint(fields=["depot", "day", "half"], name="one_planning_per_half_day")
        ]

    def __str__(self) -> str:
        return f"{self.depot_id} {self.day} {self.half}"

    @property
    def is_stale(self) -> bool:
        return self.changes > self.planned_changes


VIOLATIONS = [
    (Violation.LATE, _("hors créneau")),
    (Violation.OVERTIME, _("retour après la fin du service")),
    (Violation.CRATES, _("plus de place")),
    (Violation.FROZEN, _("plus de place au froid")),
    (Violation.WEIGHT, _("trop lourd")),
    (Violation.OUT_OF_REACH, _("personne n’y serait à temps")),
    (Violation.NO_VAN, _("aucune camionnette en service")),
]


class Round(models.Model):
    """A shift's stops in their order. Locked, a new plan leaves it as it is."""

    class State(models.TextChoices):
        PLANNED = "planned", _("prévue")
        LOCKED = "locked", _("verrouillée")
        OUT = "out", _("en route")
        DONE = "done", _("terminée")
        STOPPED = "stopped", _("interrompue")

    MOVES: ClassVar[dict[str, set[str]]] = {
        State.PLANNED: {State.LOCKED, State.OUT},
        State.LOCKED: {State.PLANNED, State.OUT},
        State.OUT: {State.DONE, State.STOPPED},
        State.DONE: set(),
        State.STOPPED: set(),
    }
    # No plan touches them any more.
    FIXED: ClassVar[tuple[str, ...]] = (State.LOCKED, State.OUT, State.DONE, State.STOPPED)

    planning = models.ForeignKey(
        Planning, on_delete=models.PROTECT, related_name="rounds", verbose_name=_("demi-journée")
    )
    shift = models.OneToOneField(
        Shift, on_delete=models.PROTECT, related_name="round", verbose_name=_("service")
    )
    state = models.CharField(_("état"), max_length=8, choices=State, default=State.PLANNED)
    starts_at = models.DateTimeField(_("départ prévu"))
    returns_at = models.DateTimeField(_("retour prévu"))
    metres = models.PositiveIntegerField(_("distance (m)"), default=0)
    violation = models.CharField(_("écart"), max_length=12, choices=VIOLATIONS, blank=True, default="")
    left_at = models.DateTimeField(_("parti le"), null=True, blank=True)
    ended_at = models.DateTimeField(_("fini le"), null=True, blank=True)

    class Meta:
        verbose_name = _("tournée")
        verbose_name_plural = _("tournées")
        ordering = ["starts_at", "pk"]

    def __str__(self) -> str:
        return f"tournée {self.pk}"


class Stop(models.Model):
    """A drop in its round. ``number`` counts from 1; a drop is in one round at most."""

    round = models.ForeignKey(
        Round, on_delete=models.CASCADE, related_name="stops", verbose_name=_("tournée")
    )
    drop = models.OneToOneField(
        Drop, on_delete=models.PROTECT, related_name="stop", verbose_name=_("livraison")
    )
    number = models.PositiveSmallIntegerField(_("arrêt"))
    arrives_at = models.DateTimeField(_("arrivée prévue"))
    leaves_at = models.DateTimeField(_("départ prévu"))
    # Seconds on the road from the stop before, and at the door: what arrivals are estimated from again.
    drive_seconds = models.PositiveIntegerField(default=0)
    service_seconds = models.PositiveIntegerField(default=0)
    violation = models.CharField(_("écart"), max_length=12, choices=VIOLATIONS, blank=True, default="")

    class Meta:
        verbose_name = _("arrêt")
        verbose_name_plural = _("arrêts")
        ordering = ["round", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "number"], name="one_stop_per_number", deferrable=models.Deferrable.DEFERRED
            ),
            models.CheckConstraint(
                condition=Q(leaves_at__gte=F("arrives_at")), name="stop_leaves_after_arrival"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round_id} n° {self.number}"


class LeftOut(models.Model):
    """A drop that the latest plan found no round for, and why. Staff decide."""

    planning = models.ForeignKey(Planning, on_delete=models.CASCADE, related_name="left_out")
    drop = models.OneToOneField(
        Drop, on_delete=models.CASCADE, related_name="left_out", verbose_name=_("livraison")
    )
    why = models.CharField(_("pourquoi"), max_length=12, choices=VIOLATIONS)

    class Meta:
        verbose_name = _("livraison sans tournée")
        verbose_name_plural = _("livraisons sans tournée")

    def __str__(self) -> str:
        return f"{self.drop_id} {self.why}"
