"""What staff type: new rules of referral, and why a referral is accepted or refused."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from config.forms import FrenchDecimalField
from loyalty.points.queries import terms_at as points_terms_at
from loyalty.referrals.models import Referral, ReferralTerms

MOST_EUROS = 50


class TermsForm(forms.ModelForm):  # type: ignore[type-arg]
    friend_value = FrenchDecimalField(
        label=_("Bon du proche (€)"),
        min_value=Decimal("0.5"),
        max_value=MOST_EUROS,
        max_digits=6,
        decimal_places=2,
    )
    friend_minimum = FrenchDecimalField(
        label=_("Minimum d’articles (€)"), min_value=1, max_value=500, max_digits=7, decimal_places=2
    )
    sponsor_value = FrenchDecimalField(
        label=_("Ou bon du parrain (€)"), required=False, min_value=0, max_value=MOST_EUROS, max_digits=6,
        decimal_places=2, help_text=_("Des points ou un bon, l’un des deux."),
    )  # fmt: skip

    class Meta:
        model = ReferralTerms
        fields = (
            "starts_at", "friend_value", "friend_minimum", "friend_points", "sponsor_points", "sponsor_value",
            "yearly_most", "lasts_days",
        )  # fmt: skip

    def clean_starts_at(self) -> Any:
        at = self.cleaned_data["starts_at"]
        if at <= timezone.now():
            raise ValidationError(
                _("Des règles ne valent pas pour le passé\u202f: choisissez un jour à venir.")
            )
        return at

    def clean_sponsor_value(self) -> Decimal:
        return self.cleaned_data["sponsor_value"] or Decimal(0)

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if self.errors:
            return told
        if told["friend_minimum"] < told["friend_value"]:
            self.add_error("friend_minimum", _("Au moins la valeur du bon."))
        if bool(told["sponsor_points"]) == bool(told["sponsor_value"]):
            self.add_error("sponsor_points", _("Donnez des points ou un bon au parrain, l’un des deux."))
        elif (told["sponsor_points"] or told["friend_points"]) and points_terms_at(told["starts_at"]) is None:
            self.add_error("sponsor_points", _("Aucun programme de points n’est en vigueur ce jour-là."))
        return told


class DecideForm(forms.Form):
    """``accepts``: which answer it is; each has reasons of its own."""

    reason = forms.ChoiceField(label=_("motif"), widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, accepts: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.accepts = accepts
        mine = Referral.FOR_YES if accepts else Referral.FOR_NO
        field = self.fields["reason"]
        field.choices = [(one, Referral.Reason(one).label) for one in mine]  # type: ignore[attr-defined]
