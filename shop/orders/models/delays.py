"""Orders that come late, or that nobody took: told, with a choice."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shop.orders.models.order import Order
from shop.orders.models.shortages import new_answer_token


class Delay(models.Model):
    """An order will come after its slot, or came to a closed door: its customer is told, and may choose until it comes."""

    class Cause(models.TextChoices):
        FORECAST = "forecast", _("la tournée a pris du retard")
        INCIDENT = "incident", _("un incident annoncé")
        MISSED = "missed", _("personne n’a répondu")

    class Answer(models.TextChoices):
        WAIT = "wait", _("attendre")
        SLOT = "slot", _("un autre créneau")
        PICKUP = "pickup", _("la retirer")
        CANCEL = "cancel", _("annuler")

    class By(models.TextChoices):
        CUSTOMER = "customer", _("le client")
        STAFF = "staff", _("l’équipe")

    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="delays", verbose_name=_("commande")
    )
    cause = models.CharField(_("cause"), max_length=8, choices=Cause)
    token = models.CharField(max_length=40, unique=True, default=new_answer_token, editable=False)
    told_at = models.DateTimeField(_("annoncé le"), auto_now_add=True)
    # Nobody knows where no van has it.
    expected_at = models.DateTimeField(_("attendue à"), null=True, blank=True)
    answer = models.CharField(_("réponse"), max_length=6, choices=Answer, blank=True)
    answered_at = models.DateTimeField(_("répondu le"), null=True)
    answered_by = models.CharField(_("réponse de"), max_length=8, choices=By, blank=True)

    class Meta:
        verbose_name = _("retard annoncé")
        verbose_name_plural = _("retards annoncés")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(answer=""), name="one_open_delay_per_order"
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None, answered_by="")
                | (~Q(answer="") & Q(answered_at__isnull=False) & ~Q(answered_by="")),
                name="delay_answered_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.cause}"
