"""What customers get beside what they buy: articles kept for that, rewards asked for with points, presents under way.

A present is due to a customer, goes with one order after the other until it is handed over, and is handed over once.
"""

from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from loyalty.points.models import SOURCE
from loyalty.rewards import rules
from shop.customers.models import Customer

_FINAL = pgtrigger.Update | pgtrigger.Delete


class Item(models.Model):
    """An article that is given, never sold; ``stock`` is what its moves come to, less what is promised to somebody."""

    class Kind(models.TextChoices):
        GOODS = "goods", _("cadeau")
        SAMPLE = "sample", _("échantillon")

    name = models.CharField(_("nom"), max_length=80, help_text=_("Lu par les clients."))
    description = models.CharField(_("description"), max_length=200, blank=True)
    kind = models.CharField(_("nature"), max_length=8, choices=Kind, default=Kind.GOODS)
    cost = models.DecimalField(
        _("coût HT (€)"), max_digits=7, decimal_places=2, validators=[MinValueValidator(Decimal(0))]
    )
    # Of a sample: the shelf it comes from, and the product one may buy then; ids of the catalogue, which stands above.
    shelf_ref = models.PositiveIntegerField(_("rayon"), null=True, blank=True)
    product_ref = models.PositiveIntegerField(_("produit"), null=True, blank=True)
    stock = models.PositiveIntegerField(_("en stock"), default=0, editable=False)
    withdrawn_at = models.DateTimeField(_("retiré le"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("article à donner")
        verbose_name_plural = _("articles à donner")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(cost__gte=0), name="given_item_cost_not_negative"),
            models.CheckConstraint(
                condition=Q(kind="goods", shelf_ref=None) | Q(kind="sample", shelf_ref__isnull=False),
                name="sample_comes_from_a_shelf",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ItemMove(models.Model):
    """Why a stock changed. Only ever added."""

    class Kind(models.TextChoices):
        RECEIVED = "received", _("reçus")
        COUNTED = "counted", _("recomptés")
        LOST = "lost", _("perdus ou abîmés")
        PROMISED = "promised", _("promis à un client")
        RETURNED = "returned", _("rendus au stock")

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="moves", verbose_name=_("article"))
    kind = models.CharField(_("nature"), max_length=8, choices=Kind)
    units = models.IntegerField(_("pièces"))
    source = models.CharField(_("pour"), max_length=80, validators=[SOURCE])
    at = models.DateTimeField(_("le"), auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("par")
    )

    class Meta:
        verbose_name = _("mouvement de stock")
        verbose_name_plural = _("mouvements de stock")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["item", "kind", "source"], name="one_item_move_per_source"),
            models.CheckConstraint(condition=~Q(units=0), name="item_move_of_something"),
        ]
        triggers = [pgtrigger.Protect(name="item_move_append_only", operation=_FINAL)]

    def __str__(self) -> str:
        return f"{self.item_id} {self.kind} {self.units}"


