"""Articles that will be missing, and what may stand in for them."""

import secrets

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shop.catalogue.models import Product
from shop.orders.models.lines import OrderLine
from shop.orders.models.order import Order


def new_answer_token() -> str:
    """160 bits, in the address of a page that opens without sign-in and answers one question."""
    return secrets.token_urlsafe(20)


class ShortageQuestion(models.Model):
    """An article will be missing: its customer is told, may choose until ``answer_by``, and knows what happens else."""

    class Cause(models.TextChoices):
        FORECAST = "forecast", _("le stock ne suffira pas")
        SHELF = "shelf", _("le rayon est vide")
        RECALL = "recall", _("le produit est rappelé")

    class Answer(models.TextChoices):
        REPLACE = "replace", _("le remplacer")
        LEAVE_OUT = "leave_out", _("ne pas le livrer, ne pas le payer")
        LATER = "later", _("ne pas le payer, et m’écrire dès son retour")
        CANCEL = "cancel", _("annuler toute la commande")
        FOUND = "found", _("il est revenu à temps")

    class By(models.TextChoices):
        CUSTOMER = "customer", _("le client")
        DEFAULT = "default", _("sans réponse")
        STAFF = "staff", _("l’équipe")

    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="questions", verbose_name=_("commande")
    )
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="questions")
    missing = models.PositiveIntegerField(_("manquant"))
    cause = models.CharField(_("cause"), max_length=10, choices=Cause)
    token = models.CharField(max_length=40, unique=True, default=new_answer_token, editable=False)
    asked_at = models.DateTimeField(_("annoncé le"), auto_now_add=True)
    answer_by = models.DateTimeField(_("réponse attendue avant"))
    # What is done without an answer.
    otherwise = models.CharField(_("sinon"), max_length=10, choices=Answer)
    answer = models.CharField(_("réponse"), max_length=10, choices=Answer, blank=True)
    answered_at = models.DateTimeField(_("répondu le"), null=True)
    answered_by = models.CharField(_("réponse de"), max_length=10, choices=By, blank=True)

    class Meta:
        verbose_name = _("manque annoncé")
        verbose_name_plural = _("manques annoncés")
        ordering = ["-id"]
        permissions = [("answer_shortagequestion", "Peut répondre pour le client")]
        constraints = [
            models.UniqueConstraint(
                fields=["line"], condition=Q(answer=""), name="one_open_question_per_line"
            ),
            models.CheckConstraint(condition=Q(missing__gt=0), name="question_about_something"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None, answered_by="")
                | (~Q(answer="") & Q(answered_at__isnull=False) & ~Q(answered_by="")),
                name="question_answered_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["answer_by"], condition=Q(answer=""), name="open_question_due"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.line_id}"


class SubstituteOffer(models.Model):
    """An article that may stand in, at the price announced with the question: never dearer than what is missing."""

    question = models.ForeignKey(ShortageQuestion, on_delete=models.CASCADE, related_name="offers")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    quantity = models.PositiveIntegerField(_("quantité"))
    unit_price = models.DecimalField(_("prix unitaire TTC"), max_digits=8, decimal_places=2)
    total = models.DecimalField(_("total TTC"), max_digits=10, decimal_places=2)
    position = models.PositiveSmallIntegerField(_("ordre"))

    class Meta:
        verbose_name = _("remplacement proposé")
        verbose_name_plural = _("remplacements proposés")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["question", "product"], name="one_offer_per_question_and_product")
        ]

    def __str__(self) -> str:
        return f"{self.question_id} {self.product_id}"
