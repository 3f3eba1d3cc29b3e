"""The nutrition declaration as staff read it off a packaging: one figure a line, for 100 g or 100 ml."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from config.forms import FrenchDecimalField
from config.numbers import short_decimal
from shop.catalogue.rules import nutrition_is_possible

# In the order of the law's table (regulation 1169/2011, annex XV).
LINES = {
    "energy_kj": _("Énergie (kJ)"),
    "energy_kcal": _("Énergie (kcal)"),
    "fat_g": _("Matières grasses (g)"),
    "saturated_fat_g": _("dont acides gras saturés (g)"),
    "carbohydrates_g": _("Glucides (g)"),
    "sugars_g": _("dont sucres (g)"),
    "fiber_g": _("Fibres alimentaires (g)"),
    "proteins_g": _("Protéines (g)"),
    "salt_g": pgettext_lazy("nutrition", "Sel (g)"),
}


class NutritionWidget(forms.MultiWidget):
    """A labelled line for each figure."""

    def __init__(self) -> None:
        line = {"inputmode": "decimal", "autocomplete": "off"}
        super().__init__({name: UnfoldAdminTextInputWidget(attrs=line) for name in LINES})

    def decompress(self, value: Any) -> list[str]:
        told = value if isinstance(value, Mapping) else {}
        return [short_decimal(Decimal(str(told[name]))) if name in told else "" for name in LINES]

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        parts = self.get_context(name, value, attrs)["widget"]["subwidgets"]
        rows = format_html_join(
            "",
            '<label class="block mb-2" for="{}"><span class="block">{}</span>{}</label>',
            (
                (
                    part["attrs"]["id"],
                    label,
                    line.render(part["name"], part["value"], part["attrs"], renderer),
                )
                for line, part, label in zip(self.widgets, parts, LINES.values(), strict=True)
            ),
        )
        return format_html('<div class="grid gap-x-4 sm:grid-cols-2 max-w-2xl">{}</div>', rows)

    def id_for_label(self, id_: str, index: str = "0") -> str:
        """The first line: the label of the whole leads there."""
        return f"{id_}_{index}" if id_ else id_


class NutritionField(forms.MultiValueField):
    """What is filled in, as a product keeps it: name → figure; {} for nothing."""

    widget = NutritionWidget

    def __init__(self, **kwargs: Any) -> None:
        lines = [
            FrenchDecimalField(label=label, required=False, max_digits=8, decimal_places=4)
            for label in LINES.values()
        ]
        super().__init__(fields=lines, require_all_fields=False, required=False, **kwargs)

    def compress(self, data_list: Sequence[Decimal | None]) -> dict[str, float]:
        told = dict(zip(LINES, data_list, strict=False))
        figures = {name: _plain(figure) for name, figure in told.items() if figure is not None}
        if figures and not nutrition_is_possible(figures):
            raise ValidationError(
                _(
                    "Ces valeurs ne vont pas ensemble\u202f: une part dépasse son tout (« dont »), ou le total passe"
                    " 100\u202fg. Relisez l’emballage, pour 100\u202fg ou 100\u202fml."
                )
            )
        return figures


def _plain(figure: Decimal) -> float:
    """As JSON keeps it: 250 stays 250."""
    return int(figure) if figure == int(figure) else float(figure)
