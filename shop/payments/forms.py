import uuid
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from config.forms import FrenchDecimalField, ReasonField
from config.templatetags.cabas import euros
from shop.payments.gateways.demo import CARDS
from shop.payments.models import PaymentOperation


class DemoCardForm(forms.Form):
    """Which demonstration card answers. The one that accepts is chosen already."""

    card = forms.ChoiceField(
        label=_("Carte de démonstration"),
        choices=[(card.code, card.label) for card in CARDS],
        widget=forms.RadioSelect,
        initial=CARDS[0].code,
        error_messages={
            "required": _("Choisissez une carte de démonstration."),
            "invalid_choice": _("Choisissez une carte de la liste."),
        },
    )


class RefundForm(forms.Form):
    """What staff give back on an order, and why. ``occasion`` is drawn with the page: sent twice, it is one refund."""

    amount = FrenchDecimalField(
        label=_("Montant en euros"),
        min_value=Decimal("0.01"),
        max_digits=10,
        decimal_places=2,
        error_messages={
            "required": _("Saisissez le montant à rembourser."),
            "max_decimal_places": _("Deux chiffres au plus après la virgule."),
        },
    )
    reason = ReasonField(PaymentOperation.Reason)
    occasion = forms.RegexField(r"^staff-[0-9a-f]{32}$", widget=forms.HiddenInput)

    def __init__(self, *args: Any, most: Decimal, **kwargs: Any) -> None:
        kwargs["initial"] = {"occasion": f"staff-{uuid.uuid4().hex}"}
        super().__init__(*args, **kwargs)
        self.most = most
        self.fields["amount"].help_text = format_lazy(_("Au plus {}."), euros(most))

    def clean_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        if amount > self.most:
            said = _("Il reste {} à rembourser sur cette commande\u202f: saisissez ce montant au plus.")
            raise forms.ValidationError(format_lazy(said, euros(self.most)))
        return amount
