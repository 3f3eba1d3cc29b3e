from django import forms
from django.utils.translation import gettext_lazy as _

from shop.payments.gateways.demo import CARDS


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
