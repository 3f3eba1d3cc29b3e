"""A product that must come back: what, why, whose orders it touches, and what became of each.

Regulation 178/2002 art. 19 makes a food shop withdraw, tell and take back; C. conso. L423-3 makes it tell the
authorities, whose notice (RappelConso) is named here.
"""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shop.catalogue.models import Product
from shop.orders.models import Order, OrderLine
from shop.recalls import rules
from shop.stock.models import StockItem


class Recall(models.Model):
    """One recalled product; without lots and dates, all of it."""

    class Hazard(models.TextChoices):
        LISTERIA = "listeria", _("présence possible de Listeria")
        SALMONELLA = "salmonella", _("présence possible de salmonelles")
        E_COLI = "e_coli", _("présence possible d’Escherichia coli")
        GERM = "germ", _("autre contamination microbiologique")
        CHEMICAL = "chemical", _("présence possible d’une substance chimique")
        FOREIGN_BODY = "foreign", _("présence possible d’un corps étranger")
        ALLERGEN = "allergen", _("allergène non mentionné sur l’étiquette")
        LABEL = "label", _("étiquetage erroné")
        PACKAGING = "packaging", _("défaut d’emballage ou de conservation")
        OTHER = "other", _("autre risque")

    class Advice(models.TextChoices):
        DESTROY = "destroy", _("Ne le consommez plus et jetez-le.")
        BRING_BACK = "bring_back", _("Ne le consommez plus et rendez-le-nous à votre prochaine livraison.")
        KEEP_ASIDE = "keep_aside", _("Ne le consommez plus et mettez-le de côté : nous vous appelons.")
        DO_NOT_USE = "do_not_use", _("Ne l’utilisez plus et débranchez-le.")

    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, related_name="recalls", verbose_name=_("produit")
    )
    # As it was called when it was recalled.
    ean = models.CharField(_("code-barres"), max_length=14)
    name = models.CharField(_("nom"), max_length=200)
    lots = ArrayField(models.CharField(max_length=40), verbose_name=_("lots"), default=list, blank=True)
    best_before_from = models.DateField(_("DLC ou DDM à partir du"), null=True, blank=True)
    best_before_to = models.DateField(_("DLC ou DDM jusqu’au"), null=True, blank=True)
    # Orders delivered before that day are left alone; without it none is.
    sold_since = models.DateField(_("vendu depuis le"), null=True, blank=True)
    # Both empty until the authorities have published it: the shop does not wait for that.
    notice_reference = models.CharField(_("avis RappelConso n°"), max_length=20, blank=True)
    notice_url = models.URLField(_("adresse de l’avis"), blank=True)
    hazard = models.CharField(_("risque"), max_length=10, choices=Hazard)
    sentence = models.CharField(_("motif"), max_length=300)
    advice = models.CharField(_("que faire"), max_length=10, choices=Advice)
    # It goes back on sale by itself once its shelves are checked, unless it was not sold before, or all of it is recalled.
    was_on_sale = models.BooleanField(default=False)
    decided_at = models.DateTimeField(_("décidé le"), auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("décidé par")
    )
    # Its orders are all in `RecallNotice`.
    listed_at = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(_("clos le"), null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("clos par"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("rappel de produit")
        verbose_name_plural = _("rappels de produits")
        ordering = ["-id"]
        permissions = [
            ("open_recall", "Peut ouvrir et clore un rappel"),
            ("check_shelf", "Peut confirmer qu’un rayon est contrôlé"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["notice_reference", "product"],
                condition=~Q(notice_reference=""),
                name="one_recall_per_notice_and_product",
            ),
            models.CheckConstraint(
                condition=Q(best_before_from=None)
                | Q(best_before_to=None)
                | Q(best_before_from__lte=F("best_before_to")),
                name="recalled_dates_in_order",
            ),
            models.CheckConstraint(
                condition=Q(notice_url="") | Q(notice_url__startswith="https://"), name="recall_notice_https"
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="recall_closed_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["-decided_at"], condition=Q(closed_at=None), name="open_recall"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_whole(self) -> bool:
        """All of the product, whatever its lot."""
        return not self.lots and self.best_before_from is None and self.best_before_to is None

    @property
    def occasion(self) -> str:
        """What its refunds are for: one each order."""
        return rules.occasion(self.pk)


class RecallShelf(models.Model):
    """A depot's shelf of a recalled product: emptied in the books at once, and blocked until somebody has looked.

    Stock knows which lots came in, not which lie there: only eyes tell the safe ones.
    """

    recall = models.ForeignKey(Recall, on_delete=models.CASCADE, related_name="shelves")
    item = models.ForeignKey(
        StockItem, on_delete=models.PROTECT, related_name="recall_shelves", verbose_name=_("stock")
    )
    put_aside = models.PositiveIntegerField(_("mis de côté"))
    # What was found safe and lies on the shelf again: pieces or grams.
    kept = models.PositiveIntegerField(_("sain, remis en rayon"), null=True)
    checked_at = models.DateTimeField(_("contrôlé le"), null=True)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+",
        verbose_name=_("contrôlé par"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("rayon à contrôler")
        verbose_name_plural = _("rayons à contrôler")
        constraints = [
            models.UniqueConstraint(fields=["recall", "item"], name="one_recall_shelf_per_item"),
            models.CheckConstraint(
                condition=Q(checked_at=None, checked_by=None, kept=None)
                | Q(checked_at__isnull=False, checked_by__isnull=False, kept__isnull=False),
                name="recall_shelf_checked_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recall_id} {self.item_id}"


class RecallNotice(models.Model):
    """One order that a recall touches: once, whoever works on it and however often."""

    class State(models.TextChoices):
        LISTED = "listed", _("à traiter")
        DROPPED = "dropped", _("retiré avant préparation")
        IN_CRATES = "in_crates", _("à sortir des bacs")
        BOUGHT = "bought", _("client prévenu")
        ENDED = "ended", _("sans suite")

    class Refund(models.TextChoices):
        NONE = "none", _("rien à rembourser")
        DUE = "due", _("à rembourser")
        ASKED = "asked", _("remboursement demandé")
        DONE = "done", _("remboursé")
        BY_HAND = "by_hand", _("à rembourser à la main")

    recall = models.ForeignKey(
        Recall, on_delete=models.PROTECT, related_name="notices", verbose_name=_("rappel")
    )
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="recall_notices", verbose_name=_("commande")
    )
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="+")
    # Whether a recalled date was read on it; else nobody knows, and it is told all the same.
    is_certain = models.BooleanField(_("date rappelée"))
    state = models.CharField(_("état"), max_length=10, choices=State, default=State.LISTED)
    # Looked at last, so that one which must wait keeps no other waiting.
    looked_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(_("prévenu le"), null=True)
    refund = models.CharField(_("remboursement"), max_length=10, choices=Refund, default=Refund.NONE)
    # Euros charged for the line, deposits included.
    amount = models.DecimalField(_("montant TTC"), max_digits=10, decimal_places=2, default=0)
    refunded_at = models.DateTimeField(_("remboursé le"), null=True)

    class Meta:
        verbose_name = _("commande concernée")
        verbose_name_plural = _("commandes concernées")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["recall", "order"], name="one_recall_notice_per_order"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="recall_amount_not_negative"),
        ]
        indexes = [
            models.Index(
                fields=["recall", "looked_at"],
                condition=Q(state="listed") | Q(refund="due"),
                name="recall_notice_open",
            )
        ]
        triggers = [
            pgtrigger.Protect(name="recall_notice_stays", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="recall_notice_is_about", fields=["recall", "order", "line", "is_certain"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recall_id} {self.order_id}"
