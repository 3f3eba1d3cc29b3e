"""Lines freeze what they were sold as; what becomes of each is written beside it."""

from decimal import Decimal
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shop.catalogue.models import Product
from shop.customers.models import ShortageChoice
from shop.orders import rules
from shop.orders.models.order import Order
from shop.pricing.models import Promotion


class LiveLines(models.Manager["OrderLine"]):
    """Without what was taken out of its order: who lists, counts or picks lines never meets it by forgetting to ask."""

    def get_queryset(self) -> "models.QuerySet[OrderLine]":
        return super().get_queryset().filter(quantity__gt=0)


class OrderLine(models.Model):
    """An article as it was sold: later changes of the product never reach it.

    A line that was taken out of its order stays as a row of quantity 0, at no price; its events tell what it was.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.SET_NULL, null=True)
    ean = models.CharField(_("code-barres"), max_length=14)
    name = models.CharField(_("nom"), max_length=200)
    packaging_label = models.CharField(_("quantité nette"), max_length=60, blank=True)
    sold_by = models.CharField(max_length=6)
    quantity = models.PositiveIntegerField(_("quantité"))
    unit_price = models.DecimalField(_("prix unitaire TTC"), max_digits=8, decimal_places=2)
    vat_rate = models.DecimalField(_("TVA (%)"), max_digits=4, decimal_places=1)
    # After its reduction: unit_price × quantity − discount.
    total = models.DecimalField(_("total TTC"), max_digits=10, decimal_places=2)
    discount = models.DecimalField(_("réduction"), max_digits=10, decimal_places=2, default=Decimal(0))
    promotion = models.ForeignKey(
        Promotion, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("promotion"),
    )  # fmt: skip
    promotion_label = models.CharField(_("promotion annoncée"), max_length=120, blank=True)
    # Its part of the order's voucher, which lowers its VAT and leaves ``total`` as it is.
    voucher_share = models.DecimalField(
        _("part du bon"), max_digits=8, decimal_places=2, default=Decimal(0), db_default=Decimal(0)
    )
    takes_voucher = models.BooleanField(default=True, db_default=True)
    # The most of it that a voucher for named articles may take off, nothing where it is for others; none for the whole basket.
    voucher_room = models.DecimalField(_("part du bon, au plus"), max_digits=10, decimal_places=2, null=True)
    # What of the discount no promotion makes: more was ordered of it later, at another price.
    price_kept = models.DecimalField(
        _("dont prix gardé"), max_digits=10, decimal_places=2, default=Decimal(0), db_default=Decimal(0)
    )
    # How many times what is paid for it counts for points.
    points_factor = models.PositiveSmallIntegerField(_("points multipliés par"), default=1, db_default=1)
    vat_amount = models.DecimalField(_("dont TVA"), max_digits=10, decimal_places=2)
    deposit = models.DecimalField(_("consigne"), max_digits=6, decimal_places=2, default=Decimal(0))
    unit_cost = models.DecimalField(_("coût d’achat HT"), max_digits=9, decimal_places=4)
    cost_on = models.DateField(_("coût au"))
    minimum_age = models.PositiveSmallIntegerField(null=True)
    labels = ArrayField(models.CharField(max_length=60), default=list)
    # Empty: as the order says.
    shortage_choice = models.CharField(
        _("s’il manque"), max_length=10, choices=ShortageChoice, blank=True, default=""
    )
    # Days it keeps at least, counted from the day of delivery; none where nothing is promised.
    minimum_life_days = models.PositiveSmallIntegerField(_("conservation promise (jours)"), null=True)
    # Whether the law lets its buyer withdraw, as the shelf said when it was sold (C. conso. L221-18 and -28).
    may_be_returned = models.BooleanField(_("se rend sous 14 jours"), default=False, db_default=False)
    # Given up before its shelf was visited, in agreement with the customer: pieces or grams of what was ordered.
    dropped = models.PositiveIntegerField(_("retiré d’un commun accord"), default=0, db_default=0)
    # What lies in the crates, pieces or grams; nothing yet before its shelf was visited.
    picked = models.PositiveIntegerField(_("préparé"), null=True)
    # Recalled by its producer since: what of it lies in crates that are not closed must come out again.
    recalled_at = models.DateTimeField(_("rappelé le"), null=True)
    # What is charged for it, deposits apart, and its part of the voucher, which comes off it; nothing yet before the order is packed.
    billed = models.DecimalField(_("facturé TTC"), max_digits=10, decimal_places=2, null=True)
    billed_share = models.DecimalField(_("part du bon facturée"), max_digits=8, decimal_places=2, null=True)
    # A line that stands in for another one, which is missing.
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="replaced_by", verbose_name=_("remplace")
    )

    objects = LiveLines()
    ever: ClassVar[models.Manager["OrderLine"]] = models.Manager()

    class Meta:
        verbose_name = _("ligne de commande")
        verbose_name_plural = _("lignes de commande")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "ean"], name="one_order_line_per_article"),
            models.CheckConstraint(condition=Q(discount__gte=0, total__gte=0), name="order_line_discount"),
            models.CheckConstraint(condition=Q(dropped__lte=F("quantity")), name="order_line_dropped"),
            models.CheckConstraint(
                condition=Q(billed=None) | Q(billed__gte=0, picked__isnull=False), name="order_line_billed"
            ),
            models.CheckConstraint(
                condition=Q(voucher_share__gte=0, voucher_share__lte=F("total")), name="order_line_voucher"
            ),
            models.CheckConstraint(
                condition=Q(price_kept__gte=0, price_kept__lte=F("discount")), name="order_line_price_kept"
            ),
            models.CheckConstraint(condition=Q(points_factor__gte=1), name="order_line_points_factor"),
            models.CheckConstraint(
                condition=Q(quantity__gt=0)
                | Q(total=0, discount=0, vat_amount=0, deposit=0, promotion=None, picked=None, replaces=None),
                name="order_line_out_is_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.ean}"

    @property
    def is_weighed(self) -> bool:
        return self.sold_by == Product.SoldBy.WEIGHT

    @property
    def to_take_out(self) -> bool:
        """Recalled with its order in the crates: it comes out before they are closed."""
        return self.recalled_at is not None and bool(self.picked)

    @property
    def prepared(self) -> rules.Prepared:
        """The line as its bill sees it; before its shelf was visited, as if all that is wanted lay there."""
        return rules.Prepared(
            sold_by=self.sold_by,
            quantity=self.quantity,
            picked=self.wanted if self.picked is None else self.picked,
            total=self.total,
            vat_rate=self.vat_rate,
            deposit=self.deposit,
            dropped=self.dropped,
            takes_voucher=self.takes_voucher,
            voucher_room=self.voucher_room,
        )

    @property
    def wanted(self) -> int:
        """What a picker looks for: pieces or grams."""
        return self.quantity - self.dropped

    @property
    def missing(self) -> int:
        """What of it was not on its shelf; nothing before it was visited."""
        return 0 if self.picked is None else rules.missing_of(self.sold_by, self.wanted, self.picked)


class LineEvent(models.Model):
    """What happened to one line after it was ordered, when and why. Only ever added."""

    class Kind(models.TextChoices):
        PICKED = "picked", _("préparé")
        WEIGHED = "weighed", _("pesé")
        MISSING = "missing", _("manquant")
        TOLD = "told", _("manque annoncé")
        DROPPED = "dropped", _("retiré avec votre accord")
        LATER = "later", _("reporté à son retour en rayon")
        REPLACED = "replaced", _("remplacé")
        ADDED = "added", _("ajouté en remplacement")
        FOUND = "found", _("retrouvé, livré comme prévu")
        NONE_FITS = "none_fits", _("aucun remplacement ne convenait")
        REFUSED = "refused", _("remplacement refusé")
        REFUNDED = "refunded", _("remboursé")
        JOINED = "joined", _("ajouté par une modification")
        RAISED = "raised", _("quantité augmentée")
        LOWERED = "lowered", _("quantité diminuée")
        REMOVED = "removed", _("retiré par une modification")
        RECALLED = "recalled", _("retiré, produit rappelé")

    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(_("événement"), max_length=10, choices=Kind)
    # Pieces or grams that it is about.
    quantity = models.PositiveIntegerField(_("quantité"))
    at = models.DateTimeField(_("le"), auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("par")
    )
    best_before_on = models.DateField(_("DLC ou DDM"), null=True)

    class Meta:
        verbose_name = _("événement de ligne")
        verbose_name_plural = _("événements de ligne")
        ordering = ["id"]
        triggers = [
            pgtrigger.Protect(name="line_event_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.line_id} {self.kind}"
