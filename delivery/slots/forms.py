"""What the staff's week grid may be asked for."""

import re
from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from delivery.slots.models import Slot

_ISO_WEEK = re.compile(r"(20[0-9]{2})-W([0-9]{2})")
MOST_PLACES = 1000


def week_name(day: date) -> str:
    """« 2026-W48 », the week a local day falls in."""
    year, week, _weekday = day.isocalendar()
    return f"{year}-W{week:02d}"


class WeekField(forms.Field):
    """An ISO week as browsers write it; its Monday."""

    default_error_messages = {"invalid": _("Semaine inconnue.")}

    def to_python(self, value: Any) -> date | None:
        if value in self.empty_values:
            return None
        match = _ISO_WEEK.fullmatch(str(value))
        year, week = (int(part) for part in match.groups()) if match else (0, 0)
        try:
            return date.fromisocalendar(year, week, 1)
        except ValueError as error:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error


class WeekForm(forms.Form):
    """Which week of which zone; the view knows the zones."""

    zone = forms.SlugField(required=False)
    week = WeekField(required=False)


class SlotForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Slot
        fields = ["capacity", "is_closed"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Absent for staff who may only look.
        if capacity := self.fields.get("capacity"):
            capacity.validators.append(MaxValueValidator(MOST_PLACES))
