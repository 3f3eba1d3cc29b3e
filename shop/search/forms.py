from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shop.search.missed import counted_words
from shop.search.models import TEXT_MAX_LENGTH, ProductReport

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


class ProductRequestForm(forms.Form):
    """What is missing from the shelves. Free words only: nobody is written back to."""

    product = forms.CharField(
        label=_("Le produit qui vous manque"), max_length=TEXT_MAX_LENGTH,
        help_text=_("Une marque, un format, un parfum… Sans nom ni adresse\u202f: nous ne gardons que les mots."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "enterkeyhint": "send"}),
        error_messages={
            "required": _("Dites-nous en quelques mots ce que vous cherchiez."),
            "max_length": _("120 caractères suffisent\u202f: le produit, sa marque, son format."),
        },
    )  # fmt: skip

    def clean_product(self) -> str:
        product = str(self.cleaned_data["product"])
        if not counted_words(product):
            raise forms.ValidationError(
                _("Écrivez le nom d’un produit, sans adresse ni numéro de téléphone.")
            )
        return product
