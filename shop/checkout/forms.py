"""The forms of checkout, with standard autocomplete tokens and messages that say what to do."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from delivery.zones.queries import zone_for_postcode
from shop.basket.forms import existing_postcode
from shop.checkout.models import ADDRESS_FIELDS, CheckoutDraft
from shop.customers.forms import ShortageField
from shop.customers.models import ShortageChoice
from shop.customers.rules import BirthDateImplausible, PhoneInvalid, age_on, check_birth, normalise_phone
from shop.customers.wording import LETTERS_QUESTION


def _text(label: Any, token: str, required: Any = None, **kwargs: Any) -> forms.CharField:
    """A text field with its autocomplete token; ``required`` is what to say when it is empty."""
    attrs = {"autocomplete": token} | kwargs.pop("attrs", {})
    return forms.CharField(
        label=label,
        required=required is not None,
        widget=forms.TextInput(attrs=attrs),
        error_messages={"required": required} if required else {},
        **kwargs,
    )


class RecipientForm(forms.ModelForm):  # type: ignore[type-arg]
    """Step 1: who, and where to; who alone when they fetch their order."""

    email = forms.EmailField(
        label=_("Adresse e-mail"), max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text=_("Pour la confirmation et le suivi de votre commande."),
        error_messages={
            "required": _("Indiquez votre adresse e-mail : la confirmation y arrive."),
            "invalid": _("Cette adresse e-mail semble incomplète. Exemple : marie@exemple.fr."),
        },
    )  # fmt: skip
    first_name = _text(_("Prénom"), "given-name", _("Indiquez votre prénom."), max_length=80)
    last_name = _text(_("Nom"), "family-name", _("Indiquez votre nom."), max_length=80)
    phone = _text(
        _("Téléphone"), "tel", _("Indiquez un téléphone : le livreur n’appelle qu’en cas de besoin."),
        max_length=20, attrs={"inputmode": "tel", "type": "tel"},
    )  # fmt: skip
    line1 = _text(_("Numéro et rue"), "address-line1", _("Indiquez le numéro et la rue."), max_length=120)
    line2 = _text(_("Complément (bâtiment, résidence)"), "address-line2", max_length=120)
    floor = _text(_("Étage"), "off", max_length=20)
    door_code = _text(_("Code d’entrée, interphone"), "off", max_length=40)
    instructions = _text(_("Indications pour le livreur"), "off", max_length=300)
    postcode = _text(
        _("Code postal"), "postal-code", _("Indiquez le code postal de livraison."),
        max_length=12, attrs={"inputmode": "numeric"},
    )  # fmt: skip
    city = _text(_("Ville"), "address-level2", _("Indiquez la ville."), max_length=80)

    class Meta:
        model = CheckoutDraft
        fields = [
            "email", "first_name", "last_name", "phone", "line1", "line2", "floor", "door_code",
            "postcode", "city", "instructions",
        ]  # fmt: skip

    def __init__(self, *args: Any, fixed_email: str = "", is_collect: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_collect:
            for name in ADDRESS_FIELDS:
                del self.fields[name]
            self.fields["phone"].error_messages["required"] = _(
                "Indiquez un téléphone\u202f: le point de retrait n’appelle qu’en cas de besoin."
            )
        # A customer's orders go to the address they verified.
        self.fixed_email = fixed_email
        if fixed_email:
            del self.fields["email"]
            self.instance.email = fixed_email

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).strip().lower()

    def clean_phone(self) -> str:
        try:
            return normalise_phone(self.cleaned_data["phone"])
        except PhoneInvalid as refused:
            raise forms.ValidationError(
                _("Ce numéro ne semble pas complet. Exemple : 06 12 34 56 78."), code="invalid"
            ) from refused

    def clean_postcode(self) -> str:
        postcode = existing_postcode(self.cleaned_data["postcode"])
        if zone_for_postcode(postcode) is None:
            raise forms.ValidationError(
                _("Nous ne livrons pas encore le %(postcode)s. Votre panier est gardé."),
                params={"postcode": postcode},
            )
        return postcode


class AddressChoiceForm(forms.Form):
    """A customer's saved addresses, one tap each."""

    address = forms.IntegerField(min_value=1, max_value=2**62)