class Reward(models.Model):
    """What points are exchanged for: an article, a voucher, deliveries, or a part of what a product costs."""

    class Kind(models.TextChoices):
        GOODS = "goods", _("article")
        VOUCHER = "voucher", _("bon d’achat")
        DELIVERIES = "deliveries", _("livraisons")
        PRODUCT = "product", _("produit, le reste en euros")

    kind = models.CharField(_("nature"), max_length=10, choices=Kind)
    points = models.PositiveIntegerField(
        _("points"),
        validators=[MinValueValidator(rules.LEAST_POINTS), MaxValueValidator(rules.MOST_POINTS)],
    )
    item = models.ForeignKey(
        Item,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="rewards",
        verbose_name=_("article"),
    )
    amount = models.DecimalField(
        _("déduit (€)"), max_digits=6, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(Decimal("0.01")), MaxValueValidator(Decimal(500))],
    )  # fmt: skip
    deliveries = models.PositiveSmallIntegerField(
        _("nombre de livraisons"), null=True, blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(rules.MOST_DELIVERIES)],
    )  # fmt: skip
    # A product of the catalogue, which stands above, and its name as it was.
    product_ref = models.PositiveIntegerField(_("produit"), null=True, blank=True, editable=False)
    product_name = models.CharField(_("produit"), max_length=200, blank=True, default="", editable=False)
    starts_at = models.DateTimeField(_("à partir du"))
    stopped_at = models.DateTimeField(_("arrêtée le"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("récompense")
        verbose_name_plural = _("récompenses")
        ordering = ["points", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(points__gt=0), name="reward_asks_for_points"),
            models.CheckConstraint(
                condition=Q(kind="goods", item__isnull=False, amount=None, deliveries=None, product_ref=None)
                | Q(kind="voucher", item=None, amount__gt=0, deliveries=None, product_ref=None)
                | Q(kind="deliveries", item=None, amount=None, deliveries__gt=0, product_ref=None)
                | Q(kind="product", item=None, amount__gt=0, deliveries=None, product_ref__isnull=False),
                name="reward_is_one_thing",
            ),
        ]

    def __str__(self) -> str:
        from loyalty.rewards.wording import reward_label

        return reward_label(self)


class Present(models.Model):
    """Something due to a customer that goes with an order: chosen or not yet, waiting, in the crates, handed over."""

    class Kind(models.TextChoices):
        WELCOME = "welcome", _("bienvenue")
        ATTENTION = "attention", _("attention")
        GIFT = "gift", _("cadeau")
        REWARD = "reward", _("récompense")
        SAMPLE = "sample", _("échantillon")

    class State(models.TextChoices):
        WAITING = "waiting", _("avec la prochaine commande")
        ATTACHED = "attached", _("avec une commande")
        PACKED = "packed", _("dans les bacs")
        GIVEN = "given", _("remis")
        CANCELLED = "cancelled", _("annulé")

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="presents", verbose_name=_("client")
    )
    kind = models.CharField(_("nature"), max_length=10, choices=Kind)
    state = models.CharField(_("état"), max_length=10, choices=State, default=State.WAITING)
    # Empty: to be chosen, or paper that is printed for this order.
    item = models.ForeignKey(
        Item, on_delete=models.PROTECT, null=True, related_name="presents", verbose_name=_("article")
    )
    # A letter and its sheets: printed, out of no stock.
    is_paper = models.BooleanField(_("à imprimer"), default=False)
    name = models.CharField(_("nom"), max_length=80)
    # What for; told twice of one thing, it is due once.
    source = models.CharField(_("pour"), max_length=80, validators=[SOURCE], unique=True)
    order_reference = models.CharField(_("commande"), max_length=20, blank=True, default="")
    # Announced for an order to come: it goes with none before that one.
    is_ahead = models.BooleanField(_("pour une commande à venir"), default=False)
    # Of a reward: what it was exchanged for.
    points = models.PositiveIntegerField(_("points"), default=0)
    # From then on nobody chooses any more: it is being prepared.
    settled_at = models.DateTimeField(_("arrêté le"), null=True)
    # The picker looked for it and did not find it.
    missed_at = models.DateTimeField(_("introuvable le"), null=True)
    given_at = models.DateTimeField(_("remis le"), null=True)
    made_at = models.DateTimeField(_("promis le"), auto_now_add=True)

    class Meta:
        verbose_name = _("cadeau promis")
        verbose_name_plural = _("cadeaux promis")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "cancelled"], order_reference="")
                | (Q(state__in=["attached", "packed", "given"]) & ~Q(order_reference="")),
                name="present_goes_with_its_order",
            ),
            models.CheckConstraint(
                condition=Q(given_at=None) ^ Q(state="given"), name="present_is_given_at_an_instant"
            ),
            models.CheckConstraint(
                condition=Q(is_paper=False) | Q(item=None), name="present_is_paper_or_an_item"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["packed", "given"]) | Q(is_paper=True) | Q(item__isnull=False),
                name="present_is_something_when_packed",
            ),
            models.CheckConstraint(condition=Q(points=0) ^ Q(kind="reward"), name="reward_cost_its_points"),
        ]
        indexes = [
            models.Index(fields=["order_reference"], condition=~Q(order_reference=""), name="presents_of_order"),
            models.Index(fields=["customer"], condition=Q(state="waiting"), name="presents_waiting"),
        ]  # fmt: skip
        triggers = [pgtrigger.Protect(name="present_is_kept", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Not in a crate yet, and still due."""
        return self.state in {self.State.WAITING, self.State.ATTACHED}


class PresentEvent(models.Model):
    """One thing that happened to a present. Only ever added."""

    class Kind(models.TextChoices):
        PROMISED = "promised", _("promis")
        CHOSEN = "chosen", _("choisi")
        ATTACHED = "attached", _("joint à une commande")
        LOOSED = "loosed", _("remis à la prochaine")
        PACKED = "packed", _("mis dans les bacs")
        MISSED = "missed", _("introuvable")
        GIVEN = "given", _("remis au client")
        CANCELLED = "cancelled", _("annulé")

    present = models.ForeignKey(
        Present, on_delete=models.PROTECT, related_name="events", verbose_name=_("cadeau")
    )
    kind = models.CharField(_("événement"), max_length=10, choices=Kind)
    order_reference = models.CharField(_("commande"), max_length=20, blank=True, default="")
    at = models.DateTimeField(_("le"), auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("par")
    )

    class Meta:
        verbose_name = _("événement d’un cadeau")
        verbose_name_plural = _("historique")
        ordering = ["id"]
        triggers = [pgtrigger.Protect(name="present_event_append_only", operation=_FINAL)]

    def __str__(self) -> str:
        return f"{self.present_id} {self.kind}"
