"""Where the shop delivers, from which depot, at what price."""

from datetime import time
from decimal import Decimal
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from delivery.zones.rules import is_valid_postcode

TWO_WEEKS_IN_MINUTES = 14 * 24 * 60


class Depot(models.Model):
    """A warehouse. Stock, shelf positions and costs belong to (product, depot)."""

    code = models.SlugField(
        _("code"), max_length=20, unique=True, help_text=_("Pour les imports ; ne change plus ensuite.")
    )
    name = models.CharField(_("nom"), max_length=80)
    is_default = models.BooleanField(
        _("par défaut"), default=False, help_text=_("Celui des visiteurs dont on ignore encore l’adresse.")
    )

    # Where rounds begin and end; without a place none is planned.
    latitude = models.FloatField(
        _("latitude"), null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)],
        help_text=_("En degrés, par exemple 48,9333."),
    )  # fmt: skip
    longitude = models.FloatField(
        _("longitude"), null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )

    class Meta:
        verbose_name = _("dépôt")
        verbose_name_plural = _("dépôts")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(latitude=None, longitude=None)
                | models.Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="depot_is_on_earth",
            ),
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="one_default_depot"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Zone(models.Model):
    """Where orders go from one depot, with one set of hours, cut-offs and fees. The same for every customer.

    A delivered area, or a point where customers fetch their order: slots, holds and orders tell them apart by kind
    alone (docs/adr/0021-a-pickup-point-is-a-zone.md).
    """

    class Kind(models.TextChoices):
        DELIVERY = "delivery", _("livraison")
        COLLECT = "collect", _("retrait")

    # Never changes: orders are read by it.
    kind = models.CharField(
        _("mode"),
        max_length=10,
        choices=Kind,
        default=Kind.DELIVERY,
        db_default=Kind.DELIVERY,
        editable=False,
    )
    slug = models.SlugField(_("code"), max_length=40, unique=True, help_text=_("Ne change plus ensuite."))
    name = models.CharField(_("nom"), max_length=80)
    depot = models.ForeignKey(Depot, on_delete=models.PROTECT, related_name="zones", verbose_name=_("dépôt"))
    is_active = models.BooleanField(
        _("livrée"), default=True, help_text=_("Décochée, la zone ne propose plus de créneaux.")
    )
    opens_at = models.TimeField(
        _("première livraison"), default=time(8), help_text=_("Une heure ronde, par exemple 8:00.")
    )
    closes_at = models.TimeField(
        _("fin des livraisons"), default=time(22), help_text=_("La fin du dernier créneau.")
    )
    open_weekdays = models.CharField(
        _("jours livrés"), max_length=7, default="123456",
        validators=[RegexValidator(r"^[1-7]+\Z")], help_text=_("1 = lundi … 7 = dimanche ; 123456 livre tous les jours sauf le dimanche."),
    )  # fmt: skip
    cutoff_minutes = models.PositiveIntegerField(
        _("clôture avant le créneau (minutes)"), default=240,
        validators=[MaxValueValidator(TWO_WEEKS_IN_MINUTES)],
        help_text=_("240 : on commande jusqu’à quatre heures avant."),
    )  # fmt: skip
    slot_capacity = models.PositiveIntegerField(
        _("places par créneau"), default=20,
        help_text=_("Pour les créneaux à créer ; ceux qui existent ne changent pas."),
    )  # fmt: skip
    slot_price = models.DecimalField(
        _("prix du créneau (€)"), max_digits=6, decimal_places=2, default=Decimal("5.90"),
        validators=[MinValueValidator(Decimal(0))],
    )  # fmt: skip
    peak_price = models.DecimalField(
        _("prix aux heures chargées (€)"), max_digits=6, decimal_places=2, default=Decimal("7.90"),
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("De 18 h à 20 h en semaine, et le samedi matin."),
    )  # fmt: skip
    minimum_order = models.DecimalField(
        _("minimum de commande (€)"), max_digits=7, decimal_places=2, default=Decimal("40.00"),
        validators=[MinValueValidator(Decimal(0))],
    )  # fmt: skip
    free_delivery_from = models.DecimalField(
        _("livraison offerte dès (€)"), max_digits=7, decimal_places=2, default=Decimal("120.00"),
        validators=[MinValueValidator(Decimal(0))],
    )  # fmt: skip
    # Of a pickup point alone.
    line1 = models.CharField(_("numéro et rue"), max_length=120, blank=True, default="", db_default="")
    line2 = models.CharField(
        _("complément"),
        max_length=120,
        blank=True,
        default="",
        db_default="",
        help_text=_("L’enseigne ou le bâtiment, s’il aide à trouver."),
    )
    postcode = models.CharField(
        _("code postal"), max_length=5, blank=True, default="", db_default="",
        help_text=_("Il classe les points du plus près au plus loin de chez le client."),
    )  # fmt: skip
    city = models.CharField(_("ville"), max_length=80, blank=True, default="", db_default="")
    directions = models.TextField(
        _("accès et horaires"), max_length=400, blank=True, default="", db_default="",
        help_text=_("Ce que le client doit savoir pour trouver : entrée, sonnette, parking, heures d’ouverture."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("zone")
        verbose_name_plural = _("zones")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(opens_at__lt=models.F("closes_at")), name="zone_opens_before_it_closes"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="delivery")
                | ~models.Q(models.Q(line1="") | models.Q(postcode="") | models.Q(city="")),
                name="pickup_point_has_an_address",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_collect(self) -> bool:
        return self.kind == self.Kind.COLLECT

    @property
    def place_lines(self) -> list[str]:
        """The address of a pickup point, under its name."""
        return [line for line in (self.line1, self.line2, f"{self.postcode} {self.city}") if line]

    def clean(self) -> None:
        errors: dict[str, Any] = self._wrong_address() if self.is_collect else {}
        for field in ("opens_at", "closes_at"):
            if (at := getattr(self, field)) and (at.minute or at.second):
                errors[field] = _("Indiquez une heure ronde : les créneaux durent une heure.")
        if self.opens_at and self.closes_at and self.opens_at >= self.closes_at:
            errors["closes_at"] = _("Les livraisons doivent finir après avoir commencé.")
        if len(set(self.open_weekdays)) < len(self.open_weekdays):
            errors["open_weekdays"] = _("Chaque jour ne s’écrit qu’une fois.")
        if _is_below(self.free_delivery_from, self.minimum_order):
            errors["free_delivery_from"] = _(
                "La livraison offerte ne peut commencer sous le minimum de commande."
            )
        if errors:
            raise ValidationError(errors)

    def _wrong_address(self) -> dict[str, Any]:
        missing = {
            "line1": _("Un point de retrait a une adresse : indiquez le numéro et la rue."),
            "city": _("Indiquez la ville du point de retrait."),
        }
        errors: dict[str, Any] = {
            field: words for field, words in missing.items() if not getattr(self, field).strip()
        }
        if not is_valid_postcode(self.postcode):
            errors["postcode"] = _("Indiquez un code postal qui existe, par exemple 75011.")
        return errors


class PickupPointManager(models.Manager["PickupPoint"]):
    def get_queryset(self) -> models.QuerySet["PickupPoint"]:
        return super().get_queryset().filter(kind=Zone.Kind.COLLECT)


class PickupPoint(Zone):
    """A zone of the other kind under a name of its own, so that staff see only the fields that concern it."""

    objects: ClassVar[PickupPointManager] = PickupPointManager()

    class Meta:
        proxy = True
        verbose_name = _("point de retrait")
        verbose_name_plural = _("points de retrait")

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.kind = Zone.Kind.COLLECT
        super().save(*args, **kwargs)

    def clean(self) -> None:
        self.kind = Zone.Kind.COLLECT
        super().clean()


def _is_below(one: Decimal | None, other: Decimal | None) -> bool:
    return one is not None and other is not None and one < other


class ZoneArea(models.Model):
    """A postcode or the beginning of one; the longest beginning wins (69 below 69001)."""

    zone = models.ForeignKey(Zone, on_delete=models.CASCADE, related_name="areas", verbose_name=_("zone"))
    prefix = models.CharField(
        _("code postal ou début"), max_length=5, unique=True,
        validators=[RegexValidator(r"^[0-9]{2,5}\Z", _("Indiquez de deux à cinq chiffres."))],
        help_text=_("75 couvre tous les codes qui commencent ainsi ; 75011, un seul."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("secteur")
        verbose_name_plural = _("secteurs")

    def __str__(self) -> str:
        return self.prefix


class CoverageRequestQuerySet(models.QuerySet["CoverageRequest"]):
    def waiting(self) -> "CoverageRequestQuerySet":
        return self.filter(told_at=None)


class CoverageRequest(models.Model):
    """Somebody outside the zones who wants to hear when theirs opens. Used for nothing else."""

    email = models.EmailField(_("adresse e-mail"))
    postcode = models.CharField(_("code postal"), max_length=5)
    created_at = models.DateTimeField(_("demandé le"), auto_now_add=True)
    told_at = models.DateTimeField(_("prévenu le"), null=True, blank=True)

    objects = CoverageRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("demande hors zone")
        verbose_name_plural = _("demandes hors zone")
        constraints = [models.UniqueConstraint(fields=["email", "postcode"], name="coverage_request_once")]

    def __str__(self) -> str:
        return f"{self.postcode} ({self.pk})"
