"""The two small forms of a product's page; both work without JavaScript."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shop.search.models import ProductReport

WORDS_LENGTH = 500
INCOMPLETE = _("Cette adresse e-mail semble incomplète. Exemple : marie@exemple.fr.")


class RestockForm(forms.Form):
    """Who to tell that a product is back; a customer's own address is known."""

    prefix = "retour"

    email = forms.EmailField(
        label=_("Votre adresse e-mail"), max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": _("Indiquez une adresse e-mail, par exemple marie@exemple.fr."),
            "invalid": INCOMPLETE,
        },
    )  # fmt: skip


class ReportForm(forms.Form):
    """What is wrong on the page."""

    prefix = "erreur"

    kind = forms.ChoiceField(
        label=_("Ce qui ne va pas"), choices=[("", _("Choisissez")), *ProductReport.Kind.choices],
        error_messages={"required": _("Dites-nous ce qui ne va pas.")},
    )  # fmt: skip
    words = forms.CharField(
        label=_("Ce que vous avez constaté"), max_length=WORDS_LENGTH, required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={
            "max_length": _("C’est un peu long : %(limit_value)d signes au plus, vous en avez écrit %(show_value)d.")
        },
    )  # fmt: skip
    email = forms.EmailField(
        label=_("Votre adresse e-mail"), max_length=254, required=False,
        help_text=_("Seulement pour vous demander une précision ; elle est effacée ensuite."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"invalid": INCOMPLETE},
    )  # fmt: skip
    # Only a program fills in what nobody sees.
    website = forms.CharField(
        label=_("Ne remplissez pas ce champ"), required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("website"):
            raise forms.ValidationError(
                _("Un champ caché a été rempli, sans doute par un outil de saisie. Videz-le, puis renvoyez.")
            )
        if cleaned.get("kind") == ProductReport.Kind.OTHER and not cleaned.get("words"):
            self.add_error("words", _("Écrivez en quelques mots ce qui ne va pas."))
        return cleaned
