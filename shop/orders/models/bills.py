"""What is charged once the crates are closed. Final."""

from decimal import Decimal

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shop.orders.models.order import Order


class OrderBill(models.Model):
    """What is charged for an order once its crates are closed: what lies in them, at the weights of the scales."""

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="bill", primary_key=True)
    goods_total = models.DecimalField(_("articles TTC"), max_digits=10, decimal_places=2)
    deposit_total = models.DecimalField(_("consignes"), max_digits=8, decimal_places=2)
    delivery_fee = models.DecimalField(_("livraison TTC"), max_digits=6, decimal_places=2)
    # What the order's voucher takes off what was delivered (`rules.voucher_taken`).
    voucher_discount = models.DecimalField(
        _("bon"), max_digits=8, decimal_places=2, default=Decimal(0), db_default=Decimal(0)
    )
    total = models.DecimalField(_("total TTC"), max_digits=10, decimal_places=2)
    made_at = models.DateTimeField(_("établie le"), auto_now_add=True)

    class Meta:
        verbose_name = _("montant facturé")
        verbose_name_plural = _("montants facturés")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    total=F("goods_total") + F("deposit_total") + F("delivery_fee") - F("voucher_discount")
                ),
                name="order_bill_adds_up",
            )
        ]
        triggers = [
            pgtrigger.Protect(name="order_bill_is_final", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.total}"


class BillVat(models.Model):
    """VAT of a bill at one rate, computed once on the whole and stored (BOI-TVA-LIQ-30-10-10)."""

    bill = models.ForeignKey(OrderBill, on_delete=models.PROTECT, related_name="vat_totals")
    rate = models.DecimalField(_("taux (%)"), max_digits=4, decimal_places=1)
    gross = models.DecimalField(_("TTC"), max_digits=10, decimal_places=2)
    vat = models.DecimalField(_("TVA"), max_digits=10, decimal_places=2)

    class Meta:
        verbose_name = _("TVA facturée par taux")
        verbose_name_plural = _("TVA facturée par taux")
        ordering = ["rate"]
        constraints = [models.UniqueConstraint(fields=["bill", "rate"], name="one_bill_vat_per_rate")]
        triggers = [
            pgtrigger.Protect(name="bill_vat_is_final", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.bill_id} {self.rate}"
