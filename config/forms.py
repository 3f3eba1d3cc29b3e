"""Fields of staff forms: numbers are read as French people write them, and no other way."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models.enums import Choices
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from config.numbers import french_decimal, short_decimal

LIMITS = {
    MinValueValidator: _("Le plus petit nombre possible est {}."),
    MaxValueValidator: _("Le plus grand nombre possible est {}."),
}


class FrenchDecimalField(forms.DecimalField):
    """« 1 234,50 » with any French space; no sign, no exponent, no other digits."""

    widget = UnfoldAdminTextInputWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for validator in self.validators:
            # Django would write the limit with a point.
            if isinstance(validator, MinValueValidator | MaxValueValidator):
                said = short_decimal(Decimal(validator.limit_value))
                validator.message = format_lazy(LIMITS[type(validator)], said)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        text = str(value or "").strip()
        if not text:
            return None
        found = french_decimal(text)
        if found is None:
            raise ValidationError(_("Saisissez un nombre, par exemple 1\u202f234,50."))
        return found

    def prepare_value(self, value: Any) -> Any:
        return short_decimal(value) if isinstance(value, Decimal) else value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "autocomplete": "off"}


class SignedDecimalField(FrenchDecimalField):
    """The same, with a sign in front: « -5 », « +2,5 », « −10 »."""

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        text = str(value or "").strip().replace("−", "-")
        found = super().to_python(text.lstrip("+-").strip() if text[:1] in {"+", "-"} else text)
        return -found if found is not None and text.startswith("-") else found


class ReasonField(forms.ChoiceField):
    """Why staff do something: one of a list, and none by default."""

    widget = UnfoldAdminSelectWidget
    default_error_messages = {
        "required": _("Choisissez une raison."),
        "invalid_choice": _("Choisissez une raison de la liste."),
    }

    def __init__(self, reasons: type[Choices]) -> None:
        super().__init__(label=_("Raison"), choices=[("", _("Choisissez…")), *reasons.choices])
