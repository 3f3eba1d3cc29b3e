from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from delivery.zones.rules import has_five_figures, is_valid_postcode, normalise_postcode


def existing_postcode(typed: str) -> str:
    """The postcode that was typed, without its spaces; whether it is delivered is another question."""
    postcode = normalise_postcode(typed)
    if not has_five_figures(postcode):
        raise forms.ValidationError(_("Un code postal a cinq chiffres, par exemple 75011."), code="malformed")
    if not is_valid_postcode(postcode):
        raise forms.ValidationError(
            _("Le code postal %(postcode)s n’existe pas : vérifiez ses deux premiers chiffres."),
            code="unknown",
            params={"postcode": postcode},
        )
    return postcode


class LineForm(forms.Form):
    """A product and how much of it, in pieces or grams; 0 removes it."""

    product = forms.IntegerField(min_value=1, max_value=2**62)
    quantity = forms.RegexField(r"^\s*[0-9]{1,7}\s*$")
    next = forms.CharField(required=False, max_length=500)

    def clean_quantity(self) -> int:
        return int(self.cleaned_data["quantity"])


class PostcodeForm(forms.Form):
    code_postal = forms.CharField(
        label=_("Code postal"), max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "postal-code", "inputmode": "numeric"}),
        error_messages={"required": _("Indiquez votre code postal, par exemple 75011.")},
    )  # fmt: skip
    next = forms.CharField(required=False, max_length=500, widget=forms.HiddenInput)

    def clean_code_postal(self) -> str:
        return existing_postcode(self.cleaned_data["code_postal"])


class WaitForm(forms.Form):
    """Tell me when this slot has a place again. A customer's own address is known, and proven."""

    email = forms.EmailField(
        label=_("Votre adresse e-mail"), max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": _("Indiquez une adresse e-mail, par exemple marie@exemple.fr."),
            "invalid": _("Cette adresse e-mail semble incomplète. Exemple\u202f: marie@exemple.fr."),
        },
    )  # fmt: skip
    code_postal = forms.CharField(required=False, max_length=12, widget=forms.HiddenInput)
    next = forms.CharField(required=False, max_length=500, widget=forms.HiddenInput)

    def __init__(self, *args: Any, own_email: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own_email = own_email
        if own_email:
            del self.fields["email"]

    @property
    def address(self) -> str:
        return self.own_email or str(self.cleaned_data["email"])

    def clean_code_postal(self) -> str:
        """What a page sent along: nonsense is as good as nothing."""
        postcode = normalise_postcode(self.cleaned_data["code_postal"])
        return postcode if is_valid_postcode(postcode) else ""


class CoverageForm(forms.Form):
    """Tell me when you deliver here."""

    code_postal = forms.CharField(max_length=5, widget=forms.HiddenInput)
    email = forms.EmailField(
        label=_("Votre adresse e-mail"), max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": _("Indiquez une adresse e-mail, par exemple marie@exemple.fr."),
            "invalid": _("Cette adresse e-mail semble incomplète. Exemple : marie@exemple.fr."),
        },
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        existing_postcode(cleaned.get("code_postal", ""))
        return cleaned
