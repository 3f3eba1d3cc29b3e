"""One matter with one person, and all that was said about it, however it came."""

import secrets
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.desk.models.assigned import Assigned
from shop.customers.models import Customer


class Subject(models.TextChoices):
    CURRENT_ORDER = "current_order", _("Une commande en cours")
    MISSING_ITEM = "missing_item", _("Un article manquant ou abîmé")
    REFUND = "refund", _("Un remboursement")
    ACCOUNT = "account", _("Mon compte")
    PERSONAL_DATA = "personal_data", _("Mes données")
    ACCESSIBILITY = "accessibility", _("Accessibilité")
    OTHER = "other", _("Autre chose")


def new_reply_token() -> str:
    """80 bits in lower case: what stands before the @ of an address may lose its capitals on the way."""
    return secrets.token_hex(10)


class State(models.TextChoices):
    WAITING = "waiting", _("à répondre")
    ANSWERED = "answered", _("répondue")
    CLOSED = "closed", _("classée")


# The only place that says what may follow; the database holds it too. Only new words of the customer's, or
# an agent's decision, bring a matter back.
MOVES: dict[str, set[str]] = {
    State.WAITING: {State.ANSWERED, State.CLOSED},
    State.ANSWERED: {State.WAITING, State.CLOSED},
    State.CLOSED: {State.WAITING},
}


class Conversation(Assigned):
    """Its number is what the customer was told. The words are in its entries; here is where it stands."""

    State, MOVES = State, MOVES

    class Channel(models.TextChoices):
        FORM = "form", _("formulaire")
        EMAIL = "email", _("e-mail")
        PHONE = "phone", _("téléphone")
        CHAT = "chat", _("messagerie")

    class Outcome(models.TextChoices):
        SETTLED = "settled", _("réglée")
        NO_ANSWER = "no_answer", _("n’appelait pas de réponse")
        SPAM = "spam", _("indésirable")

    # Where a written answer is owed: what is said by voice or in a chat is answered as it is said.
    WRITTEN: ClassVar[tuple[str, ...]] = (Channel.FORM, Channel.EMAIL)

    channel = models.CharField(_("par"), max_length=10, choices=Channel)
    subject = models.CharField(_("sujet"), max_length=20, choices=Subject, default=Subject.OTHER)
    title = models.CharField(_("objet"), max_length=160, blank=True)
    customer = models.ForeignKey(
        Customer, on_delete=models.SET_NULL, null=True, blank=True, related_name="conversations",
        verbose_name=_("client"),
    )  # fmt: skip
    name = models.CharField(_("nom"), max_length=80, blank=True)
    email = models.EmailField(_("adresse e-mail"), blank=True)
    phone = models.CharField(_("téléphone"), max_length=20, blank=True)
    order_reference = models.CharField(_("numéro de commande"), max_length=20, blank=True)
    # Kept rather than derived from SECRET_KEY: letters are answered long after a key was changed.
    reply_token = models.CharField(max_length=20, unique=True, default=new_reply_token, editable=False)
    state = models.CharField(_("état"), max_length=10, choices=State, default=State.WAITING)
    outcome = models.CharField(_("issue"), max_length=10, choices=Outcome, blank=True)
    received_at = models.DateTimeField(_("reçue le"), default=timezone.now)
    # Until when the customer's oldest unanswered words are to be answered; none while nothing is owed.
    due_at = models.DateTimeField(_("à répondre avant"), null=True, blank=True)
    first_answer_at = models.DateTimeField(_("première réponse le"), null=True, blank=True)
    last_at = models.DateTimeField(_("dernier échange le"), default=timezone.now)
    erased_at = models.DateTimeField(_("effacée le"), null=True, blank=True)

    class Meta:
        verbose_name = _("demande")
        verbose_name_plural = _("demandes")
        ordering = ["-received_at"]
        permissions = [("order_for_customer", "Peut commander par téléphone pour un client")]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="conversation_waiting"),
            models.Index(
                fields=["order_reference"], condition=~Q(order_reference=""), name="conversation_of_order"
            ),
            models.Index(fields=["email"], condition=~Q(email=""), name="conversation_of_email"),
            models.Index(fields=["phone"], condition=~Q(phone=""), name="conversation_of_phone"),
            models.Index(fields=["received_at"], name="conversation_received"),
            models.Index(fields=["last_at"], condition=Q(erased_at__isnull=True), name="conversation_kept"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="waiting", due_at__isnull=False)
                | (~Q(state="waiting") & Q(due_at__isnull=True)),
                name="conversation_waits_until",
            ),
            models.CheckConstraint(
                condition=Q(state="closed") & ~Q(outcome="") | ~Q(state="closed") & Q(outcome=""),
                name="conversation_closed_for_something",
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="conversation_moves",
                field="state",
                transitions=[(str(a), str(b)) for a, after in MOVES.items() for b in sorted(after)],
            )
        ]

    def __str__(self) -> str:
        return f"demande {self.pk}"


