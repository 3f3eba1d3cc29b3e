from django import forms
from django.utils.translation import gettext_lazy as _


class CancelForm(forms.Form):
    """Who holds the link confirms with the order's own address."""

    email = forms.EmailField(
        label=_("Adresse e-mail de la commande"), max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )  # fmt: skip
