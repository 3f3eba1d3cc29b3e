"""What lies in which depot. Quantities are pieces, or grams for products sold by weight."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from delivery.zones.models import Depot
from shop.catalogue.models import Product
from shop.customers.models import Customer


class StockItem(models.Model):
    """A product in a depot. ``available`` is what may still be sold: orders have already taken theirs."""

    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="stock_items", verbose_name=_("produit")
    )
    depot = models.ForeignKey(
        Depot, on_delete=models.PROTECT, related_name="stock_items", verbose_name=_("dépôt")
    )
    available = models.IntegerField(_("disponible"), default=0)
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
            models.CheckConstraint(condition=Q(available__gte=0), name="stock_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.product}, {self.depot}"


class StockReservation(models.Model):
    """What an order took from a stock item, so that giving it back is exact and happens once."""

    order_reference = models.CharField(max_length=20)
    item = models.ForeignKey(StockItem, on_delete=models.PROTECT, related_name="reservations")
    quantity = models.PositiveIntegerField(_("quantité"))
    created_at = models.DateTimeField(auto_now_add=True)
    returned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("réservation de stock")
        verbose_name_plural = _("réservations de stock")
        constraints = [
            models.UniqueConstraint(
                fields=["order_reference", "item"], name="one_reservation_per_order_and_item"
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
