"""What sells where."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from delivery.zones.models import Zone
from shop.catalogue.models import Product


class ZonePopularity(models.Model):
    """How much a product is bought in a zone, in points of recent orders (ADR 15).

    Only what sells there has a row: everything else stands where the whole shop's sales put it.
    """

    # The unique constraint begins with it.
    zone = models.ForeignKey(
        Zone, on_delete=models.CASCADE, db_index=False, related_name="+", verbose_name=_("zone")
    )
    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="zone_popularities", verbose_name=_("produit")
    )
    popularity = models.PositiveIntegerField(_("points"))

    class Meta:
        verbose_name = _("meilleure vente par zone")
        verbose_name_plural = _("meilleures ventes par zone")
        constraints = [
            models.UniqueConstraint(fields=["zone", "product"], name="one_popularity_per_zone_and_product")
        ]
        indexes = [models.Index(fields=["zone", "-popularity", "product"], name="zone_popularity_best")]

    def __str__(self) -> str:
        return f"{self.zone_id} {self.product_id}"