class Entry(models.Model):
    """One thing said. Only ever added; erasing blanks its words, and nothing else may change."""

    class Kind(models.TextChoices):
        FORM = "form", _("message du formulaire")
        EMAIL = "email", _("e-mail reçu")
        AUTOMATIC = "automatic", _("réponse automatique reçue")
        REPLY = "reply", _("réponse envoyée")
        PHONE = "phone", _("note d’appel")
        CHAT = "chat", _("note de messagerie")
        NOTE = "note", _("note interne")

    FROM_CUSTOMER: ClassVar[tuple[str, ...]] = (Kind.FORM, Kind.EMAIL)

    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(_("nature"), max_length=10, choices=Kind)
    text = models.TextField(_("texte"), blank=True)
    # Where a mail came from, when not from the address that the conversation answers.
    sender = models.EmailField(_("expéditeur"), blank=True)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("par"),
    )  # fmt: skip
    # Said so by whoever wrote it: a call may settle what was asked in writing.
    is_answer = models.BooleanField(_("répond au client"), default=False)
    at = models.DateTimeField(_("le"), default=timezone.now)
    # The form it was sent from: a button pressed twice says it once.
    key = models.CharField(max_length=40, unique=True, null=True, editable=False)
    erased_at = models.DateTimeField(_("effacé le"), null=True, blank=True)

    class Meta:
        verbose_name = _("message d’une demande")
        verbose_name_plural = _("messages des demandes")
        ordering = ["id"]
        triggers = [
            pgtrigger.Protect(name="desk_entry_undeletable", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="desk_entry_append_only",
                operation=pgtrigger.Update,
                condition=~(
                    pgtrigger.Q(new__erased_at__isnull=False) & pgtrigger.Q(new__text="", new__sender="")
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"

    @property
    def incoming(self) -> "IncomingMail | None":
        """The mail it came in, if it did. No query where that was read with it."""
        return getattr(self, "mail", None)


class Attachment(models.Model):
    """A file that came with a mail, in the table like the words it belongs to: erased with them, never public."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="attachments")
    name = models.CharField(_("nom"), max_length=120)
    content_type = models.CharField(_("type"), max_length=40)
    size = models.PositiveIntegerField(_("taille"))
    data = models.BinaryField(editable=False)

    class Meta:
        verbose_name = _("pièce jointe")
        verbose_name_plural = _("pièces jointes")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"pièce jointe {self.pk}"


class IncomingMail(models.Model):
    """A mail that came, known by a digest: the same one again changes nothing. Holds no address."""

    class Became(models.TextChoices):
        OPENED = "opened", _("nouvelle demande")
        ADDED = "added", _("ajouté à une demande")
        AUTOMATIC = "automatic", _("réponse automatique")
        LIMITED = "limited", _("trop de messages, refusé")
        EMPTY = "empty", _("vide ou illisible")

    key = models.CharField(max_length=64, unique=True, editable=False)
    received_at = models.DateTimeField(_("reçu le"), default=timezone.now)
    became = models.CharField(_("suite"), max_length=10, choices=Became)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, null=True, related_name="mail")
    # What was cut off for reading: quoted letters, signatures. Kept a while in case the cut was wrong.
    cut = models.TextField(blank=True)
    # Names and reasons of files that were not kept.
    refused = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = _("e-mail reçu")
        verbose_name_plural = _("e-mails reçus")
        indexes = [models.Index(fields=["received_at"], name="incoming_mail_received")]

    def __str__(self) -> str:
        return f"e-mail {self.pk}"
