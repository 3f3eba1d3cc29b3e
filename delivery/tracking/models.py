"""What happens on the road: visits with their estimates, what couriers' phones said, where they were, and what they asked.

A visit is a copy of the plan as it left the depot: plans made later do not change what was promised of the way.
"""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from config.media import private_storage
from delivery.rounds.models import Courier, Drop, Round
from delivery.zones.models import Zone


class Run(models.Model):
    """A round as it is driven. Its row is the lock of all that its phone says."""

    round = models.OneToOneField(
        Round, on_delete=models.PROTECT, related_name="run", verbose_name=_("tournée")
    )
    courier = models.ForeignKey(
        Courier, on_delete=models.PROTECT, related_name="runs", verbose_name=_("livreur")
    )
    opened_at = models.DateTimeField(_("chargement commencé le"))
    left_at = models.DateTimeField(_("parti le"), null=True, blank=True)
    ended_at = models.DateTimeField(_("fini le"), null=True, blank=True)
    # The latest place the phone told, for staff; like the rows behind it, it goes after two months.
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    placed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("tournée en cours")
        verbose_name_plural = _("tournées en cours")
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["courier"], condition=Q(ended_at=None), name="one_open_run_per_courier"
            )
        ]

    def __str__(self) -> str:
        return f"tournée {self.round_id}"


class VisitQuerySet(models.QuerySet["Visit"]):
    def to_come(self) -> "VisitQuerySet":
        return self.filter(state__in=Visit.OPEN)


