"""What goes back: sums given back for an order, line by line, and declarations of withdrawal. Only ever added to.

How far the money has got is asked of payments, never written here twice (`shop.orders.refunds`).
"""

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shop.payments.models import PaymentOperation

_FINAL = pgtrigger.Update | pgtrigger.Delete


class Refund(models.Model):
    """A sum given back for an order, once for its occasion, and what for; asked of payments under the same occasion."""

    order = models.ForeignKey(
        "orders.Order", on_delete=models.PROTECT, related_name="refunds", verbose_name=_("commande")
    )
    # "substitute-12", "withdrawal-3", "staff-…": asked twice for the same one, it is the same.
    occasion = models.CharField(_("occasion"), max_length=64)
    reason = models.CharField(_("raison"), max_length=12, choices=PaymentOperation.Reason)
    amount = models.DecimalField(_("montant TTC"), max_digits=10, decimal_places=2)
    created_at = models.DateTimeField(_("demandé le"), auto_now_add=True)
    # Nobody: its customer.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("par")
    )

    class Meta:
        verbose_name = _("remboursement")
        verbose_name_plural = _("remboursements")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "occasion"], name="one_refund_of_order_per_occasion"),
            models.CheckConstraint(condition=~Q(occasion=""), name="refund_has_an_occasion"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_of_something"),
        ]
        triggers = [pgtrigger.Protect(name="refund_append_only", operation=_FINAL)]

    def __str__(self) -> str:
        return f"{self.order_id} {self.occasion}"


class RefundLine(models.Model):
    """A part of a refund: an article, the delivery, or a sum at one VAT rate where no article is meant."""

    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey("orders.OrderLine", on_delete=models.PROTECT, null=True, related_name="refunds")
    # Pieces or grams of the line; nothing where no article is meant.
    quantity = models.PositiveIntegerField(_("quantité"), default=0)
    amount = models.DecimalField(_("montant TTC"), max_digits=10, decimal_places=2)
    # None where only deposits, outside VAT, are given back.
    vat_rate = models.DecimalField(_("TVA (%)"), max_digits=4, decimal_places=1, null=True)
    deposit = models.DecimalField(_("consigne"), max_digits=8, decimal_places=2, default=0)
    is_delivery = models.BooleanField(_("livraison"), default=False)

    class Meta:
        verbose_name = _("ligne de remboursement")
        verbose_name_plural = _("lignes de remboursement")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["refund", "line"], condition=Q(line__isnull=False), name="one_refund_line_per_line"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0, deposit__gte=0), name="refund_line_figures"),
            models.CheckConstraint(
                condition=Q(amount=0) | Q(vat_rate__isnull=False), name="refund_line_has_a_rate"
            ),
            models.CheckConstraint(
                condition=Q(line=None, quantity=0) | Q(line__isnull=False, quantity__gt=0),
                name="refund_line_quantity",
            ),
        ]
        triggers = [pgtrigger.Protect(name="refund_line_append_only", operation=_FINAL)]

    def __str__(self) -> str:
        return f"{self.refund_id} {self.line_id}"


class WithdrawalQuerySet(models.QuerySet["Withdrawal"]):
    def waiting(self) -> "WithdrawalQuerySet":
        """Declared, and nothing became of it yet."""
        return self.filter(goods_back_at=None, closed_at=None)


class Withdrawal(models.Model):
    """A customer withdraws from a sale within the fortnight (C. conso. L221-18): declared, goods back, refunded; or
    closed, because the goods stay where they are.
    """

    class Closing(models.TextChoices):
        KEPT = "kept", _("le client garde ses articles")
        NEVER_CAME = "never_came", _("les articles ne sont jamais revenus")

    order = models.ForeignKey(
        "orders.Order", on_delete=models.PROTECT, related_name="withdrawals", verbose_name=_("commande")
    )
    # Drawn with the form: a declaration sent twice is one.
    key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("nom"), max_length=161)
    email = models.EmailField(_("adresse de l’accusé de réception"))
    declared_at = models.DateTimeField(_("déclarée le"), auto_now_add=True)
    # Fourteen days from the declaration (C. conso. L221-24).
    refund_due_on = models.DateField(_("à rembourser avant le"))
    goods_back_at = models.DateTimeField(_("articles revenus le"), null=True, blank=True)
    goods_back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("reçus par"),
    )  # fmt: skip
    refund = models.OneToOneField(
        Refund, on_delete=models.PROTECT, null=True, blank=True, related_name="withdrawal",
        verbose_name=_("remboursement"),
    )  # fmt: skip
    # Goods that come back all the same are received and refunded as ever.
    closed_at = models.DateTimeField(_("close sans retour le"), null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("close par"),
    )  # fmt: skip
    closed_why = models.CharField(
        _("close parce que"), max_length=10, choices=Closing, blank=True, default="", db_default=""
    )

    objects = WithdrawalQuerySet.as_manager()

    class Meta:
        verbose_name = _("rétractation")
        verbose_name_plural = _("rétractations")
        ordering = ["-id"]
        permissions = [("receive_withdrawn_goods", "Peut confirmer le retour des articles")]
        constraints = [
            models.CheckConstraint(
                condition=Q(goods_back_at=None, refund=None)
                | Q(goods_back_at__isnull=False, goods_back_by__isnull=False, refund__isnull=False),
                name="withdrawal_refunded_once_goods_are_back",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None, closed_why="")
                | (Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(closed_why="")),
                name="withdrawal_closed_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["refund_due_on"], condition=Q(goods_back_at=None), name="withdrawal_waits_for_goods"
            )
        ]
        triggers = [
            # What was declared stays as it was declared.
            pgtrigger.Protect(name="withdrawal_stays", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="withdrawal_as_declared",
                fields=["order", "key", "name", "email", "declared_at", "refund_due_on"],
            ),
            pgtrigger.Protect(
                name="withdrawal_ends_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__goods_back_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.pk}"

    @property
    def is_waiting(self) -> bool:
        return self.goods_back_at is None and self.closed_at is None


class WithdrawalLine(models.Model):
    """What of a line its buyer gives back: pieces or grams."""

    withdrawal = models.ForeignKey(Withdrawal, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey("orders.OrderLine", on_delete=models.PROTECT, related_name="withdrawals")
    quantity = models.PositiveIntegerField(_("quantité"))

    class Meta:
        verbose_name = _("article rétracté")
        verbose_name_plural = _("articles rétractés")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["withdrawal", "line"], name="one_withdrawal_line_per_line"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="withdrawal_line_of_something"),
        ]
        triggers = [pgtrigger.Protect(name="withdrawal_line_append_only", operation=_FINAL)]

    def __str__(self) -> str:
        return f"{self.withdrawal_id} {self.line_id}"
