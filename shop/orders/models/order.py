"""What was ordered, by whom, for when and where, and its totals; its history is our own and is only added to."""

import secrets
from decimal import Decimal
from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from delivery.slots.models import Slot
from delivery.zones.models import Depot, Zone
from shop.customers.models import Customer, ShortageChoice


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
        RETURNED = "returned", _("non remise, remboursée")
        CANCELLED = "cancelled", _("annulée")
        ABANDONED = "abandoned", _("abandonnée")

    # This table is the only place that says what may follow.
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.AWAITING_PAYMENT: {Status.PLACED, Status.ABANDONED},
        Status.PLACED: {Status.PICKING, Status.CANCELLED},
        Status.PICKING: {Status.PACKED, Status.CANCELLED},
        Status.PACKED: {Status.DELIVERED, Status.RETURNED},
        Status.DELIVERED: set(),
        Status.RETURNED: set(),
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
            models.Index(fields=["placed_at"], name="order_placed"),
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
        CHARGE_ASKED = "charge_asked", _("Débit demandé à nouveau")
        PAID = "paid", _("Montant débité")
        LEFT_DEPOT = "left_depot", _("Partie du dépôt")
        AT_THE_DOOR = "at_the_door", _("Livreur à votre porte")
        DELIVERED = "delivered", _("Commande remise")
        MISSED = "missed", _("Passage sans réponse, commande rapportée au dépôt")
        DELAY_TOLD = "delay_told", _("Retard annoncé")
        WAITED_FOR = "waited_for", _("Vous avez choisi d’attendre")
        SLOT_MOVED = "slot_moved", _("Livraison reportée à votre demande")
        TO_PICK_UP = "to_pick_up", _("À retirer, à votre demande")
        RETURNED = "returned", _("Commande non remise, remboursée en entier")
        DEPOSITS_BACK = "deposits_back", _("Consignes reprises par le livreur")
        REFUND_ASKED = "refund_asked", _("Remboursement demandé")
        REFUND_MADE = "refund_made", _("Remboursement effectué")
        WITHDRAWN = "withdrawn", _("Rétractation reçue")
        GOODS_BACK = "goods_back", _("Articles rendus")
        WITHDRAWAL_CLOSED = "withdrawal_closed", _("Rétractation close, sans retour")
        MADE_GOOD = "made_good", _("Nouvelle livraison prévue, sans frais")
        MAKES_GOOD = "makes_good", _("Livraison offerte en remplacement")
        AMENDED = "amended", _("Commande modifiée")
        AMENDMENT_REFUSED = "amendment_refused", _("Modification non faite, commande inchangée")

    class ChargeReason(models.TextChoices):
        """Why somebody asks for the money of a closed order by hand."""

        PROVIDER_BACK = "provider_back", _("le prestataire répond à nouveau")
        PAID_ANEW = "paid_anew", _("le client a autorisé un nouveau paiement")
        CUSTOMER = "customer", _("à la demande du client")
        CHECKED = "checked", _("vérifié auprès du prestataire\u202f: rien n’a été pris")

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