class Visit(models.Model):
    """A courier at a door, planned, on the way, and done."""

    class State(models.TextChoices):
        TO_COME = "to_come", _("à venir")
        ARRIVED = "arrived", _("livreur à la porte")
        DELIVERED = "delivered", _("remise")
        ABSENT = "absent", _("personne n’était là")
        REFUSED = "refused", _("tout refusé")
        CANCELLED = "cancelled", _("annulée")
        HANDED_ON = "handed_on", _("confiée à une autre tournée")

    OPEN: ClassVar[tuple[str, ...]] = (State.TO_COME, State.ARRIVED)
    MOVES: ClassVar[dict[str, set[str]]] = {
        State.TO_COME: {
            State.ARRIVED, State.DELIVERED, State.ABSENT, State.REFUSED, State.CANCELLED, State.HANDED_ON,
        },
        State.ARRIVED: {State.DELIVERED, State.ABSENT, State.REFUSED, State.HANDED_ON},
        State.DELIVERED: set(),
        State.ABSENT: set(),
        State.REFUSED: set(),
        State.CANCELLED: set(),
        State.HANDED_ON: set(),
    }  # fmt: skip

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="visits", verbose_name=_("tournée"))
    drop = models.ForeignKey(
        Drop, on_delete=models.PROTECT, related_name="visits", verbose_name=_("livraison")
    )
    number = models.PositiveSmallIntegerField(_("arrêt"))
    state = models.CharField(_("état"), max_length=9, choices=State, default=State.TO_COME)
    # As promised when the round was loaded; a drop whose slot moves later leaves the round (`withdrawn_as`).
    slot_starts_at = models.DateTimeField()
    slot_ends_at = models.DateTimeField()
    planned_at = models.DateTimeField(_("prévu à"))
    drive_seconds = models.PositiveIntegerField()
    service_seconds = models.PositiveIntegerField()
    # The estimate: most likely, and between which instants eight times of ten.
    expected_at = models.DateTimeField(_("attendu à"))
    earliest_at = models.DateTimeField()
    latest_at = models.DateTimeField()
    late_chance = models.FloatField(_("risque de retard"), default=0)

    loaded_at = models.DateTimeField(_("chargée le"), null=True, blank=True)
    crates_missing = models.PositiveSmallIntegerField(_("bacs manquants au chargement"), default=0)
    arrived_at = models.DateTimeField(_("arrivé le"), null=True, blank=True)
    done_at = models.DateTimeField(_("fini le"), null=True, blank=True)
    # Personal; emptied with the drop.
    received_by = models.CharField(_("reçue par"), max_length=80, blank=True)
    photo = models.ImageField(_("photo"), upload_to="remises", storage=private_storage, blank=True)
    was_age_checked = models.BooleanField(_("âge vérifié"), default=False)
    absent_because = models.CharField(_("constat"), max_length=12, blank=True)
    # Opaque references of the shop: what was refused at the door.
    refused = models.JSONField(_("refusés"), default=list)
    deposits_back = models.PositiveSmallIntegerField(_("consignes reprises"), default=0)

    objects = VisitQuerySet.as_manager()

    class Meta:
        verbose_name = _("visite")
        verbose_name_plural = _("visites")
        ordering = ["run", "number"]
        constraints = [
            models.UniqueConstraint(fields=["run", "drop"], name="one_visit_per_run_and_drop"),
            models.UniqueConstraint(fields=["run", "number"], name="one_visit_per_number"),
            # A drop waits in one van at a time.
            models.UniqueConstraint(
                fields=["drop"], condition=Q(state__in=["to_come", "arrived"]), name="one_open_visit_per_drop"
            ),
            models.UniqueConstraint(fields=["drop"], condition=Q(state="delivered"), name="delivered_once"),
            models.CheckConstraint(
                condition=Q(arrived_at=None) | Q(done_at=None) | Q(done_at__gte=F("arrived_at")),
                name="visit_ends_after_arrival",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} n° {self.number}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def withdrawn_as(self) -> State | None:
        """What a door to come has become meanwhile: its order was called off, or moved to another slot."""
        if self.state != self.State.TO_COME:
            return None
        if self.drop.cancelled_at:
            return self.State.CANCELLED
        return self.State.HANDED_ON if self.drop.slot_starts_at != self.slot_starts_at else None


class LateNotice(models.Model):
    """The customer of a drop was told that it would be late: once for each slot it had, whichever van has it then."""

    drop = models.ForeignKey(
        Drop, on_delete=models.PROTECT, related_name="late_notices", verbose_name=_("livraison")
    )
    # Whoever moved it to another slot was promised that one.
    slot_starts_at = models.DateTimeField(_("créneau"))
    told_at = models.DateTimeField(_("annoncé le"))
    # Nobody knows yet, where no van has it.
    expected_at = models.DateTimeField(_("attendu à"), null=True, blank=True)

    class Meta:
        verbose_name = _("retard annoncé")
        verbose_name_plural = _("retards annoncés")
        ordering = ["-told_at"]
        constraints = [
            models.UniqueConstraint(fields=["drop", "slot_starts_at"], name="told_late_once_for_a_slot")
        ]

    def __str__(self) -> str:
        return str(self.drop_id)


class CourierEvent(models.Model):
    """What a phone said, once, whatever became of it. Only ever added."""

    class Kind(models.TextChoices):
        LOADED = "loaded", _("chargée")
        LEFT = "left", _("départ du dépôt")
        ARRIVED = "arrived", _("arrivée")
        DELIVERED = "delivered", _("remise")
        ABSENT = "absent", _("absence")
        REFUSED = "refused", _("tout refusé")
        BROKEN = "broken", _("panne")
        BACK = "back", _("retour au dépôt")
        POSITION = "position", _("position")

    # Made by the phone: replayed, it is the same event.
    key = models.UUIDField(unique=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="events")
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, null=True, related_name="events")
    kind = models.CharField(_("événement"), max_length=9, choices=Kind)
    # By the phone's clock, put right by how far it was off when it sent.
    at = models.DateTimeField(_("le"))
    received_at = models.DateTimeField(_("reçu le"))
    # Figures and codes only.
    data = models.JSONField(default=dict)
    # Why it changed nothing; empty where it did.
    refused_because = models.CharField(_("refusé"), max_length=20, blank=True, default="")

    class Meta:
        verbose_name = _("événement de tournée")
        verbose_name_plural = _("événements de tournée")
        ordering = ["id"]
        triggers = [
            pgtrigger.Protect(name="courier_event_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.kind}"


class Position(models.Model):
    """Where a courier was. Deleted within two months: what is published is computed from arrivals alone."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="positions")
    at = models.DateTimeField()
    latitude = models.FloatField(validators=[MinValueValidator(-90), MaxValueValidator(90)])
    longitude = models.FloatField(validators=[MinValueValidator(-180), MaxValueValidator(180)])

    class Meta:
        verbose_name = _("position")
        verbose_name_plural = _("positions")
        constraints = [
            models.CheckConstraint(
                condition=Q(latitude__range=(-90, 90), longitude__range=(-180, 180)), name="position_on_earth"
            )
        ]
        indexes = [models.Index(fields=["at"], name="position_age")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.at:%H:%M}"


class Card(models.Model):
    """A usual question at the door, and the practical answer couriers are trained to give."""

    question = models.CharField(_("question"), max_length=160)
    answer = models.TextField(_("réponse"), max_length=800)
    position = models.PositiveIntegerField(_("ordre"), default=100)
    is_published = models.BooleanField(_("montrée"), default=True)

    class Meta:
        verbose_name = _("fiche du livreur")
        verbose_name_plural = _("fiches du livreur")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["question"], name="one_card_per_question")]

    def __str__(self) -> str:
        return self.question


class Question(models.Model):
    """What a courier could not answer: with an answer it becomes a card."""

    courier = models.ForeignKey(
        Courier, on_delete=models.PROTECT, related_name="questions", verbose_name=_("livreur")
    )
    key = models.UUIDField(unique=True, editable=False)
    at = models.DateTimeField(_("le"))
    words = models.CharField(_("en quelques mots"), max_length=300, blank=True)
    card = models.ForeignKey(
        Card, on_delete=models.SET_NULL, null=True, blank=True, related_name="questions", verbose_name=_("fiche"),
    )  # fmt: skip
    closed_at = models.DateTimeField(_("traitée le"), null=True, blank=True)

    class Meta:
        verbose_name = _("question sans réponse")
        verbose_name_plural = _("questions sans réponse")
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"question {self.pk}"


class Incident(models.Model):
    """Something that delays a zone for a while, announced by staff to everybody concerned in one action."""

    class Kind(models.TextChoices):
        STRIKE = "strike", _("grève")
        SNOW = "snow", _("neige ou verglas")
        TRAFFIC = "traffic", _("circulation bloquée")
        BREAKDOWN = "breakdown", _("camionnette en panne")
        DEPOT = "depot", _("incident au dépôt")

    kind = models.CharField(_("cause"), max_length=10, choices=Kind)
    zones = models.ManyToManyField(Zone, related_name="+", verbose_name=_("zones"))
    starts_at = models.DateTimeField(_("créneaux du"))
    ends_at = models.DateTimeField(_("au"))
    delay_minutes = models.PositiveSmallIntegerField(
        _("retard prévu (minutes)"), validators=[MinValueValidator(5), MaxValueValidator(24 * 60)]
    )
    announced_at = models.DateTimeField(_("annoncé le"), auto_now_add=True)
    announced_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("par"),
    )  # fmt: skip
    concerned = models.PositiveIntegerField(_("commandes concernées"), default=0)

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ["-announced_at"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="incident_ends_after_start")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.starts_at:%d/%m}"
