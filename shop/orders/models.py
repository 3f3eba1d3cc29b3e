"""What was sold. Lines freeze what they were sold as; the history is our own and is only added to."""

import secrets
from decimal import Decimal
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from delivery.slots.models import Slot
from delivery.zones.models import Depot, Zone
from shop.catalogue.models import Product
from shop.customers.models import Customer, ShortageChoice
from shop.orders import rules
from shop.orders.refund_models import Refund, RefundLine, Withdrawal, WithdrawalLine
from shop.pricing.models import Promotion

__all__ = [
    "BillVat",
    "LineEvent",
    "Order",
    "OrderBill",
    "OrderEvent",
    "OrderLine",
    "OrderVatTotal",
    "Pickup",
    "Refund",
    "RefundLine",
    "ShortageQuestion",
    "SubstituteOffer",
    "Withdrawal",
    "WithdrawalLine",
]


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
    voucher_discount = models.DecimalField(
        _("bon"), max_digits=8, decimal_places=2, default=Decimal(0), db_default=Decimal(0),
        help_text=_("Déduit du total, après les promotions."),
    )  # fmt: skip
    voucher_label = models.CharField(_("nom du bon"), max_length=120, blank=True, default="", db_default="")
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
    # The order that this one makes good for, at no cost.
    makes_good = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="made_good_by",
        verbose_name=_("remplace, sans frais"),
    )  # fmt: skip

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
                condition=Q(
                    total=F("goods_total") + F("deposit_total") + F("delivery_fee") - F("voucher_discount")
                ),
                name="order_total_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(voucher_discount__gte=0, total__gte=0), name="order_voucher_discount"
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

    @property
    def is_collect(self) -> bool:
        """Fetched at a pickup point. No query where its zone was read with it."""
        return self.zone.is_collect


class LiveLines(models.Manager["OrderLine"]):
    """Without what was taken out of its order: who lists, counts or picks lines never meets it by forgetting to ask."""

    def get_queryset(self) -> "models.QuerySet[OrderLine]":
        return super().get_queryset().filter(quantity__gt=0)


class OrderLine(models.Model):
    """An article as it was sold: later changes of the product never reach it.

    A line that was taken out of its order stays as a row of quantity 0, at no price; its events tell what it was.
    """

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
    # Its part of the order's voucher, which lowers its VAT and leaves ``total`` as it is.
    voucher_share = models.DecimalField(
        _("part du bon"), max_digits=8, decimal_places=2, default=Decimal(0), db_default=Decimal(0)
    )
    takes_voucher = models.BooleanField(default=True, db_default=True)
    # What of the discount no promotion makes: more was ordered of it later, at another price.
    price_kept = models.DecimalField(
        _("dont prix gardé"), max_digits=10, decimal_places=2, default=Decimal(0), db_default=Decimal(0)
    )
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
    # Whether the law lets its buyer withdraw, as the shelf said when it was sold (C. conso. L221-18 and -28).
    may_be_returned = models.BooleanField(_("se rend sous 14 jours"), default=False, db_default=False)
    # Given up before its shelf was visited, in agreement with the customer: pieces or grams of what was ordered.
    dropped = models.PositiveIntegerField(_("retiré d’un commun accord"), default=0, db_default=0)
    # What lies in the crates, pieces or grams; nothing yet before its shelf was visited.
    picked = models.PositiveIntegerField(_("préparé"), null=True)
    # Recalled by its producer since: what of it lies in crates that are not closed must come out again.
    recalled_at = models.DateTimeField(_("rappelé le"), null=True)
    # What is charged for it, deposits apart, and its part of the voucher, which comes off it; nothing yet before the order is packed.
    billed = models.DecimalField(_("facturé TTC"), max_digits=10, decimal_places=2, null=True)
    billed_share = models.DecimalField(_("part du bon facturée"), max_digits=8, decimal_places=2, null=True)
    # A line that stands in for another one, which is missing.
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="replaced_by", verbose_name=_("remplace")
    )

    objects = LiveLines()
    ever: ClassVar[models.Manager["OrderLine"]] = models.Manager()

    class Meta:
        verbose_name = _("ligne de commande")
        verbose_name_plural = _("lignes de commande")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "ean"], name="one_order_line_per_article"),
            models.CheckConstraint(condition=Q(discount__gte=0, total__gte=0), name="order_line_discount"),
            models.CheckConstraint(condition=Q(dropped__lte=F("quantity")), name="order_line_dropped"),
            models.CheckConstraint(
                condition=Q(billed=None) | Q(billed__gte=0, picked__isnull=False), name="order_line_billed"
            ),
            models.CheckConstraint(
                condition=Q(voucher_share__gte=0, voucher_share__lte=F("total")), name="order_line_voucher"
            ),
            models.CheckConstraint(
                condition=Q(price_kept__gte=0, price_kept__lte=F("discount")), name="order_line_price_kept"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0)
                | Q(total=0, discount=0, vat_amount=0, deposit=0, promotion=None, picked=None, replaces=None),
                name="order_line_out_is_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.ean}"

    @property
    def is_weighed(self) -> bool:
        return self.sold_by == Product.SoldBy.WEIGHT

    @property
    def to_take_out(self) -> bool:
        """Recalled with its order in the crates: it comes out before they are closed."""
        return self.recalled_at is not None and bool(self.picked)

    @property
    def wanted(self) -> int:
        """What a picker looks for: pieces or grams."""
        return self.quantity - self.dropped

    @property
    def missing(self) -> int:
        """What of it was not on its shelf; nothing before it was visited."""
        return 0 if self.picked is None else rules.missing_of(self.sold_by, self.wanted, self.picked)


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


