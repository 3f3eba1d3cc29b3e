"""What was sold. Lines freeze what they were sold as; the history is our own and is only added to."""

import secrets
from decimal import Decimal
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from delivery.slots.models import Slot
from delivery.zones.models import Depot, Zone
from shop.catalogue.models import Product
from shop.customers.models import Customer, ShortageChoice
from shop.pricing.models import Promotion


def new_tracking_token() -> str:
    """160 bits, in the address of a page that opens without sign-in."""
    return secrets.token_urlsafe(20)


class Order(models.Model):
    """One order of one basket for one slot."""

    class Status(models.TextChoices):
        AWAITING_PAYMENT = "awaiting_payment", _("en attente de paiement")
        PLACED = "placed", _("confirmée")
        PICKING = "picking", _("en préparation")
        PACKED = "packed", _("prête")
        DELIVERED = "delivered", _("remise")
        CANCELLED = "cancelled", _("annulée")
        ABANDONED = "abandoned", _("abandonnée")

    # This table is the only place that says what may follow.
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.AWAITING_PAYMENT: {Status.PLACED, Status.ABANDONED},
        Status.PLACED: {Status.PICKING, Status.CANCELLED},
        Status.PICKING: {Status.PACKED, Status.CANCELLED},
        Status.PACKED: {Status.DELIVERED},
        Status.DELIVERED: set(),
        Status.CANCELLED: set(),
        Status.ABANDONED: set(),
    }
    # What was placed and stands, wherever it has got to.
    STANDING: ClassVar[tuple[str, ...]] = (Status.PLACED, Status.PICKING, Status.PACKED, Status.DELIVERED)

    reference = models.CharField(_("référence"), max_length=20, unique=True)
    tracking_token = models.CharField(max_length=40, unique=True, default=new_tracking_token, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="orders", verbose_name=_("client")
    )
    basket_key = models.UUIDField(editable=False)
    status = models.CharField(_("état"), max_length=20, choices=Status, default=Status.AWAITING_PAYMENT)
    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, verbose_name=_("zone"))
    depot = models.ForeignKey(Depot, on_delete=models.PROTECT, verbose_name=_("dépôt"))
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="orders", verbose_name=_("créneau"))
    # Which order of this customer it is (1, 2, 3…): the first three get the most effort.
    rank = models.PositiveIntegerField(_("rang"), default=1)

    email = models.EmailField(_("adresse e-mail"))
    first_name = models.CharField(_("prénom"), max_length=80)
    last_name = models.CharField(_("nom"), max_length=80)
    phone = models.CharField(_("téléphone"), max_length=20)
    line1 = models.CharField(_("numéro et rue"), max_length=120)
    line2 = models.CharField(_("complément"), max_length=120, blank=True)
    floor = models.CharField(_("étage"), max_length=20, blank=True)
    door_code = models.CharField(_("code d’entrée"), max_length=40, blank=True)
    instructions = models.CharField(_("indications pour le livreur"), max_length=300, blank=True)
    postcode = models.CharField(_("code postal"), max_length=5)
    city = models.CharField(_("ville"), max_length=80)

    goods_total = models.DecimalField(_("articles TTC"), max_digits=10, decimal_places=2)
    deposit_total = models.DecimalField(_("consignes"), max_digits=8, decimal_places=2, default=Decimal(0))
    delivery_fee = models.DecimalField(_("livraison TTC"), max_digits=6, decimal_places=2)
    total = models.DecimalField(_("total TTC"), max_digits=10, decimal_places=2)
    discount_total = models.DecimalField(
        _("réductions"), max_digits=10, decimal_places=2, default=Decimal(0),
        help_text=_("Déjà déduites des articles."),
    )  # fmt: skip
    # How much dearer, at most, the scales may make what is sold by weight (`rules.weighing_margin`).
    weighing_margin = models.DecimalField(
        _("marge de pesée"), max_digits=8, decimal_places=2, default=Decimal(0), db_default=Decimal(0)
    )
    delivery_label = models.CharField(_("livraison offerte par"), max_length=120, blank=True)
    # What to do when an article is missing; a line may say otherwise.
    shortage_choice = models.CharField(
        _("si un article manque"), max_length=10, choices=ShortageChoice, default=ShortageChoice.ASK
    )
    terms_version = models.CharField(_("version des CGV acceptée"), max_length=40)
    requires_age_check = models.BooleanField(_("contrôle d’âge à la livraison"), default=False)
    created_at = models.DateTimeField(_("créée le"), auto_now_add=True)
    placed_at = models.DateTimeField(_("confirmée le"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("annulée le"), null=True, blank=True)
    packed_at = models.DateTimeField(_("prête le"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("remise le"), null=True, blank=True)
    # A saved card was refused two days before: the customer is asked, the slot kept until its cut-off.
    payment_needed_at = models.DateTimeField(_("paiement à refaire depuis"), null=True, blank=True)

    class Meta:
        verbose_name = _("commande")
        verbose_name_plural = _("commandes")
        ordering = ["-created_at"]
        permissions = [("read_recipient", "Peut lire les coordonnées du destinataire")]
        constraints = [
            # Never two orders from one basket: abandoned attempts give the basket back.
            models.UniqueConstraint(
                fields=["basket_key"], condition=~Q(status="abandoned"), name="one_order_per_basket"
            ),
            models.CheckConstraint(
                condition=Q(total=F("goods_total") + F("deposit_total") + F("delivery_fee")),
                name="order_total_adds_up",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "created_at"], name="order_status_created"),
            models.Index(fields=["customer", "-created_at"], name="order_of_customer"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def most(self) -> Decimal:
        """What the card is asked for: the total, were all that is weighed as heavy as it may be."""
        return self.total + self.weighing_margin

    @property
    def stands(self) -> bool:
        return self.status in self.STANDING


class OrderLine(models.Model):
    """An article as it was sold: later changes of the product never reach it."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.SET_NULL, null=True)
    ean = models.CharField(_("code-barres"), max_length=14)
    name = models.CharField(_("nom"), max_length=200)
    packaging_label = models.CharField(_("quantité nette"), max_length=60, blank=True)
    sold_by = models.CharField(max_length=6)
    quantity = models.PositiveIntegerField(_("quantité"))
    unit_price = models.DecimalField(_("prix unitaire TTC"), max_digits=8, decimal_places=2)
    vat_rate = models.DecimalField(_("TVA (%)"), max_digits=4, decimal_places=1)
    # After its reduction: unit_price × quantity − discount.
    total = models.DecimalField(_("total TTC"), max_digits=10, decimal_places=2)
    discount = models.DecimalField(_("réduction"), max_digits=10, decimal_places=2, default=Decimal(0))
    promotion = models.ForeignKey(
        Promotion, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("promotion"),
    )  # fmt: skip
    promotion_label = models.CharField(_("promotion annoncée"), max_length=120, blank=True)
    vat_amount = models.DecimalField(_("dont TVA"), max_digits=10, decimal_places=2)
    deposit = models.DecimalField(_("consigne"), max_digits=6, decimal_places=2, default=Decimal(0))
    unit_cost = models.DecimalField(_("coût d’achat HT"), max_digits=9, decimal_places=4)
    cost_on = models.DateField(_("coût au"))
    minimum_age = models.PositiveSmallIntegerField(null=True)
    labels = ArrayField(models.CharField(max_length=60), default=list)
    # Empty: as the order says.
    shortage_choice = models.CharField(
        _("s’il manque"), max_length=10, choices=ShortageChoice, blank=True, default=""
    )
    # Days it keeps at least, counted from the day of delivery; none where nothing is promised.
    minimum_life_days = models.PositiveSmallIntegerField(_("conservation promise (jours)"), null=True)
    # What lies in the crates, pieces or grams; nothing yet before its shelf was visited.
    picked = models.PositiveIntegerField(_("préparé"), null=True)
    # What is charged for it, deposits apart; nothing yet before the order is packed.
    billed = models.DecimalField(_("facturé TTC"), max_digits=10, decimal_places=2, null=True)
    # A line that stands in for another one, which is missing.
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="replaced_by", verbose_name=_("remplace")
    )

    class Meta:
        verbose_name = _("ligne de commande")
        verbose_name_plural = _("lignes de commande")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "ean"], name="one_order_line_per_article"),
            models.CheckConstraint(condition=Q(discount__gte=0, total__gte=0), name="order_line_discount"),
            models.CheckConstraint(
                condition=Q(billed=None) | Q(billed__gte=0, picked__isnull=False), name="order_line_billed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.ean}"


class OrderVatTotal(models.Model):
    """VAT of an order at one rate, computed once on the order and stored (BOI-TVA-LIQ-30-10-10)."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="vat_totals")
    rate = models.DecimalField(_("taux (%)"), max_digits=4, decimal_places=1)
    gross = models.DecimalField(_("TTC"), max_digits=10, decimal_places=2)
    vat = models.DecimalField(_("TVA"), max_digits=10, decimal_places=2)

    class Meta:
        verbose_name = _("total par taux de TVA")
        verbose_name_plural = _("totaux par taux de TVA")
        ordering = ["rate"]
        constraints = [models.UniqueConstraint(fields=["order", "rate"], name="one_vat_total_per_rate")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.rate}"


class OrderBill(models.Model):
    """What is charged for an order once its crates are closed: what lies in them, at the weights of the scales."""

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="bill", primary_key=True)
    goods_total = models.DecimalField(_("articles TTC"), max_digits=10, decimal_places=2)
    deposit_total = models.DecimalField(_("consignes"), max_digits=8, decimal_places=2)
    delivery_fee = models.DecimalField(_("livraison TTC"), max_digits=6, decimal_places=2)
    total = models.DecimalField(_("total TTC"), max_digits=10, decimal_places=2)
    made_at = models.DateTimeField(_("établie le"), auto_now_add=True)

    class Meta:
        verbose_name = _("montant facturé")
        verbose_name_plural = _("montants facturés")
        constraints = [
            models.CheckConstraint(
                condition=Q(total=F("goods_total") + F("deposit_total") + F("delivery_fee")),
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


class LineEvent(models.Model):
    """What happened to one line after it was ordered, when and why. Only ever added."""

    class Kind(models.TextChoices):
        PICKED = "picked", _("préparé")
        WEIGHED = "weighed", _("pesé")
        MISSING = "missing", _("manquant")
        REPLACED = "replaced", _("remplacé")

    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(_("événement"), max_length=10, choices=Kind)
    # Pieces or grams that it is about.
    quantity = models.PositiveIntegerField(_("quantité"))
    at = models.DateTimeField(_("le"), auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("par")
    )
    best_before_on = models.DateField(_("DLC ou DDM"), null=True)

    class Meta:
        verbose_name = _("événement de ligne")
        verbose_name_plural = _("événements de ligne")
        ordering = ["id"]
        triggers = [
            pgtrigger.Protect(name="line_event_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.line_id} {self.kind}"


class OrderEvent(models.Model):
    """One line of an order's history, as the customer may read it. Only ever added."""

    class Kind(models.TextChoices):
        CREATED = "created", _("Commande enregistrée")
        PAYMENT_SECURED = "payment_secured", _("Paiement autorisé")
        CARD_SAVED = "card_saved", _("Carte enregistrée, rien n’est réservé ni débité")
        PAYMENT_REFUSED = "payment_refused", _("Paiement refusé")
        PLACED = "placed", _("Commande confirmée")
        ABANDONED = "abandoned", _("Commande non finalisée")
        CANCELLED = "cancelled", _("Commande annulée")
        PAYMENT_RELEASED = "payment_released", _("Autorisation de paiement levée")
        CARD_FORGOTTEN = "card_forgotten", _("Carte enregistrée effacée")
        PAYMENT_NEEDED = "payment_needed", _("Paiement à refaire")
        UNPAID = "unpaid", _("Commande annulée, faute de paiement")
        PICKING = "picking", _("Préparation commencée")
        PACKED = "packed", _("Commande prête")
        NOTHING_LEFT = "nothing_left", _("Commande annulée, plus rien à livrer")
        PAID = "paid", _("Montant débité")
        DELIVERED = "delivered", _("Commande remise")

    RELEASES: ClassVar[frozenset[str]] = frozenset({Kind.PAYMENT_RELEASED, Kind.CARD_FORGOTTEN})

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(_("événement"), max_length=20, choices=Kind)
    at = models.DateTimeField(_("le"), auto_now_add=True)
    # Ids and figures only.
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("événement de commande")
        verbose_name_plural = _("événements de commande")
        ordering = ["id"]
        triggers = [
            pgtrigger.Protect(name="order_event_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.kind}"
