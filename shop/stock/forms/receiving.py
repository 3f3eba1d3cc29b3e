"""A supplier's delivery, line by line, as the delivery note reads."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from config.forms import FrenchDecimalField
from config.numbers import french_decimal
from shop.catalogue.rules import normalised_ean
from shop.stock.queries import Received, depot_choices, products_by_ean
from shop.stock.services import Receipt

LINES = 15
_WHOLE = re.compile(r"[0-9]{1,8}")
MOST_GRAMS = 99_999_999


class DeliveryForm(forms.Form):
    """Where it came in, and under which number."""

    depot = forms.ChoiceField(label=_("Dépôt"), widget=UnfoldAdminSelectWidget)
    delivery_note = forms.CharField(
        label=_("Bon de livraison n°"), max_length=40, widget=UnfoldAdminTextInputWidget,
        help_text=_("le même bon n’entre pas deux fois"),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["depot"].choices = depot_choices()  # type: ignore[attr-defined]


class ReceivedLine(forms.Form):
    """One article of one lot. A line left empty is no line."""

    ean = forms.CharField(label=_("Code-barres"), max_length=20, widget=UnfoldAdminTextInputWidget)
    quantity = forms.CharField(label=_("Quantité"), max_length=12, widget=UnfoldAdminTextInputWidget)
    lot = forms.CharField(label=_("Lot"), max_length=40, required=False, widget=UnfoldAdminTextInputWidget)
    best_before_on = forms.DateField(
        label=_("DLC ou DDM"), required=False, widget=UnfoldAdminTextInputWidget(attrs={"type": "date"})
    )
    unit_cost = FrenchDecimalField(
        label=_("Coût HT"), required=False, min_value=Decimal(0), max_digits=9, decimal_places=4
    )

    def clean_ean(self) -> str:
        code = normalised_ean(self.cleaned_data["ean"])
        if code is None:
            raise ValidationError(_("Ce code-barres est mal lu\u202f: un chiffre manque ou est faux."))
        return code

    def clean_best_before_on(self) -> Any:
        day = self.cleaned_data["best_before_on"]
        if day and day < timezone.localdate():
            raise ValidationError(
                _("Cette date est passée\u202f: refusez la marchandise ou corrigez la date.")
            )
        return day


class _Lines(forms.BaseFormSet):  # type: ignore[type-arg]
    def clean(self) -> None:
        """Name what is unknown or entered twice on its own line. One query for all codes."""
        told = [form for form in self.forms if form.is_valid() and form.has_changed()]
        known = products_by_ean([form.cleaned_data["ean"] for form in told])
        seen: dict[Any, int] = {}
        for number, form in enumerate(self.forms, start=1):
            if form in told:
                self._settle(form, known.get(form.cleaned_data["ean"]), number, seen)
        if not told and not any(form.errors for form in self.forms):
            raise ValidationError(_("Aucune ligne n’est remplie."))

    @staticmethod
    def _settle(form: forms.Form, product: Received | None, number: int, seen: dict[Any, int]) -> None:
        if product is None:
            form.add_error("ean", _("La boutique ne connaît pas ce code-barres."))
            return
        data = form.cleaned_data
        data["product_id"] = product.id
        data["units"] = units_of(data["quantity"], sold_by_weight=product.sold_by == "weight")
        if not data["units"]:
            form.add_error("quantity", _QUANTITY_HINT[product.sold_by])
        first = seen.setdefault((product.id, data["lot"], data["best_before_on"]), number)
        if first != number:
            form.add_error("ean", _("Même article et même lot qu’à la ligne %(n)s.") % {"n": first})

    def receipts(self) -> list[Receipt]:
        """What was entered. Call once valid."""
        return [
            Receipt(
                product_id=data["product_id"], quantity=data["units"], lot=data["lot"],
                best_before_on=data["best_before_on"], unit_cost=data["unit_cost"],
            )
            for data in (form.cleaned_data for form in self.forms if form.has_changed())
        ]  # fmt: skip


_QUANTITY_HINT = {
    "weight": _("Vendu au poids\u202f: saisissez par exemple 12,5 kg, ou 12500 grammes sans unité."),
    "piece": _("Vendu à la pièce\u202f: saisissez un nombre entier, par exemple 24."),
}
ReceivedLines = forms.formset_factory(
    ReceivedLine, formset=_Lines, extra=LINES, max_num=LINES, validate_max=True
)


def units_of(text: str, *, sold_by_weight: bool) -> int | None:
    """Pieces, or grams for what is weighed (« 12,5 kg » too); None when it is neither, or nothing."""
    text = text.strip().lower()
    if _WHOLE.fullmatch(text):
        return int(text) or None
    if not sold_by_weight or not text.endswith("kg"):
        return None
    grams = (french_decimal(text.removesuffix("kg").strip()) or 0) * 1000
    return int(grams) or None if grams == int(grams) and grams <= MOST_GRAMS else None