class LineEvent(models.Model):
    """What happened to one line after it was ordered, when and why. Only ever added."""

    class Kind(models.TextChoices):
        PICKED = "picked", _("préparé")
        WEIGHED = "weighed", _("pesé")
        MISSING = "missing", _("manquant")
        TOLD = "told", _("manque annoncé")
        DROPPED = "dropped", _("retiré avec votre accord")
        LATER = "later", _("reporté à son retour en rayon")
        REPLACED = "replaced", _("remplacé")
        ADDED = "added", _("ajouté en remplacement")
        FOUND = "found", _("retrouvé, livré comme prévu")
        NONE_FITS = "none_fits", _("aucun remplacement ne convenait")
        REFUSED = "refused", _("remplacement refusé")
        REFUNDED = "refunded", _("remboursé")
        JOINED = "joined", _("ajouté par une modification")
        RAISED = "raised", _("quantité augmentée")
        LOWERED = "lowered", _("quantité diminuée")
        REMOVED = "removed", _("retiré par une modification")
        RECALLED = "recalled", _("retiré, produit rappelé")

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
        CANCELLED_SHORT = "cancelled_short", _("Commande annulée, faute d’un article")
        PAID = "paid", _("Montant débité")
        DELIVERED = "delivered", _("Commande remise")
        REFUND_ASKED = "refund_asked", _("Remboursement demandé")
        REFUND_MADE = "refund_made", _("Remboursement effectué")
        WITHDRAWN = "withdrawn", _("Rétractation reçue")
        GOODS_BACK = "goods_back", _("Articles rendus")
        MADE_GOOD = "made_good", _("Nouvelle livraison prévue, sans frais")
        MAKES_GOOD = "makes_good", _("Livraison offerte en remplacement")
        AMENDED = "amended", _("Commande modifiée")
        AMENDMENT_REFUSED = "amendment_refused", _("Modification non faite, commande inchangée")

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


class Amendment(models.Model):
    """One change of a placed order: what was agreed, frozen, and what became of it.

    While it is prepared it keeps its articles, its place and its promotions under a name of its own (``occasion``),
    and the order stays as it was.
    """

    class State(models.TextChoices):
        PREPARED = "prepared", _("en attente de paiement")
        APPLIED = "applied", _("faite")
        DROPPED = "dropped", _("abandonnée")

    class Why(models.TextChoices):
        UNPAID = "unpaid", _("le complément n’a pas été payé à temps")
        TOO_LATE = "too_late", _("la clôture était passée")
        CHANGED = "changed", _("la commande avait changé entre-temps")
        CANCELLED = "cancelled", _("la commande a été annulée")
        REPLACED = "replaced", _("une autre modification l’a remplacée")
        GIVEN_UP = "given_up", _("le client y a renoncé")

    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="amendments", verbose_name=_("commande")
    )
    state = models.CharField(_("état"), max_length=10, choices=State, default=State.PREPARED)
    why = models.CharField(_("raison"), max_length=10, choices=Why, blank=True, default="")
    # Lines, slot and totals as `shop.orders.services.proposing` writes them; the address leaves it once it is settled.
    proposal = models.JSONField(encoder=DjangoJSONEncoder)
    # What the order was when it was agreed, and what was agreed: the same wishes twice are one amendment.
    stands_on = models.CharField(max_length=64)
    mark = models.CharField(max_length=64)
    total_before = models.DecimalField(_("total avant"), max_digits=10, decimal_places=2)
    total_after = models.DecimalField(_("total après"), max_digits=10, decimal_places=2)
    # What its own payment page asks for; nothing where what is authorised suffices.
    extra = models.DecimalField(
        _("complément à autoriser"), max_digits=10, decimal_places=2, default=Decimal(0)
    )
    created_at = models.DateTimeField(_("demandée le"), auto_now_add=True)
    expires_at = models.DateTimeField(_("à payer avant"))
    ended_at = models.DateTimeField(_("réglée le"), null=True)

    class Meta:
        verbose_name = _("modification de commande")
        verbose_name_plural = _("modifications de commandes")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(state="prepared"), name="one_live_amendment_per_order"
            ),
            models.CheckConstraint(
                condition=Q(state="prepared", why="", ended_at=None)
                | Q(state="applied", why="", ended_at__isnull=False)
                | (Q(state="dropped", ended_at__isnull=False) & ~Q(why="")),
                name="amendment_settled_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(state="prepared"), name="live_amendment_due"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="amendment_settled_once",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state="prepared"),
            ),
            pgtrigger.Protect(name="amendment_never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.occasion

    @property
    def occasion(self) -> str:
        """The name under which it pays and keeps what it wants: ``amend-17``."""
        return f"amend-{self.pk}"

    @property
    def is_live(self) -> bool:
        return self.state == self.State.PREPARED
