"""What customers write about themselves. Browsers fill these fields by their standard tokens."""

import re
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.catalogue.rules import ALLERGENS
from shop.customers import rules
from shop.customers.forms import ShortageField
from shop.customers.wording import ALLERGIES_QUESTION, LETTERS_QUESTION


def _text(autocomplete: str, **attrs: str) -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": autocomplete, **attrs})


class LineField(forms.CharField):
    """One line: composed, without control characters or runs of spaces."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        return rules.clean_line(text) if text else ""


class PhoneField(forms.CharField):
    """A French number however it is written; normalised to ten digits."""

    widget = forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=30, **kwargs)

    def clean(self, value: Any) -> str:
        try:
            return rules.normalise_phone(super().clean(value))
        except rules.PhoneInvalid:
            raise forms.ValidationError(
                _("Écrivez un numéro français à dix chiffres, par exemple 06 12 34 56 78."), code="phone"
            ) from None


class PostcodeField(forms.CharField):
    widget = forms.TextInput(attrs={"autocomplete": "postal-code", "inputmode": "numeric", "maxlength": "5"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=10, **kwargs)

    def clean(self, value: Any) -> str:
        text = str(super().clean(value)).replace(" ", "")
        if text and not re.fullmatch(r"[0-9]{5}", text):
            raise forms.ValidationError(
                _("Écrivez un code postal à cinq chiffres, par exemple 75011."), code="postcode"
            )
        return text


class DetailsForm(forms.Form):
    """Who the customer says they are."""

    first_name = LineField(label=_("Prénom"), max_length=80, widget=_text("given-name"))
    last_name = LineField(label=_("Nom"), max_length=80, widget=_text("family-name"))
    phone = PhoneField(
        label=_("Téléphone"),
        required=False,
        help_text=_("Pour que le livreur puisse vous joindre. Jamais pour vous démarcher."),
    )
    birth_on = forms.DateField(
        label=_("Date de naissance"),
        required=False,
        help_text=_("Demandée seulement pour la vente d’alcool."),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "autocomplete": "bday"}),
    )

    def clean_birth_on(self) -> date | None:
        birth_on: date | None = self.cleaned_data["birth_on"]
        try:
            if birth_on is not None:
                rules.check_birth(birth_on, today=timezone.localdate())
        except rules.BirthDateImplausible:
            raise forms.ValidationError(_("Vérifiez l’année de naissance."), code="birth") from None
        return birth_on


class ShortageForm(forms.Form):
    """What to do, from the next order on, when an article is missing."""

    shortage = ShortageField()


class AllergiesForm(forms.Form):
    """What must never stand in for a missing article; kept only with a consent of its own."""

    allergens = forms.MultipleChoiceField(
        label=_("Allergies de la maison"),
        required=False,
        choices=[(name, name[0].upper() + name[1:]) for name in ALLERGENS],
        widget=forms.CheckboxSelectMultiple,
    )
    consent = forms.BooleanField(label=ALLERGIES_QUESTION, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("allergens") and not cleaned.get("consent"):
            self.add_error(
                "consent",
                _(
                    "Sans votre accord, nous ne pouvons pas garder ces allergies. Cochez la case, ou n’en indiquez aucune."
                ),
            )
        return cleaned


class AddressForm(forms.Form):
    """Where to deliver, as the courier needs it."""

    line1 = LineField(label=_("Numéro et rue"), max_length=120, widget=_text("address-line1"))
    line2 = LineField(
        label=_("Complément (bâtiment, résidence)"),
        max_length=120,
        required=False,
        widget=_text("address-line2"),
    )
    postcode = PostcodeField(label=_("Code postal"))
    city = LineField(label=_("Ville"), max_length=80, widget=_text("address-level2"))
    floor = LineField(label=_("Étage"), max_length=20, required=False, widget=_text("off"))
    door_code = LineField(label=_("Code d’entrée"), max_length=40, required=False, widget=_text("off"))
    instructions = LineField(
        label=_("Indications pour le livreur"), max_length=300, required=False, widget=_text("off")
    )
    label = LineField(
        label=_("Nom de l’adresse"),
        max_length=40,
        required=False,
        help_text=_("Pour la reconnaître : Maison, Bureau…"),
        widget=_text("off"),
    )
    is_default = forms.BooleanField(label=_("C’est mon adresse habituelle"), required=False)


class LettersForm(forms.Form):
    """One question, unticked until answered."""

    letters = forms.BooleanField(label=LETTERS_QUESTION, required=False)
