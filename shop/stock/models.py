"""What lies in which depot, and every movement that put it there or took it away.

Quantities are pieces, or grams for products sold by weight.
"""

from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from delivery.zones.models import Depot
from shop.catalogue.models import Product
from shop.customers.models import Customer
from shop.stock import rules


class StockItem(models.Model):
    """A product in a depot.

    ``on_hand`` lies on the shelf and is the sum of the movements; ``reserved`` is what open orders took of it and
    nobody has picked yet; ``available``, what may still be sold, is their difference and computed by the database.
    A count or a breakage may leave more reserved than there is: such an item is short (``shortage``).
    """

    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="stock_items", verbose_name=_("produit")
    )
    depot = models.ForeignKey(
        Depot, on_delete=models.PROTECT, related_name="stock_items", verbose_name=_("dépôt")
    )
    on_hand = models.IntegerField(_("en rayon"), default=0)
    reserved = models.IntegerField(_("réservé"), default=0)
    available = models.GeneratedField(
        verbose_name=_("disponible"),
        expression=Greatest(F("on_hand") - F("reserved"), Value(0)),
        output_field=models.IntegerField(),
        db_persist=True,
    )
    # What a week sells, counted each night from orders (`services.note_sales`): pieces or grams.
    weekly_sales = models.IntegerField(_("vendu par semaine"), default=0)
    shelf_position = models.CharField(_("emplacement"), max_length=20, blank=True)
    # Excluding VAT, per piece or per kilogram.
    unit_cost = models.DecimalField(_("coût d’achat HT"), max_digits=9, decimal_places=4, default=Decimal(0))
    cost_since = models.DateField(_("coût depuis le"), auto_now_add=True)
    expected_restock_on = models.DateField(_("réassort prévu le"), null=True, blank=True)

    class Meta:
        verbose_name = _("stock")
        verbose_name_plural = _("stocks")
        constraints = [
            models.UniqueConstraint(fields=["product", "depot"], name="one_stock_item_per_product_and_depot"),
            models.CheckConstraint(condition=Q(on_hand__gte=0), name="stock_not_negative"),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="reserved_stock_not_negative"),
        ]
        indexes = [
            # Few items are short at any time: what the depot asks all day reads only them.
            models.Index(fields=["depot"], condition=Q(reserved__gt=F("on_hand")), name="stock_item_short")
        ]

    def __str__(self) -> str:
        return f"{self.product}, {self.depot}"

    @property
    def to_reorder(self) -> int:
        """How much to order to hold a fortnight, once less than five days are left; pieces or grams, 0 for nothing."""
        return rules.to_reorder(on_hand=self.on_hand, reserved=self.reserved, weekly_sales=self.weekly_sales)

    @property
    def shortage(self) -> int:
        """How much open orders will lack, pieces or grams."""
        return max(0, self.reserved - self.on_hand)


class StockMovement(models.Model):
    """One thing that happened to what lies on a shelf. Only ever added: a mistake is put right by another one."""

    class Kind(models.TextChoices):
        OPENING = "opening", _("stock de départ")
        RECEIPT = "receipt", _("réception")
        COUNT = "count", _("comptage")
        WRITE_OFF = "write_off", _("sortie")
        PICKED = "picked", _("préparé pour une commande")

    class Reason(models.TextChoices):
        BROKEN = "broken", _("casse")
        EXPIRED = "expired", _("date dépassée")
        SPOILT = "spoilt", _("abîmé ou impropre")
        MISSING = "missing", _("introuvable")
        RECALLED = "recalled", _("rappel de produit")
        GIVEN = "given", _("don ou usage interne")

    item = models.ForeignKey(
        StockItem, on_delete=models.PROTECT, related_name="movements", verbose_name=_("stock")
    )
    kind = models.CharField(_("mouvement"), max_length=10, choices=Kind)
    quantity = models.IntegerField(_("quantité"), help_text=_("positive à l’entrée, négative à la sortie"))
    # What lay on the shelf once it had happened: the history reads like a till roll, and proves itself.
    on_hand_after = models.IntegerField(_("en rayon après"))
    at = models.DateTimeField(_("le"), auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("par"),
    )  # fmt: skip
    reason = models.CharField(_("motif"), max_length=10, choices=Reason, blank=True)
    # The delivery note of a receipt, or the order of what was picked. Codes only, never a sentence.
    source = models.CharField(_("bon ou commande"), max_length=40, blank=True)
    lot = models.CharField(_("lot"), max_length=40, blank=True)
    best_before_on = models.DateField(_("DLC ou DDM"), null=True, blank=True)

    class Meta:
        verbose_name = _("mouvement de stock")
        verbose_name_plural = _("mouvements de stock")
        ordering = ["-id"]
        constraints = [
            # A delivery note entered twice is entered once.
            models.UniqueConstraint(
                fields=["item", "source", "lot", "best_before_on"],
                condition=Q(kind="receipt") & ~Q(source=""),
                nulls_distinct=False,
                name="one_receipt_per_delivery_note_and_lot",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["opening", "count"])
                | Q(kind="receipt", quantity__gt=0)
                | Q(kind__in=["write_off", "picked"], quantity__lt=0),
                name="movement_goes_its_way",
            ),
            models.CheckConstraint(condition=Q(on_hand_after__gte=0), name="movement_leaves_no_debt"),
            models.CheckConstraint(
                condition=Q(kind="write_off") ^ Q(reason=""), name="write_off_has_its_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["item", "-id"], name="movement_of_item"),
            models.Index(fields=["lot"], condition=~Q(lot=""), name="movement_of_lot"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="stock_movement_append_only", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.quantity:+d}"


class StockReservation(models.Model):
    """What an order took of a stock item, until it is picked or given back, which happens once."""

    order_reference = models.CharField(max_length=20)
    item = models.ForeignKey(StockItem, on_delete=models.PROTECT, related_name="reservations")
    quantity = models.PositiveIntegerField(_("quantité"))
    created_at = models.DateTimeField(auto_now_add=True)
    returned_at = models.DateTimeField(null=True, blank=True)
    picked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("réservation de stock")
        verbose_name_plural = _("réservations de stock")
        constraints = [
            models.UniqueConstraint(
                fields=["order_reference", "item"], name="one_reservation_per_order_and_item"
            ),
            models.CheckConstraint(
                condition=Q(returned_at=None) | Q(picked_at=None), name="reservation_ends_one_way"
            ),
        ]
        indexes = [
            models.Index(
                fields=["item"],
                condition=Q(returned_at=None, picked_at=None),
                name="open_reservation_of_item",
            )
        ]

    def __str__(self) -> str:
        return f"{self.order_reference} {self.quantity}"


class RestockAlert(models.Model):
    """Somebody who wants to hear, once, that a product is back in their depot. Used for nothing else.

    The row goes as the letter is queued, or after `services.ALERT_DAYS`.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="restock_alerts")
    depot = models.ForeignKey(Depot, on_delete=models.CASCADE, related_name="restock_alerts")
    email = models.EmailField(_("adresse e-mail"))
    customer = models.ForeignKey(
        Customer, on_delete=models.SET_NULL, null=True, blank=True, related_name="restock_alerts"
    )
    created_at = models.DateTimeField(_("demandé le"), auto_now_add=True)

    class Meta:
        verbose_name = _("alerte de retour en stock")
        verbose_name_plural = _("alertes de retour en stock")
        indexes = [models.Index(fields=["created_at"], name="restock_alert_age")]
        constraints = [
            models.UniqueConstraint(fields=["product", "depot", "email"], name="restock_alert_once")
        ]

    def __str__(self) -> str:
        return f"alerte {self.pk}"
