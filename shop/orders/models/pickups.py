"""Orders that are fetched."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from delivery.zones.models import Zone
from shop.orders.models.order import Order


class Pickup(models.Model):
    """What its customer says at the pickup point to get an order, and who handed it over when."""

    order = models.OneToOneField(
        Order, on_delete=models.PROTECT, related_name="pickup", primary_key=True, verbose_name=_("commande")
    )
    zone = models.ForeignKey(
        Zone, on_delete=models.PROTECT, related_name="+", verbose_name=_("point de retrait")
    )
    code = models.CharField(_("code de retrait"), max_length=6)
    # Until it is handed over or called off: then its code may be given to another order.
    is_open = models.BooleanField(_("à retirer"), default=True)
    reminded_at = models.DateTimeField(_("rappelée le"), null=True, blank=True)
    handed_at = models.DateTimeField(_("remise le"), null=True, blank=True)
    handed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("remise par"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("retrait")
        verbose_name_plural = _("retraits")
        permissions = [("hand_over_order", "Peut remettre une commande au point de retrait")]
        constraints = [
            models.UniqueConstraint(
                fields=["zone", "code"], condition=Q(is_open=True), name="one_open_order_per_pickup_code"
            ),
            models.CheckConstraint(condition=Q(code__regex=r"^[0-9]{6}$"), name="pickup_code_of_six_figures"),
            models.CheckConstraint(
                condition=Q(handed_at=None) | Q(is_open=False, handed_by__isnull=False),
                name="pickup_handed_is_closed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.zone_id}"
