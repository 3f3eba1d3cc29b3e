import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shop.orders.models import Order


class CancelForm(forms.Form):
    """Who holds the link confirms with the order's own address."""

    email = forms.EmailField(
        label=_("Adresse e-mail de la commande"), max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )  # fmt: skip


class PickupCodeForm(forms.Form):
    """Six figures, with or without spaces between them."""

    code = forms.CharField(
        label=_("Code de retrait"), max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "autofocus": True}),
        error_messages={"required": _("Tapez les six chiffres du code.")},
    )  # fmt: skip

    def clean_code(self) -> str:
        code = re.sub(r"[\s\u00a0\u202f.-]", "", self.cleaned_data["code"])
        if not re.fullmatch(r"[0-9]{6}", code):
            raise forms.ValidationError(_("Un code de retrait a six chiffres."), code="malformed")
        return code


class HandOverForm(PickupCodeForm):
    """The code once more, and the age where the order holds alcohol."""

    is_of_age = forms.BooleanField(
        label=_("J’ai vu une pièce d’identité : la personne a 18 ans ou plus."), required=False
    )

    def __init__(self, *args: Any, order: Order | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget = forms.HiddenInput()
        if order and not order.requires_age_check:
            del self.fields["is_of_age"]
