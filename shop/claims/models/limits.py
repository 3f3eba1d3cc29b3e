"""Within which limits a claim is answered at once. Only ever added to: what was answered was answered by what held."""

from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shop.claims.rules import Limits

_ZERO = MinValueValidator(Decimal(0))
_SUM, _TIMES = [_ZERO, MaxValueValidator(Decimal(500))], [MaxValueValidator(50)]


class ClaimLimits(models.Model):
    """The latest one holds. Beyond it somebody calls; nothing is ever refused by it."""

    amount = models.DecimalField(
        _("réponse immédiate jusqu’à (€)"), max_digits=6, decimal_places=2, validators=_SUM
    )
    number = models.PositiveSmallIntegerField(_("et jusqu’à … signalements"), validators=_TIMES)
    days = models.PositiveSmallIntegerField(
        _("sur … jours"), validators=[MinValueValidator(1), MaxValueValidator(366)]
    )
    newcomer_amount = models.DecimalField(
        _("trois premières commandes\u202f: jusqu’à (€)"), max_digits=6, decimal_places=2, validators=_SUM
    )
    newcomer_number = models.PositiveSmallIntegerField(
        _("trois premières commandes\u202f: signalements"), validators=_TIMES
    )
    photo_from = models.DecimalField(
        _("photo attendue au-delà de (€)"), help_text=_("Pour ce qui est abîmé\u202f; sans photo, on appelle."),
        max_digits=6, decimal_places=2, validators=_SUM,
    )  # fmt: skip
    made_at = models.DateTimeField(_("en vigueur depuis le"), auto_now_add=True)
    # Nobody: shipped with the shop.
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+",
        verbose_name=_("par"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("limites des réponses immédiates")
        verbose_name_plural = _("limites des réponses immédiates")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=0, newcomer_amount__gte=0, photo_from__gte=0, days__gt=0),
                name="claim_limits_are_limits",
            )
        ]
        triggers = [
            pgtrigger.Protect(
                name="claim_limits_append_only", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.pk}"

    @property
    def terms(self) -> Limits:
        return Limits(
            amount=self.amount,
            number=self.number,
            days=self.days,
            newcomer_amount=self.newcomer_amount,
            newcomer_number=self.newcomer_number,
            photo_from=self.photo_from,
        )
