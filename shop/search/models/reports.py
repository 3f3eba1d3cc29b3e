"""What shoppers tell us about a product's page."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.catalogue.models import Product


class ProductReportQuerySet(models.QuerySet["ProductReport"]):
    def open(self) -> "ProductReportQuerySet":
        return self.filter(state=ProductReport.State.OPEN)

    def overdue(self) -> "ProductReportQuerySet":
        return self.open().filter(due_at__lt=timezone.now())


class ProductReport(models.Model):
    """« Signaler une erreur »: something a page says that is wrong. The words stay as they came."""

    class Kind(models.TextChoices):
        """In the order in which they are looked at: an allergen left out may harm somebody."""

        ALLERGENS = "allergens", _("les ingrédients ou les allergènes")
        PRICE = "price", _("le prix")
        QUANTITY = "quantity", _("la quantité ou le poids")
        PICTURE = "picture", _("la photo ou le dessin")
        OTHER = "other", _("autre chose")

    class State(models.TextChoices):
        OPEN = "open", _("à vérifier")
        CORRECTED = "corrected", _("corrigée")
        UNFOUNDED = "unfounded", _("sans objet")

    MOVES: ClassVar[dict[str, set[str]]] = {
        State.OPEN: {State.CORRECTED, State.UNFOUNDED},
        State.CORRECTED: set(),
        State.UNFOUNDED: set(),
    }

    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="reports", verbose_name=_("produit")
    )
    kind = models.CharField(_("ce qui ne va pas"), max_length=10, choices=Kind)
    words = models.CharField(_("message"), max_length=500, blank=True)
    # To ask for a detail; blanked once handled.
    email = models.EmailField(_("adresse e-mail"), blank=True)
    received_at = models.DateTimeField(_("reçue le"), default=timezone.now)
    due_at = models.DateTimeField(_("à vérifier avant le"))
    state = models.CharField(_("état"), max_length=10, choices=State, default=State.OPEN)
    handled_at = models.DateTimeField(_("traitée le"), null=True, blank=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("par")
    )

    objects = ProductReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("erreur signalée")
        verbose_name_plural = _("erreurs signalées")
        ordering = ["-received_at"]
        indexes = [models.Index(fields=["due_at"], condition=Q(state="open"), name="product_report_waiting")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open") | Q(handled_at__isnull=False, email=""),
                name="handled_report_is_dated_and_nameless",
            )
        ]

    def __str__(self) -> str:
        return f"signalement {self.pk}"
