"""Staff forms of stock and of the import page."""

from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from shop.stock.queries import depot_choices

# Larger files take longer than a web request may: they go through the command.
MAX_UPLOAD = 3 * 1024 * 1024


class StockForm(forms.Form):
    """A counted stock, or what arrived or broke, for the chosen items."""

    how = forms.ChoiceField(
        label=_("Changement"),
        choices=[("set", _("stock compté")), ("add", _("ajout ou retrait"))],
        widget=UnfoldAdminSelectWidget,
    )
    quantity = forms.RegexField(
        label=_("Quantité"), regex=r"^[+\-−]?[0-9]{1,8}$", widget=UnfoldAdminTextInputWidget,
        help_text=_("en pièces, ou en grammes pour un article vendu au poids"),
        error_messages={"invalid": _("Saisissez un nombre entier, par exemple 24.")},
    )  # fmt: skip
    expected_restock_on = forms.DateField(
        label=_("Réassort prévu le"), required=False, widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
        help_text=_("facultatif\u202f; montré sur la page des articles épuisés, tant que ce jour n’est pas passé"),
    )  # fmt: skip

    def clean_quantity(self) -> int:
        return int(self.cleaned_data["quantity"].replace("−", "-"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("how") == "set" and cleaned.get("quantity", 0) < 0:
            self.add_error("quantity", _("Un stock compté n’est pas négatif."))
        return cleaned


class ImportForm(forms.Form):
    """A file of products for the import engine."""

    file = forms.FileField(
        label=_("Fichier CSV ou XLSX"), widget=UnfoldAdminFileFieldWidget,
        help_text=_("3\u202fMio au plus\u202f; au-delà, la commande import_products s’en charge."),
    )  # fmt: skip
    depot = forms.ChoiceField(label=_("Dépôt du stock"), widget=UnfoldAdminSelectWidget)
    preview = forms.BooleanField(
        label=_("Essai\u202f: vérifier et compter sans rien écrire"), required=False, initial=True,
        widget=UnfoldBooleanWidget,
    )  # fmt: skip
    demonstration = forms.BooleanField(
        label=_("Compléter ce qui manque, en illustrations"), required=False, widget=UnfoldBooleanWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["depot"].choices = depot_choices()  # type: ignore[attr-defined]
        if not settings.DEMONSTRATION:
            del self.fields["demonstration"]

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        if (upload.size or 0) > MAX_UPLOAD:
            raise ValidationError(
                _("Ce fichier dépasse 3\u202fMio\u202f: utilisez la commande import_products.")
            )
        if Path(upload.name or "").suffix.lower() not in {".csv", ".xlsx"}:
            raise ValidationError(_("Un fichier CSV ou XLSX est attendu."))
        return upload
