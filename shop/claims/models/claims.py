"""One report of one order. What was reported stays as it was; its state, its answer and its history are written beside."""

import uuid
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.media import private_storage
from shop.catalogue.models import Product
from shop.claims import rules
from shop.customers.models import Customer
from shop.orders.models import Order, OrderLine, Refund

# What names a claim in other rooms.
OCCASION = "claim-"


class Claimant(models.Model):
    """Its row is held while the claims of its customer are counted: nobody else counts meanwhile."""

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, primary_key=True, related_name="+", verbose_name=_("client")
    )

    class Meta:
        verbose_name = _("auteur de signalements")
        verbose_name_plural = _("auteurs de signalements")

    def __str__(self) -> str:
        return f"{self.pk}"


class ClaimQuerySet(models.QuerySet["Claim"]):
    def waiting(self) -> "ClaimQuerySet":
        """Somebody has to call, or to look for whose article it was."""
        return self.filter(Q(state=Claim.State.TO_CALL) | Q(search=Claim.Search.STAFF))

    def pending(self) -> "ClaimQuerySet":
        """Reported, and neither money nor goods are on their way yet."""
        return self.filter(state__in=[Claim.State.RECEIVED, Claim.State.TO_CALL])


class Claim(models.Model):
    class Kind(models.TextChoices):
        MISSING = rules.MISSING, _("il manque")
        DAMAGED = rules.DAMAGED, _("c’est abîmé")
        NOT_MINE = rules.NOT_MINE, _("ce n’est pas à moi")
        LIFE = rules.LIFE, _("trop peu de conservation")

    class State(models.TextChoices):
        # Decided, but the money of the order is not taken yet: given back as soon as it is.
        RECEIVED = "received", _("en cours")
        TO_CALL = "to_call", _("à appeler")
        ANSWERED = "answered", _("répondu")
        CLOSED = "closed", _("clos")

    # This table is the only place that says what may follow.
    MOVES: ClassVar[dict[str, set[str]]] = {
        State.RECEIVED: {State.ANSWERED, State.TO_CALL},
        State.TO_CALL: {State.ANSWERED, State.CLOSED},
        State.ANSWERED: set(),
        State.CLOSED: set(),
    }

    class Answer(models.TextChoices):
        REFUND = "refund", _("remboursé")
        REPLACEMENT = "replacement", _("livré à nouveau")
        KEPT = "kept", _("gardé par le client")
        CALLED = "called", _("réglé au téléphone")
        REFUSED = "refused", _("refusé par l’équipe")

    class Why(models.TextChoices):
        """Why somebody calls."""

        AMOUNT = rules.AMOUNT, _("montant au-delà de la limite")
        NUMBER = rules.NUMBER, _("plusieurs signalements récents")
        PHOTO = rules.PHOTO, _("sans photo au-delà de la limite")
        FREE = rules.FREE, _("rien n’avait été payé pour ces articles")
        LATE = rules.LATE, _("produit frais, plus de deux jours après")
        MONEY = rules.MONEY, _("remboursement impossible en l’état")

    class Search(models.TextChoices):
        """Of what is not the customer's: whose it was."""

        DUE = "due", _("à chercher")
        REPAIRED = "repaired", _("trouvée, et remboursée")
        STAFF = "staff", _("à retrouver par l’équipe")
        NOBODY = "nobody", _("introuvable")

    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="claims", verbose_name=_("commande")
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="claims", verbose_name=_("client")
    )
    kind = models.CharField(_("souci"), max_length=8, choices=Kind)
    # Drawn with the form: a double tap is one claim.
    key = models.UUIDField(default=uuid.uuid4, editable=False)
    wanted = models.CharField(
        _("souhait"), max_length=12, choices=[(one.value, one.label) for one in (Answer.REFUND, Answer.REPLACEMENT)],
        default=Answer.REFUND,
    )  # fmt: skip
    # What was paid for what is reported, deposits included.
    amount = models.DecimalField(_("montant TTC"), max_digits=10, decimal_places=2, default=0)
    state = models.CharField(_("état"), max_length=8, choices=State, default=State.RECEIVED)
    why = models.CharField(_("pourquoi appeler"), max_length=6, choices=Why, blank=True, default="")
    answer = models.CharField(_("réponse"), max_length=11, choices=Answer, blank=True, default="")
    # What staff say to the customer.
    said = models.TextField(_("mots au client"), max_length=600, blank=True, default="")
    refund = models.OneToOneField(
        Refund, on_delete=models.PROTECT, null=True, blank=True, related_name="claim",
        verbose_name=_("remboursement"),
    )  # fmt: skip
    replacement = models.OneToOneField(
        Order, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("nouvelle livraison"),
    )  # fmt: skip

    # Of what is not the customer's.
    words = models.CharField(_("ce qui a été reçu"), max_length=200, blank=True, default="")
    product = models.ForeignKey(
        Product, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("produit")
    )
    units = models.PositiveSmallIntegerField(_("quantité reçue"), default=0)
    search = models.CharField(_("à qui était-ce"), max_length=8, choices=Search, blank=True, default="")
    # The report of another customer by which we know that something is missing here, unasked.
    told_by = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="repair",
        verbose_name=_("révélé par"),
    )  # fmt: skip

    photo = models.ImageField(_("photo"), upload_to="signalements", storage=private_storage, blank=True)
    # Of its decoded pixels: the same picture sent again is known, whatever its file was called.
    photo_hash = models.CharField(max_length=64, blank=True, default="")

    created_at = models.DateTimeField(_("signalé le"), auto_now_add=True)
    call_by = models.DateTimeField(_("à appeler avant"), null=True, blank=True)
    ended_at = models.DateTimeField(_("répondu le"), null=True, blank=True)
    # Nobody: the rule.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("répondu par"),
    )  # fmt: skip

    objects = ClaimQuerySet.as_manager()

    class Meta:
        verbose_name = _("signalement")
        verbose_name_plural = _("signalements")
        ordering = ["-id"]
        permissions = [("answer_claim", "Peut répondre aux signalements et voir leurs photos")]
        constraints = [
            models.UniqueConstraint(fields=["order", "key"], name="one_claim_per_key"),
            models.CheckConstraint(
                condition=Q(state="received", ended_at=None)
                | (Q(state="to_call", ended_at=None, call_by__isnull=False) & ~Q(why=""))
                | (Q(state="answered", ended_at__isnull=False, answer__in=["refund", "replacement", "kept"]))
                | (Q(state="closed", ended_at__isnull=False, answer__in=["called", "refused"])),
                name="claim_answered_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state="answered", answer="refund", refund=None), name="claim_refund_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="answered", answer="replacement", replacement=None),
                name="claim_replacement_is_known",
            ),
            models.CheckConstraint(
                condition=Q(kind="not_mine") ^ Q(search="", words="", product=None, units=0),
                name="claim_of_what_is_not_mine",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "created_at"], name="claim_of_customer"),
            models.Index(fields=["call_by"], condition=Q(state="to_call"), name="claim_to_call"),
            models.Index(fields=["created_at"], condition=Q(state="received"), name="claim_under_way"),
            models.Index(fields=["photo_hash"], condition=~Q(photo_hash=""), name="claim_by_photo"),
        ]
        triggers = [
            pgtrigger.Protect(name="claim_stays", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="claim_as_reported",
                fields=["order", "kind", "key", "wanted", "amount", "photo_hash", "units", "created_at"],
            ),
            pgtrigger.Protect(
                name="claim_ends_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__ended_at__isnull=False) & pgtrigger.Q(new__state__df=pgtrigger.F("old__state")),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return gettext("Signalement %(number)s") % {"number": self.pk}

    @property
    def occasion(self) -> str:
        """The name under which it is refunded, counted and called about, once: ``claim-17``."""
        return f"{OCCASION}{self.pk}"


class ClaimLine(models.Model):
    """What of a line is reported: pieces, or all that was weighed. Only ever added."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="claims")
    quantity = models.PositiveIntegerField(_("quantité"))

    class Meta:
        verbose_name = _("article signalé")
        verbose_name_plural = _("articles signalés")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["claim", "line"], name="one_claim_line_per_line"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="claim_line_of_something"),
        ]
        triggers = [
            pgtrigger.Protect(name="claim_line_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.claim_id} {self.line_id}"


class ClaimEvent(models.Model):
    """What happened to a claim, when, and by whom. Only ever added; ids and figures only."""

    class Kind(models.TextChoices):
        REPORTED = "reported", _("Signalé")
        FOUND = "found", _("Trouvé par le signalement d’un autre client")
        TO_CALL = "to_call", _("Appel promis")
        WAITS = "waits", _("Attend l’encaissement du paiement")
        REFUNDED = "refunded", _("Remboursement demandé")
        REPLACED = "replaced", _("Nouvelle livraison prévue")
        KEPT = "kept", _("Le client le garde")
        CALLED = "called", _("Réglé au téléphone")
        REFUSED = "refused", _("Refusé par l’équipe")
        REPAIRED = "repaired", _("Commande lésée trouvée et réparée")
        SEARCHED = "searched", _("Recherche confiée à l’équipe")
        NOBODY = "nobody", _("Commande lésée introuvable")

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(_("événement"), max_length=8, choices=Kind)
    at = models.DateTimeField(_("le"), auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("par")
    )
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("événement de signalement")
        verbose_name_plural = _("événements de signalement")
        ordering = ["id"]
        triggers = [
            pgtrigger.Protect(name="claim_event_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.claim_id} {self.kind}"
