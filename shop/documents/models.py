"""Invoices and credit notes: what was printed, frozen, under numbers without a gap. Only ever added to."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from shop.orders.models import Order


class Kind(models.TextChoices):
    INVOICE = "invoice", _("facture")
    CREDIT_NOTE = "credit_note", _("avoir")


class DocumentCounter(models.Model):
    """The last number given this year. Locked after every other row, until what bears the number is committed."""

    kind = models.CharField(max_length=12, choices=Kind)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("compteur de documents")
        verbose_name_plural = _("compteurs de documents")
        constraints = [models.UniqueConstraint(fields=["kind", "year"], name="one_document_counter_a_year")]

    def __str__(self) -> str:
        return f"{self.kind} {self.year}"


class Document(models.Model):
    """One invoice or credit note. Its file is made from ``payload`` alone, whenever it is asked for."""

    LETTERS: ClassVar[dict[str, str]] = {Kind.INVOICE: "F", Kind.CREDIT_NOTE: "A"}

    kind = models.CharField(_("nature"), max_length=12, choices=Kind)
    year = models.PositiveSmallIntegerField(_("année"))
    serial = models.PositiveIntegerField(_("rang dans l’année"))
    number = models.CharField(_("numéro"), max_length=16, unique=True)
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="documents", verbose_name=_("commande")
    )
    # What a credit note is for; empty for the invoice, of which an order has one.
    occasion = models.CharField(_("motif"), max_length=64, blank=True)
    corrects = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="credit_notes", verbose_name=_("corrige")
    )
    issued_on = models.DateField(_("émis le"))
    total = models.DecimalField(_("total TTC"), max_digits=10, decimal_places=2)
    # All that is printed, names and addresses included: the law has it kept as it was (C. com. L123-22).
    payload = models.JSONField(editable=False)
    made_at = models.DateTimeField(_("établi le"), auto_now_add=True)

    class Meta:
        verbose_name = _("facture ou avoir")
        verbose_name_plural = _("factures et avoirs")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "year", "serial"], name="one_document_per_serial"),
            models.UniqueConstraint(fields=["order", "kind", "occasion"], name="one_document_per_occasion"),
            models.CheckConstraint(condition=Q(serial__gt=0, total__gte=0), name="document_figures"),
            models.CheckConstraint(
                condition=Q(kind=Kind.INVOICE, occasion="", corrects=None)
                | Q(kind=Kind.CREDIT_NOTE, corrects__isnull=False) & ~Q(occasion=""),
                name="credit_note_corrects_an_invoice",
            ),
            models.CheckConstraint(condition=Q(issued_on__year=F("year")), name="document_of_its_year"),
            models.CheckConstraint(
                condition=Q(payload__has_keys=["schema", "number", "total"], number=KT("payload__number"))
                & Q(total=Cast(KT("payload__total"), models.DecimalField(max_digits=10, decimal_places=2))),
                name="document_prints_what_it_says",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="document_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return self.number