class VoucherForm(forms.Form):
    """A code as it is typed or pasted, or one of the customer's own vouchers."""

    code = forms.CharField(required=False)
    voucher = forms.IntegerField(required=False, min_value=1, max_value=2**62)


# What to do if one article is missing: the names of these fields end with its product.
LINE = "manque-"


class AgreeForm(forms.Form):
    """What the law wants agreed by whoever was sent an order."""

    terms = forms.BooleanField(
        label=_("J’ai lu et j’accepte les conditions générales de vente."),
        error_messages={"required": _("Acceptez les conditions générales de vente pour commander.")},
    )


class FinalForm(forms.Form):
    """Step 3: what the law wants agreed, the amount the shopper saw, and what they saw count on top for points (cents)."""

    seen_total = forms.DecimalField(widget=forms.HiddenInput, max_digits=10, decimal_places=2)
    seen_bonus = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)
    terms = forms.BooleanField(
        label=_("J’ai lu et j’accepte les conditions générales de vente."),
        error_messages={"required": _("Acceptez les conditions générales de vente pour commander.")},
    )
    birth_on = forms.DateField(
        label=_("Date de naissance"),
        widget=forms.TextInput(
            attrs={"autocomplete": "bday", "inputmode": "numeric", "placeholder": "JJ/MM/AAAA"}
        ),
        input_formats=["%d/%m/%Y", "%d/%m/%y", "%Y-%m-%d", "%d.%m.%Y", "%d-%m-%Y", "%d %m %Y"],
        help_text=_("Demandée parce que votre panier contient de l’alcool."),
        error_messages={
            "required": _("Indiquez votre date de naissance : la vente d’alcool est réservée aux adultes."),
            "invalid": _("Écrivez la date ainsi : 31/12/1990."),
        },
    )
    letters = forms.BooleanField(label=LETTERS_QUESTION, required=False)
    shortage = ShortageField()

    def __init__(
        self, *args: Any, minimum_age: int = 0, ask_letters: bool = True, articles: Mapping[int, str] | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.minimum_age = minimum_age
        self.fields["shortage"].initial = self.initial.get("shortage", ShortageChoice.ASK)
        self.articles = articles or {}
        for product_id, name in self.articles.items():
            self.fields[f"{LINE}{product_id}"] = forms.ChoiceField(
                label=name, required=False, choices=[("", _("comme ci-dessus")), *ShortageChoice.choices]
            )
        if not minimum_age:
            del self.fields["birth_on"]
        if not ask_letters:
            del self.fields["letters"]

    def clean_birth_on(self) -> date:
        born: date = self.cleaned_data["birth_on"]
        today = timezone.localdate()
        try:
            check_birth(born, today=today)
        except BirthDateImplausible as refused:
            raise forms.ValidationError(
                _("Cette date ne semble pas possible. Exemple : 31/12/1990.")
            ) from refused
        if age_on(born, today) < self.minimum_age:
            raise forms.ValidationError(
                _(
                    "La vente d’alcool est interdite aux moins de %(age)s ans : retirez ces articles pour commander."
                ),
                params={"age": self.minimum_age},
            )
        return born

    @property
    def asked(self) -> list[forms.BoundField]:
        """What is agreed to, without what to do when something is missing."""
        return [field for field in self if field.name != "shortage" and not field.name.startswith(LINE)]

    @property
    def of_lines(self) -> list[forms.BoundField]:
        return [self[f"{LINE}{product_id}"] for product_id in self.articles]

    @property
    def has_shortage_news(self) -> bool:
        """Whether something of it was chosen otherwise than usual, or is wrong."""
        return bool(self["shortage"].errors) or any(line.value() or line.errors for line in self.of_lines)

    @property
    def shortage_said(self) -> str:
        """The choice for all, in words."""
        known = dict(ShortageChoice.choices)
        return str(known.get(self["shortage"].value(), known[ShortageChoice.ASK]))

    @property
    def shortage_lines(self) -> dict[int, str]:
        """Product → choice, for those that differ from the others. Call once valid."""
        told = {product_id: self.cleaned_data[f"{LINE}{product_id}"] for product_id in self.articles}
        return {product_id: choice for product_id, choice in told.items() if choice}
