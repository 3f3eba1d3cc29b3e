"""What staff enter of chosen stocks: counted, come in, or gone."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from shop.stock.models import StockMovement

Kind = StockMovement.Kind


class StockForm(forms.Form):
    """A counted stock, or what arrived or broke, for the chosen items."""

    how = forms.ChoiceField(
        label=_("Changement"),
        choices=[
            (Kind.COUNT, _("comptage\u202f: ce qui est en rayon, réservations comprises")),
            (Kind.RECEIPT, _("entrée\u202f: ce qui s’ajoute")),
            (Kind.WRITE_OFF, _("sortie\u202f: ce qui s’en va, avec son motif")),
        ],
        widget=UnfoldAdminSelectWidget,
    )
    quantity = forms.RegexField(
        label=_("Quantité"), regex=r"^[0-9]{1,8}$", widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
        help_text=_("en pièces, ou en grammes pour un article vendu au poids"),
        error_messages={"invalid": _("Saisissez un nombre entier, par exemple 24.")},
    )  # fmt: skip
    reason = forms.ChoiceField(
        label=_("Motif de la sortie"), required=False, widget=UnfoldAdminSelectWidget,
        choices=[("", "–"), *StockMovement.Reason.choices],
    )  # fmt: skip
    expected_restock_on = forms.DateField(
        label=_("Réassort prévu le"), required=False, widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
        help_text=_("facultatif\u202f; montré sur la page des articles épuisés, tant que ce jour n’est pas passé"),
    )  # fmt: skip

    def clean_quantity(self) -> int:
        return int(self.cleaned_data["quantity"])

    def clean_expected_restock_on(self) -> date | None:
        day: date | None = self.cleaned_data["expected_restock_on"]
        if day and day < timezone.localdate():
            raise ValidationError(_("Ce jour est passé\u202f: indiquez celui du prochain réassort."))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        how = cleaned.get("how")
        if how != Kind.COUNT and cleaned.get("quantity") == 0:
            self.add_error("quantity", _("Indiquez combien."))
        if how == Kind.WRITE_OFF and not cleaned.get("reason"):
            self.add_error("reason", _("Indiquez pourquoi ces articles sortent du stock."))
        if how != Kind.WRITE_OFF:
            cleaned["reason"] = ""
        return cleaned
