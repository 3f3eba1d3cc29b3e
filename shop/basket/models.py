"""What a visitor means to buy."""

import uuid
from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from delivery.zones.models import Zone
from shop.catalogue.models import Product
from shop.customers.models import Customer


class Basket(models.Model):
    """One open basket a customer, one a visitor's session. ``key`` is what slots know it by."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="baskets"
    )
    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, null=True, blank=True)
    postcode = models.CharField(max_length=5, blank=True)
    is_open = models.BooleanField(default=True)
    order_reference = models.CharField(max_length=20, blank=True)
    # The basket this one took over from when that became an order: a visitor's session finds it by that key.
    continues = models.UUIDField(null=True, blank=True, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("panier")
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(is_open=True, customer__isnull=False), name="one_open_basket"
            )
        ]

    def __str__(self) -> str:
        return f"panier {self.pk}"


class BasketLine(models.Model):
    """A product wanted, in pieces or grams, and the price the visitor last saw for it."""

    basket = models.ForeignKey(Basket, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.CASCADE)
    quantity = models.PositiveIntegerField(_("quantité"))
    price_seen = models.DecimalField(max_digits=8, decimal_places=2, default=Decimal(0))
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("ligne de panier")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["basket", "product"], name="one_line_per_product"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="basket_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} × {self.quantity}"
