"""What staff announce, and what they teach couriers to answer."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from delivery.tracking.models import Incident
from delivery.zones.models import Zone

LONGEST = timedelta(days=2)


class CardForm(forms.Form):
    question = forms.CharField(label=_("Question"), max_length=160, widget=UnfoldAdminTextInputWidget)
    answer = forms.CharField(
        label=_("Réponse"), max_length=800, widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}),
        help_text=_("Ce que le livreur dit, puis ce qu’il fait. Deux ou trois phrases, lues debout."),
    )  # fmt: skip


def _at(label: Any) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label, widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"})
    )


class IncidentForm(forms.Form):
    """Whom it concerns is counted before anything is sent."""

    kind = forms.ChoiceField(label=_("Cause"), choices=Incident.Kind, widget=UnfoldAdminSelectWidget)
    zones = forms.ModelMultipleChoiceField(
        label=_("Zones"),
        queryset=Zone.objects.filter(kind=Zone.Kind.DELIVERY),
        widget=forms.CheckboxSelectMultiple,
    )
    starts_at = _at(_("Créneaux qui commencent du"))
    ends_at = _at(_("au"))
    delay_minutes = forms.IntegerField(
        label=_("Retard prévu, en minutes"), min_value=5, max_value=24 * 60,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if self.errors:
            return told
        starts_at, ends_at = told["starts_at"], told["ends_at"]
        if ends_at <= starts_at:
            self.add_error("ends_at", _("La fin vient après le début."))
        elif ends_at - starts_at > LONGEST:
            self.add_error(
                "ends_at", _("Deux jours au plus\u202f: annoncez la suite quand elle sera connue.")
            )
        elif ends_at <= timezone.now():
            self.add_error("ends_at", _("Ces créneaux sont passés."))
        return told

    def asked(self) -> dict[str, Any]:
        """As `services.announce_incident` takes it."""
        told = self.cleaned_data
        return {
            "kind": told["kind"], "zone_ids": [zone.pk for zone in told["zones"]], "starts_at": told["starts_at"],
            "ends_at": told["ends_at"], "delay_minutes": told["delay_minutes"],
        }  # fmt: skip
