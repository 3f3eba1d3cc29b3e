"""The form of the page that imports products."""

from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget, UnfoldBooleanWidget

from shop.stock.queries import depot_choices

# Larger files take longer than a web request may: they go through the command.
MAX_UPLOAD = 3 * 1024 * 1024


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
