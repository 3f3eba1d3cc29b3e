from django.db import models
from django.utils.translation import gettext_lazy as _

from shop.catalogue.models import Product
from shop.customers.models import Customer


class ShoppingList(models.Model):
    """A named list of a customer, put back in the basket in one go."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="shopping_lists")
    name = models.CharField(_("nom de la liste"), max_length=60)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("liste de courses")
        verbose_name_plural = _("listes de courses")
        ordering = ["-updated_at"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "name"], name="list_name_once_per_customer")
        ]

    def __str__(self) -> str:
        return f"liste {self.pk}"


class ListItem(models.Model):
    """A product of a list, in pieces or grams."""

    shopping_list = models.ForeignKey(ShoppingList, on_delete=models.CASCADE, related_name="items")
    product = models.ForeignKey(Product, on_delete=models.CASCADE)
    quantity = models.PositiveIntegerField(_("quantité"), default=1)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["shopping_list", "product"], name="product_once_per_list")
        ]

    def __str__(self) -> str:
        return f"{self.product_id} × {self.quantity}"
