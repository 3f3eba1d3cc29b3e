"""What agents write often, with the order's facts to be filled in."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.desk.text_rules import unknown_placeholders


def known_placeholders_only(body: str) -> None:
    """Raises ValidationError, with the names that nothing fills in."""
    if unknown := unknown_placeholders(body):
        raise ValidationError(
            _("Rien ne remplit %(names)s\u202f: voyez la liste des repères sous le texte."),
            code="placeholder",
            params={"names": ", ".join(f"«\u202f{name}\u202f»" for name in unknown)},
        )


class ReplyText(models.Model):
    """Hidden rather than deleted: shipped ones would come back."""

    key = models.SlugField(_("repère"), max_length=60, unique=True)
    title = models.CharField(_("titre"), max_length=80)
    body = models.TextField(_("texte"), validators=[known_placeholders_only])
    position = models.PositiveIntegerField(
        _("ordre"), default=100, help_text=_("Les plus petits nombres d’abord.")
    )
    is_active = models.BooleanField(
        _("proposé"), default=True, help_text=_("Décoché, il n’est plus proposé à qui répond.")
    )

    class Meta:
        verbose_name = _("texte de réponse")
        verbose_name_plural = _("textes de réponse")
        ordering = ["position", "title"]

    def __str__(self) -> str:
        return self.title
