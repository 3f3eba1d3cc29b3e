"""Prices as they were, as planned, and the promotions on them. None of this knows a customer.

`Product.price` is the price. The database itself writes each of its changes down: no import, form or console
can forget to.
"""

from decimal import Decimal
from typing import ClassVar

import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from delivery.zones.models import Zone
from shop.catalogue.models import Aisle, Brand, Product

WRITE_DOWN = """
INSERT INTO pricing_pricechange (product_id, price, since) VALUES (NEW.id, NEW.price, now());
RETURN NULL;
"""


class PricedProduct(Product):
    """The products once more, to hang the triggers on: the catalogue stands below and knows no history."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("produit")
        verbose_name_plural = _("produits")
        triggers = [
            pgtrigger.Trigger(
                name="first_price_written_down",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__price__isnull=False),
                func=WRITE_DOWN,
            ),
            pgtrigger.Trigger(
                name="price_change_written_down",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("price"),  # type: ignore[no-untyped-call]
                condition=pgtrigger.Q(old__price__df=pgtrigger.F("new__price")),
                func=WRITE_DOWN,
            ),
        ]


class PriceChange(models.Model):
    """From ``since`` on a product cost ``price`` (euros including VAT, per piece or kilogram); none: not priced.

    Outlives its product: the shop must be able to prove the prices it practised (C. conso L112-1-1).
    """

    product = models.ForeignKey(
        Product, on_delete=models.DO_NOTHING, db_constraint=False, related_name="price_changes",
        verbose_name=_("produit"),
    )  # fmt: skip
    price = models.DecimalField(_("prix TTC"), max_digits=8, decimal_places=2, null=True)
    since = models.DateTimeField(_("depuis le"), default=timezone.now)

    class Meta:
        verbose_name = _("changement de prix")
        verbose_name_plural = _("historique des prix")
        ordering = ["-since", "-id"]
        indexes = [models.Index(fields=["product", "since"], name="price_change_of_product")]
        triggers = [
            pgtrigger.Protect(name="price_change_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.price}"


class PlannedPrice(models.Model):
    """A price that a product takes at an instant, unless cancelled before."""

    class State(models.TextChoices):
        PLANNED = "planned", _("prévu")
        APPLIED = "applied", _("appliqué")
        CANCELLED = "cancelled", _("annulé")

    MOVES: ClassVar[dict[str, set[str]]] = {
        State.PLANNED: {State.APPLIED, State.CANCELLED},
        State.APPLIED: set(),
        State.CANCELLED: set(),
    }

    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="planned_prices", verbose_name=_("produit")
    )
    price = models.DecimalField(_("prix TTC (€)"), max_digits=8, decimal_places=2)
    starts_at = models.DateTimeField(_("à partir du"))
    state = models.CharField(_("état"), max_length=10, choices=State, default=State.PLANNED)
    created_at = models.DateTimeField(_("prévu le"), auto_now_add=True)
    applied_at = models.DateTimeField(_("appliqué le"), null=True, blank=True)

    class Meta:
        verbose_name = _("prix programmé")
        verbose_name_plural = _("prix programmés")
        ordering = ["starts_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "starts_at"], condition=Q(state="planned"), name="one_plan_per_instant"
            ),
            models.CheckConstraint(condition=Q(price__gt=0), name="planned_price_positive"),
        ]
        indexes = [models.Index(fields=["starts_at"], condition=Q(state="planned"), name="planned_price_due")]

    def __str__(self) -> str:
        return f"{self.product}, {timezone.localtime(self.starts_at):%d/%m/%Y %H:%M}"


class PromotionQuerySet(models.QuerySet["Promotion"]):
    def running(self) -> "PromotionQuerySet":
        """By the clock, not stopped, with money left."""
        now = timezone.now()
        unspent = Q(budget=None) | Q(spent__lt=F("budget"))
        return self.filter(unspent, starts_at__lte=now, ends_at__gt=now, stopped_at=None)


class Promotion(models.Model):
    """A reduction, or more points, for everybody, as data. Once an order has used it, its terms are frozen."""

    class Kind(models.TextChoices):
        PERCENT = "percent", _("pourcentage de réduction")
        AMOUNT = "amount", _("montant déduit de chaque article")
        N_FOR_M = "n_for_m", _("lot pour le prix d’un plus petit (3 pour 2)")
        SECOND = "second", _("réduction sur le deuxième")
        LOT = "lot", _("prix de lot (2 pour 5 €)")
        FREE_DELIVERY = "free_delivery", _("livraison offerte")
        POINTS = "points", _("points multipliés")

    name = models.CharField(
        _("nom"), max_length=80, help_text=_("Lu par les clients, par exemple « Fête du pain ».")
    )
    kind = models.CharField(_("nature"), max_length=15, choices=Kind, default=Kind.PERCENT)
    percent = models.DecimalField(
        _("réduction (%)"), max_digits=4, decimal_places=1, null=True, blank=True,
        validators=[MinValueValidator(Decimal("0.1")), MaxValueValidator(Decimal(100))],
        help_text=_("Pour un pourcentage, ou sur le deuxième article."),
    )  # fmt: skip
    amount = models.DecimalField(
        _("montant (€)"), max_digits=7, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(Decimal("0.01"))],
        help_text=_("Déduit de chaque article (ou kilo), ou prix du lot."),
    )  # fmt: skip
    take = models.PositiveSmallIntegerField(
        _("articles du lot"), null=True, blank=True,
        validators=[MinValueValidator(2), MaxValueValidator(24)],
        help_text=_("Le 3 de « 3 pour 2 », le 2 de « 2 pour 5 € »."),
    )  # fmt: skip
    pay = models.PositiveSmallIntegerField(
        _("articles payés"), null=True, blank=True, validators=[MinValueValidator(1)],
        help_text=_("Le 2 de « 3 pour 2 »."),
    )  # fmt: skip
    free_from = models.DecimalField(
        _("articles, dès (€)"), max_digits=7, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("Pour la livraison offerte, après réductions."),
    )  # fmt: skip
    points_factor = models.PositiveSmallIntegerField(
        _("points multipliés par"), null=True, blank=True,
        validators=[MinValueValidator(2), MaxValueValidator(10)],
        help_text=_("De 2 à 10. N’ôte rien du prix, et s’ajoute à la promotion qu’un article a par ailleurs."),
    )  # fmt: skip

    products = models.ManyToManyField(Product, blank=True, related_name="+", verbose_name=_("produits"))
    aisles = models.ManyToManyField(Aisle, blank=True, related_name="+", verbose_name=_("rayons"))
    brands = models.ManyToManyField(Brand, blank=True, related_name="+", verbose_name=_("marques"))
    zones = models.ManyToManyField(
        Zone, blank=True, related_name="+", verbose_name=_("zones"), help_text=_("Aucune : toutes.")
    )
    slot_weekdays = models.CharField(
        _("jours de livraison"), max_length=7, blank=True,
        validators=[RegexValidator(r"^[1-7]+\Z", _("Des chiffres de 1 à 7."))],
        help_text=_("1 = lundi … 7 = dimanche ; vide : tous. 23 : les livraisons du mardi et du mercredi."),
    )  # fmt: skip
    slot_from_hour = models.PositiveSmallIntegerField(
        _("créneaux dès (heure)"), null=True, blank=True, validators=[MaxValueValidator(23)]
    )
    slot_until_hour = models.PositiveSmallIntegerField(
        _("créneaux jusqu’à (heure)"), null=True, blank=True, validators=[MaxValueValidator(24)]
    )
    off_peak_only = models.BooleanField(
        _("heures creuses seulement"), default=False,
        help_text=_("Hors 18 h–20 h en semaine et hors samedi matin."),
    )  # fmt: skip

    starts_at = models.DateTimeField(_("début"))
    ends_at = models.DateTimeField(_("fin"))
    budget = models.DecimalField(
        _("budget (€)"), max_digits=9, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(Decimal("0.01"))],
        help_text=_("Vide : sans limite. La promotion s’arrête quand il est dépensé."),
    )  # fmt: skip
    spent = models.DecimalField(
        _("dépensé (€)"), max_digits=9, decimal_places=2, default=Decimal(0), editable=False
    )
    most_per_order = models.PositiveSmallIntegerField(
        _("au plus par commande"), null=True, blank=True, validators=[MinValueValidator(1)],
        help_text=_("Articles réduits, ou lots ; un article au poids compte pour un. Vide : sans limite."),
    )  # fmt: skip
    stopped_at = models.DateTimeField(_("arrêtée le"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("créée le"), auto_now_add=True)

    objects: ClassVar[models.Manager["Promotion"]] = PromotionQuerySet.as_manager()

    class Meta:
        verbose_name = _("promotion")
        verbose_name_plural = _("promotions")
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="promotion_ends_after_start",
                violation_error_message=_("La fin vient après le début."),
            ),
            models.CheckConstraint(condition=Q(spent__gte=0), name="promotion_spent_not_negative"),
            models.CheckConstraint(
                condition=Q(budget=None) | Q(spent__lte=F("budget")), name="promotion_within_its_budget"
            ),
        ]
        indexes = [models.Index(fields=["ends_at"], name="promotion_end")]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        """ "stopped", "spent", "ended", "planned" or "running", by the clock."""
        now = timezone.now()
        if self.stopped_at:
            return "stopped"
        if self.ends_at <= now:
            return "ended"
        if self.budget is not None and self.spent >= self.budget:
            return "spent"
        return "planned" if self.starts_at > now else "running"


class PromotionUse(models.Model):
    """What one order got from one promotion, in euros; given back with the order, exactly once."""

    promotion = models.ForeignKey(
        Promotion, on_delete=models.PROTECT, related_name="uses", verbose_name=_("promotion")
    )
    order_reference = models.CharField(_("commande"), max_length=20, db_index=True)
    amount = models.DecimalField(_("réduction (€)"), max_digits=9, decimal_places=2)
    created_at = models.DateTimeField(_("le"), auto_now_add=True)
    returned_at = models.DateTimeField(_("rendue le"), null=True, blank=True)

    class Meta:
        verbose_name = _("utilisation d’une promotion")
        verbose_name_plural = _("utilisations de promotions")
        constraints = [
            models.UniqueConstraint(
                fields=["promotion", "order_reference"], name="one_use_per_promotion_and_order"
            )
        ]

    def __str__(self) -> str:
        return f"{self.order_reference} {self.amount}"
