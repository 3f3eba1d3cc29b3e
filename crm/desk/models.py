"""Texts that staff edit, answers to usual questions, and what people write to us."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.customers.models import Customer


class LegalPage(models.Model):
    """A text of the shop in Markdown, as it reads now. Each change leaves a version for good."""

    slug = models.SlugField(
        _("adresse"),
        max_length=40,
        unique=True,
        help_text=_("La fin de l’adresse de la page ; elle ne change plus ensuite."),
    )
    title = models.CharField(_("titre"), max_length=120)
    body = models.TextField(_("texte"), help_text=_("En Markdown ; le HTML est retiré."))
    version = models.CharField(_("version"), max_length=40, editable=False)
    updated_at = models.DateTimeField(_("modifiée le"), editable=False)

    class Meta:
        verbose_name = _("page légale")
        verbose_name_plural = _("pages légales")
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("legal_page", args=[self.slug])


class LegalPageVersion(models.Model):
    """A text as it read from a day on: what an order's terms_version points to. Only ever added."""

    page = models.ForeignKey(LegalPage, on_delete=models.PROTECT, related_name="versions")
    version = models.CharField(_("version"), max_length=40)
    title = models.CharField(_("titre"), max_length=120)
    body = models.TextField(_("texte"))
    published_at = models.DateTimeField(_("en vigueur depuis"), default=timezone.now)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, verbose_name=_("par")
    )

    class Meta:
        verbose_name = _("version d’une page")
        verbose_name_plural = _("versions des pages")
        ordering = ["-published_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["page", "version"], name="one_text_per_version")]
        triggers = [
            pgtrigger.Protect(name="legal_version_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.version})"


class HelpEntry(models.Model):
    """A usual question and its answer. Hidden rather than deleted: shipped ones would come back."""

    key = models.SlugField(
        _("repère"), max_length=80, unique=True,
        help_text=_("La fin de l’adresse de la question ; elle ne change plus ensuite."),
    )  # fmt: skip
    question = models.CharField(_("question"), max_length=160)
    answer = models.TextField(_("réponse"), help_text=_("En Markdown ; le HTML est retiré."))
    position = models.PositiveIntegerField(
        _("ordre"), default=100, help_text=_("Les plus petits nombres d’abord.")
    )
    is_published = models.BooleanField(
        _("visible"), default=True, help_text=_("Décochée, elle n’est plus montrée sur la page d’aide.")
    )

    class Meta:
        verbose_name = _("question fréquente")
        verbose_name_plural = _("questions fréquentes")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.question


class ContactRequest(models.Model):
    """What somebody wrote to us. The words stay as they came; only its answer and state are added."""

    class Subject(models.TextChoices):
        CURRENT_ORDER = "current_order", _("Une commande en cours")
        MISSING_ITEM = "missing_item", _("Un article manquant ou abîmé")
        REFUND = "refund", _("Un remboursement")
        ACCOUNT = "account", _("Mon compte")
        PERSONAL_DATA = "personal_data", _("Mes données")
        ACCESSIBILITY = "accessibility", _("Accessibilité")
        OTHER = "other", _("Autre chose")

    class State(models.TextChoices):
        NEW = "new", _("à traiter")
        ANSWERED = "answered", _("répondue")
        CLOSED = "closed", _("classée sans réponse")

    MOVES: ClassVar[dict[str, set[str]]] = {
        State.NEW: {State.ANSWERED, State.CLOSED},
        State.ANSWERED: set(),
        State.CLOSED: set(),
    }

    customer = models.ForeignKey(
        Customer, on_delete=models.SET_NULL, null=True, blank=True, related_name="contact_requests",
        verbose_name=_("client"),
    )  # fmt: skip
    name = models.CharField(_("nom"), max_length=80)
    email = models.EmailField(_("adresse e-mail"))
    order_reference = models.CharField(_("numéro de commande"), max_length=20, blank=True)
    subject = models.CharField(_("sujet"), max_length=20, choices=Subject)
    message = models.TextField(_("message"))
    received_at = models.DateTimeField(_("reçue le"), default=timezone.now)
    state = models.CharField(_("état"), max_length=10, choices=State, default=State.NEW)
    answer = models.TextField(_("réponse"), blank=True)
    # Kept to the second: the share answered the same day is a public promise.
    answered_at = models.DateTimeField(_("répondue le"), null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("par")
    )

    class Meta:
        verbose_name = _("demande")
        verbose_name_plural = _("demandes")
        ordering = ["-received_at"]
        indexes = [
            models.Index(fields=["received_at"], condition=Q(state="new"), name="contact_waiting"),
            models.Index(
                fields=["order_reference"], condition=~Q(order_reference=""), name="contact_of_order"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="answered") | (Q(answered_at__isnull=False) & ~Q(answer="")),
                name="answered_request_has_its_answer",
            )
        ]

    def __str__(self) -> str:
        return f"demande {self.pk}"
