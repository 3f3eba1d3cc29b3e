import re
import time
from typing import Any

from django import forms
from django.core import signing
from django.utils.translation import gettext_lazy as _

from crm.desk.card_rules import holds_card
from crm.desk.models import Subject

LEAST_SECONDS = 3
MOST_SECONDS = 24 * 3600
MESSAGE_LENGTH = 5000
_SALT = "crm.desk.contact"
_REFERENCE = re.compile(r"[A-Z0-9-]{4,20}")


class ContactForm(forms.Form):
    """What the contact form asks, and three quiet checks against programs that need no third party."""

    required_css_class = "required"

    name = forms.CharField(
        label=_("Votre nom"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=_("Votre adresse e-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"invalid": _("Cette adresse semble incomplète. Exemple : prenom@exemple.fr")},
    )
    subject = forms.ChoiceField(label=_("Sujet"), choices=[("", _("Choisissez un sujet")), *Subject.choices])
    order_reference = forms.CharField(
        label=_("Numéro de commande"),
        max_length=24,
        required=False,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
    message = forms.CharField(
        label=_("Votre message"),
        max_length=MESSAGE_LENGTH,
        help_text=_("Quelques lignes suffisent. N’écrivez jamais votre numéro de carte ici."),
        widget=forms.Textarea(attrs={"rows": 7}),
    )
    # Only a program fills in what nobody sees.
    website = forms.CharField(
        label=_("Ne remplissez pas ce champ"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )
    opened = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.error_messages.setdefault("required", "")
        self.fields["name"].error_messages["required"] = _("Dites-nous comment vous vous appelez.")
        self.fields["email"].error_messages["required"] = _(
            "Sans adresse e-mail, nous ne pourrions pas répondre."
        )
        self.fields["subject"].error_messages["required"] = _("Choisissez le sujet le plus proche.")
        self.fields["message"].error_messages["required"] = _("Écrivez votre message, même en quelques mots.")
        self.fields["message"].error_messages["max_length"] = _(
            "Ce message est trop long : %(limit_value)d signes au plus, vous en avez écrit %(show_value)d."
        )
        self.fields["opened"].initial = sign_now

    def clean_order_reference(self) -> str:
        reference: str = self.cleaned_data["order_reference"].upper().replace(" ", "")
        if reference and not _REFERENCE.fullmatch(reference):
            raise forms.ValidationError(
                _(
                    "Ce numéro n’a pas la forme attendue. Laissez le champ vide si vous ne l’avez pas sous la main."
                )
            )
        return reference

    def clean_message(self) -> str:
        message: str = self.cleaned_data["message"]
        if holds_card(message):
            raise forms.ValidationError(
                _(
                    "Votre message semble contenir un numéro de carte : retirez-le, nous n’en avons jamais besoin."
                )
            )
        return message

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("website"):
            raise forms.ValidationError(
                _(
                    "Un champ caché a été rempli, sans doute par un outil de saisie. Il est vidé : renvoyez le message."
                )
            )
        if self.errors:
            return cleaned
        seconds = seconds_since(cleaned.get("opened", ""))
        if seconds is None:
            raise forms.ValidationError(
                _("Cette page était ouverte depuis longtemps. Votre message est toujours là : renvoyez-le.")
            )
        if seconds < LEAST_SECONDS:
            raise forms.ValidationError(
                _(
                    "L’envoi est parti très vite. Votre message est toujours là : relisez-le, puis renvoyez-le."
                )
            )
        return cleaned

    def with_fresh_stamp(self) -> "ContactForm":
        """The same answers, ready to be sent again: nothing that was typed is lost."""
        data = dict(self.data.items())
        data[self.add_prefix("website")] = ""
        # A person who corrects needs no new wait.
        data[self.add_prefix("opened")] = sign_at(time.time() - LEAST_SECONDS)
        self.data = data
        return self


def sign_now() -> str:
    return sign_at(time.time())


def sign_at(seconds: float) -> str:
    return signing.Signer(salt=_SALT).sign(str(int(seconds)))


def seconds_since(stamp: str) -> float | None:
    """How long ago the form was opened; None when the stamp is not ours or too old."""
    try:
        opened = float(signing.Signer(salt=_SALT).unsign(stamp))
    except (signing.BadSignature, ValueError):
        return None
    elapsed = time.time() - opened
    return elapsed if elapsed <= MOST_SECONDS else None
