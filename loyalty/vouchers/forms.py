"""What staff type to grant a voucher, or to take one back."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from config.forms import FrenchDecimalField
from loyalty.vouchers.models import Voucher, VoucherEntry
from shop.customers.queries import customer_id_of_login

# What a person may grant alone; more is granted by a programme, whose rules are decided elsewhere.
MOST_EUROS, MOST_PERCENT = Decimal(50), Decimal(50)
MOST_DAYS = 366
BY_HAND = [Voucher.Origin.GIFT, Voucher.Origin.CAMPAIGN, Voucher.Origin.WELCOME]


def _euros(label: Any, *, least: str = "0.01", **options: Any) -> FrenchDecimalField:
    limits = [MinValueValidator(Decimal(least)), MaxValueValidator(Decimal(1000))]
    return FrenchDecimalField(
        label=label, required=False, max_digits=7, decimal_places=2, validators=limits, **options
    )


class GrantForm(forms.Form):
    """``token`` names this very page: sent twice, it grants once."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(label=_("nature"), choices=Voucher.Kind, widget=UnfoldAdminSelectWidget)
    value = _euros(_("valeur (€ ou %)"), help_text=_("Rien pour une livraison offerte. 50 au plus."))
    ceiling = _euros(_("plafond (€)"), help_text=_("Pour un pourcentage : ce qu’il enlève au plus."))
    email = forms.EmailField(
        label=_("adresse e-mail du client"), required=False, max_length=254, widget=UnfoldAdminTextInputWidget,
        help_text=_("Celle de son compte : il trouve le bon dans « Mes bons ». Vide : à qui connaît le code."),
    )  # fmt: skip
    minimum_goods = _euros(_("dès (€ d’articles)"))
    first_order_only = forms.BooleanField(
        label=_("première commande seulement"), required=False, widget=UnfoldBooleanSwitchWidget
    )
    until = forms.DateField(label=_("dernier jour"), widget=UnfoldAdminSingleDateWidget)
    origin = forms.ChoiceField(
        label=_("origine"),
        choices=[(one.value, one.label) for one in BY_HAND],
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("token", uuid4())
        self.initial.setdefault("until", timezone.localdate() + timedelta(days=90))

    def clean_until(self) -> datetime:
        """The instant after the last day."""
        last: date = self.cleaned_data["until"]
        today = timezone.localdate()
        if not today <= last <= today + timedelta(days=MOST_DAYS):
            raise ValidationError(_("Choisissez un jour à venir, dans un an au plus."))
        return timezone.make_aware(datetime.combine(last + timedelta(days=1), time.min))

    def clean_email(self) -> int | None:
        """The customer's id."""
        email = self.cleaned_data["email"]
        if not email:
            return None
        owner = customer_id_of_login(email)
        if owner is None:
            raise ValidationError(_("Aucun compte n’a cette adresse : laissez vide et envoyez le code."))
        return owner

    def clean(self) -> dict[str, Any]:
        told = self.cleaned_data
        kind, value = told.get("kind"), told.get("value")
        if kind == Voucher.Kind.DELIVERY:
            told["value"] = Decimal(0)
        elif "value" in told and (value is None or value > self._most(kind)):
            self.add_error("value", _("Indiquez une valeur, 50 au plus."))
        if kind != Voucher.Kind.PERCENTAGE and told.get("ceiling") is not None:
            self.add_error("ceiling", _("Seul un pourcentage a un plafond."))
        return told

    @staticmethod
    def _most(kind: str | None) -> Decimal:
        return MOST_PERCENT if kind == Voucher.Kind.PERCENTAGE else MOST_EUROS

    def granted(self) -> dict[str, Any]:
        """For `services.grant`. Call once valid."""
        told = self.cleaned_data
        token: UUID = told["token"]
        return {
            "kind": told["kind"], "value": told["value"], "ceiling": told["ceiling"], "owner_id": told["email"],
            "minimum_goods": told["minimum_goods"] or Decimal(0), "first_order_only": told["first_order_only"],
            "valid_until": told["until"], "origin": told["origin"], "source": f"staff:{token}",
        }  # fmt: skip


class CancelForm(forms.Form):
    reason = forms.ChoiceField(label=_("motif"), choices=VoucherEntry.Reason, widget=UnfoldAdminSelectWidget)
