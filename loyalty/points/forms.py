"""New rules of points: from a day to come on, and such that points can be spent before they end."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from config.forms import FrenchDecimalField, ReasonField
from config.numbers import short_decimal
from loyalty.points.models import PointEntry, PointTerms
from loyalty.points.ports import best_rate, first_reward, too_generous
from loyalty.points.queries import median_month_cents
from loyalty.points.rules import HUNDRED, Terms, months_to
from loyalty.points.wording import too_generous_said


class GiveForm(forms.Form):
    """``ceiling``: how many points whoever asks may give."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    points = forms.IntegerField(label=_("Points"), min_value=1, widget=UnfoldAdminTextInputWidget)
    reason = ReasonField(PointEntry.Reason)

    def __init__(self, *args: Any, ceiling: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ceiling = ceiling

    def clean_points(self) -> int:
        points: int = self.cleaned_data["points"]
        if points > self.ceiling:
            raise ValidationError(_("%(ceiling)s\u00a0points au plus."), params={"ceiling": self.ceiling})
        return points


class TermsForm(forms.ModelForm):  # type: ignore[type-arg]
    step = FrenchDecimalField(
        label=_("Tranche payée (€)"), min_value=1, max_value=1000, max_digits=6, decimal_places=2
    )
    hundred_worth = FrenchDecimalField(
        label=_("Valeur de 100 points (€)"),
        min_value=Decimal("0.01"),
        max_value=100,
        max_digits=6,
        decimal_places=2,
    )

    class Meta:
        model = PointTerms
        fields = (
            "starts_at",
            "step",
            "points",
            "hundred_worth",
            "pending_days",
            "lasts_months",
            "counts_alcohol",
        )

    def clean_starts_at(self) -> Any:
        at = self.cleaned_data["starts_at"]
        # Rules that are tried on the past alone have no day yet.
        if at and at <= timezone.now():
            raise ValidationError(
                _("Des règles ne valent pas pour le passé\u202f: choisissez un jour à venir.")
            )
        return at

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if self.errors:
            return told
        terms = PointTerms(**told).terms
        if (most := best_rate()) is not None and terms.hundred_worth < most * HUNDRED:
            said = _(
                "Une récompense en vigueur donne %(most)s\u00a0€ pour 100\u00a0points\u202f: arrêtez-la d’abord."
            )
            self.add_error(
                "hundred_worth", ValidationError(said, params={"most": short_decimal(most * HUNDRED)})
            )
        starts_at = told["starts_at"]
        if starts_at and (beyond := too_generous(starts_at, terms)):
            self.add_error("hundred_worth", ValidationError(too_generous_said(beyond)))
        self._check_that_points_last(told["lasts_months"], terms)
        return told

    def _check_that_points_last(self, lasts_months: int | None, terms: Terms) -> None:
        if lasts_months is None:
            return
        now = timezone.now()
        monthly, points = median_month_cents(now), first_reward(now)
        months = months_to(points, monthly, terms) if monthly and points else None
        if months and months > lasts_months:
            said = _(
                "Le client médian met %(months)s\u00a0mois à réunir les %(points)s\u00a0points de la première récompense\u202f: "
                "ils périmeraient avant. Faites-les durer plus longtemps, ou donnez-en davantage."
            )
            self.add_error("lasts_months", ValidationError(said, params={"months": months, "points": points}))
