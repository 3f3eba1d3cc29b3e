"""What staff say of a recall."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from shop.catalogue.models import Product
from shop.catalogue.rules import normalised_ean
from shop.recalls.models import Recall
from shop.recalls.queries import product_by_ean
from shop.recalls.rules import MOST_LOTS, is_lot, is_notice, lots_of
from shop.recalls.services import NewRecall

WRONG_NOTICE = _("Un numéro RappelConso s’écrit 2026-11-0123 ou SR/00123/26.")
WRONG_URL = _("Collez l’adresse de la fiche, qui commence par https://.")
_is_https = URLValidator(schemes=["https"], message=WRONG_URL)


def _date(label: Any, **more: Any) -> forms.DateField:
    return forms.DateField(
        label=label, required=False, widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}), **more
    )


def _text(label: Any, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, widget=UnfoldAdminTextInputWidget, **more)


class NoticeForm(forms.Form):
    """The official notice: both its number and its address, or neither yet."""

    notice_reference = _text(_("Avis RappelConso n°"), max_length=20, required=False)
    notice_url = _text(_("Adresse de l’avis"), max_length=200, required=False)

    def clean_notice_reference(self) -> str:
        reference = str(self.cleaned_data["notice_reference"]).strip().upper()
        if reference and not is_notice(reference):
            raise forms.ValidationError(WRONG_NOTICE)
        return reference

    def clean_notice_url(self) -> str:
        url = str(self.cleaned_data["notice_url"]).strip()
        if url:
            _is_https(url)
        return url

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and bool(cleaned["notice_reference"]) != bool(cleaned["notice_url"]):
            missing = "notice_url" if cleaned["notice_reference"] else "notice_reference"
            self.add_error(missing, _("Le numéro et l’adresse de l’avis vont ensemble."))
        return cleaned


class RecallForm(NoticeForm):
    """All that a recall says, read once more before it is opened."""

    ean = _text(_("Code-barres"), max_length=20)
    lots = forms.CharField(
        label=_("Lots"), required=False, max_length=2500, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("Séparés par une virgule. Vide, et sans date : tout le produit est rappelé."),
    )  # fmt: skip
    best_before_from = _date(_("DLC ou DDM à partir du"))
    best_before_to = _date(_("DLC ou DDM jusqu’au"))
    sold_since = _date(
        _("Livré depuis le"),
        help_text=_("Les commandes livrées avant ce jour ne sont pas concernées. Vide : toutes le sont."),
    )
    hazard = forms.ChoiceField(label=_("Risque"), choices=Recall.Hazard, widget=UnfoldAdminSelectWidget)
    sentence = _text(_("Motif, lu par les clients"), max_length=300, help_text=_("Une phrase."))
    advice = forms.ChoiceField(label=_("Que faire"), choices=Recall.Advice, widget=UnfoldAdminSelectWidget)

    field_order = (
        "ean", "lots", "best_before_from", "best_before_to", "sold_since", "hazard", "sentence", "advice",
        "notice_reference", "notice_url",
    )  # fmt: skip
    product: Product

    def clean_ean(self) -> str:
        code = normalised_ean(self.cleaned_data["ean"])
        if code is None:
            raise forms.ValidationError(_("Ce code-barres est mal lu : un chiffre manque ou est faux."))
        product = product_by_ean(code)
        if product is None:
            raise forms.ValidationError(_("La boutique ne connaît pas ce code-barres."))
        self.product = product
        return code

    def clean_lots(self) -> list[str]:
        lots = lots_of(self.cleaned_data["lots"])
        if len(lots) > MOST_LOTS:
            raise forms.ValidationError(_("Cinquante lots au plus : indiquez plutôt des dates."))
        if not all(map(is_lot, lots)):
            raise forms.ValidationError(
                _("Un lot s’écrit en lettres, chiffres, points, barres et tirets, 40 caractères au plus.")
            )
        return lots

    def clean_sold_since(self) -> Any:
        day = self.cleaned_data["sold_since"]
        if day and day > timezone.localdate():
            raise forms.ValidationError(_("Ce jour n’est pas encore venu."))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        first, last = cleaned.get("best_before_from"), cleaned.get("best_before_to")
        if first and last and last < first:
            self.add_error("best_before_to", _("La seconde date vient avant la première."))
        return cleaned

    def wanted(self) -> NewRecall:
        """What was typed. Call once valid."""
        return NewRecall(**self.cleaned_data)

    def asked(self) -> Mapping[str, Any]:
        """The same, as `queries.figures` asks it."""
        told = self.cleaned_data
        return {
            "product_id": self.product.pk, "lots": told["lots"], "first": told["best_before_from"],
            "last": told["best_before_to"], "since": told["sold_since"],
        }  # fmt: skip


class ShelfForm(forms.Form):
    """What was found safe on one shelf."""

    kept = forms.IntegerField(
        label=_("Sains, remis en rayon"), min_value=0, max_value=9_999_999,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
        error_messages={"required": _("Comptez ce qui reste ; 0 si rien.")},
    )  # fmt: skip
