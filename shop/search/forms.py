from django import forms
from django.utils.translation import gettext_lazy as _

from shop.search.missed import counted_words
from shop.search.models import TEXT_MAX_LENGTH


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
