"""What a customer may change of a placed order: how much of each article, when, where to."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from delivery.zones.queries import zone_for_postcode
from shop.basket.forms import existing_postcode
from shop.customers.rules import PhoneInvalid, normalise_phone
from shop.orders.models import Order, OrderLine
from shop.orders.services import CHANGEABLE

# The names of these fields end with their line.
LINE = "ligne-"
MOST_TYPED = 10**6


def _text(label: Any, token: str, most: int, required: Any = None, **attrs: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=most,
        required=required is not None,
        widget=forms.TextInput(attrs={"autocomplete": token, **attrs}),
        error_messages={"required": required} if required else {},
    )


class AmendForm(forms.Form):
    """One form for all of it: what is typed in one part is not lost by another's error."""

    slot = forms.IntegerField(
        min_value=1, max_value=2**62,
        error_messages={"required": _("Choisissez un créneau."), "invalid": _("Choisissez un créneau.")},
        label=_("Créneau"),
    )  # fmt: skip
    with_basket = forms.BooleanField(required=False, label=_("Ajouter ce qui est dans mon panier"))
    phone = _text(
        _("Téléphone"), "tel", 20, _("Indiquez un téléphone\u202f: le livreur n’appelle qu’en cas de besoin."),
        inputmode="tel", type="tel",
    )  # fmt: skip
    line1 = _text(_("Numéro et rue"), "address-line1", 120, _("Indiquez le numéro et la rue."))
    line2 = _text(_("Complément (bâtiment, résidence)"), "address-line2", 120)
    floor = _text(_("Étage"), "off", 20)
    door_code = _text(_("Code d’entrée, interphone"), "off", 40)
    postcode = _text(
        _("Code postal"), "postal-code", 12, _("Indiquez le code postal de livraison."), inputmode="numeric"
    )
    city = _text(_("Ville"), "address-level2", 80, _("Indiquez la ville."))
    instructions = _text(_("Indications pour le livreur"), "off", 300)

    def __init__(self, *args: Any, order: Order, lines: Sequence[OrderLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order = order
        if order.is_collect:
            for name in CHANGEABLE[1:]:
                del self.fields[name]
        for line in lines:
            self.fields[f"{LINE}{line.pk}"] = forms.IntegerField(
                min_value=0, max_value=MOST_TYPED, label=line.name, initial=line.quantity,
                widget=forms.TextInput(attrs={
                    "inputmode": "numeric", "size": "3", "maxlength": "7", "autocomplete": "off",
                    "aria-label": _quantity_of(line),
                }),
                error_messages={
                    "required": _("Indiquez une quantité, 0 pour retirer cet article."),
                    "invalid": _("Indiquez une quantité en chiffres."),
                    "min_value": _("Une quantité n’est jamais négative."),
                    "max_value": _("C’est plus qu’une commande ne peut contenir."),
                },
            )  # fmt: skip

    @staticmethod
    def initial_of(order: Order) -> dict[str, Any]:
        return {"slot": order.slot_id, **{name: getattr(order, name) for name in CHANGEABLE}}

    @property
    def place_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in CHANGEABLE if name in self.fields]

    def clean_phone(self) -> str:
        try:
            return normalise_phone(self.cleaned_data["phone"])
        except PhoneInvalid as refused:
            raise forms.ValidationError(
                _("Ce numéro ne semble pas complet. Exemple\u202f: 06 12 34 56 78."), code="invalid"
            ) from refused

    def clean_postcode(self) -> str:
        postcode = existing_postcode(self.cleaned_data["postcode"])
        if postcode != self.order.postcode:
            zone = zone_for_postcode(postcode)
            if zone is None or zone.pk != self.order.zone_id:
                raise forms.ValidationError(elsewhere(postcode, self.order.zone.name), code="elsewhere")
        return postcode

    @property
    def quantities(self) -> dict[int, int]:
        """Line → pieces or grams."""
        found = {name: value for name, value in self.cleaned_data.items() if name.startswith(LINE)}
        return {int(name.removeprefix(LINE)): quantity for name, quantity in found.items()}

    @property
    def address(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in CHANGEABLE if name in self.cleaned_data}


def _quantity_of(line: OrderLine) -> Any:
    said = _("Grammes de %(name)s") if line.is_weighed else _("Quantité de %(name)s")
    return said % {"name": line.name}


def elsewhere(postcode: str, zone: str) -> str:
    """Why an order does not move there."""
    return _(
        "Le %(postcode)s n’est pas dans la zone «\u202f%(zone)s\u202f» de cette commande\u202f: elle part d’un autre dépôt ou "
        "n’est pas livrée. Annulez-la et commandez à nouveau pour cette adresse."
    ) % {"postcode": postcode, "zone": zone}


class ConfirmForm(forms.Form):
    """What was seen, to be compared only."""

    seen_total = forms.DecimalField(max_digits=10, decimal_places=2, widget=forms.HiddenInput)
    seen_most = forms.DecimalField(max_digits=10, decimal_places=2, widget=forms.HiddenInput)
    stands_on = forms.CharField(max_length=64, widget=forms.HiddenInput)


def stepped(data: Mapping[str, str], steps: Mapping[int, int]) -> dict[str, str] | None:
    """The same form with one quantity a step up or down, for whoever has no JavaScript; None without such a button."""
    for button, sign in (("plus", 1), ("moins", -1)):
        line = data.get(button, "")
        if line.isdecimal() and int(line) in steps:
            name = f"{LINE}{line}"
            typed = data.get(name, "")
            quantity = int(typed) if typed.isdecimal() and len(typed) < 8 else 0
            return {**data, name: str(max(0, quantity + sign * steps[int(line)]))}
    return None
