"""Texts that staff edit, and answers to usual questions."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


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
