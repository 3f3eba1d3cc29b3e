"""Staff forms of the catalogue."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminImageFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from config.forms import FrenchDecimalField, SignedDecimalField
from config.pictures import PictureRefused, checked_picture
from shop.catalogue import rules
from shop.catalogue.models import DUE_BY_SHELF, Aisle, Product, ProductPicture
from shop.catalogue.nutrition import NutritionField
from shop.catalogue.queries import missing_of
from shop.catalogue.services import HIGHEST_PRICE
from shop.catalogue.wording import missing_words

NONE_STATED = "aucun"


class PriceForm(forms.Form):
    """A new price, or a change in percent, for the chosen products."""

    how = forms.ChoiceField(
        label=_("Changement"),
        choices=[("fixed", _("nouveau prix TTC (€)")), ("percent", _("hausse ou baisse (%)"))],
        widget=UnfoldAdminSelectWidget,
    )
    value = SignedDecimalField(label=_("Valeur"), max_digits=8, decimal_places=2)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        how, value = cleaned.get("how"), cleaned.get("value")
        if value is None:
            return cleaned
        if how == "fixed" and not 0 < value <= HIGHEST_PRICE:
            self.add_error("value", _("Un prix va de 0,01 à 9\u202f999,99\u202f€."))
        if how == "percent" and (not -50 <= value <= 100 or not value):
            self.add_error("value", _("Un changement va de −50 à +100\u202f%."))
        return cleaned

    def new_price(self, price: Decimal | None) -> Decimal | None:
        """The price after the change, half up to the cent; None for a product that has none to change."""
        value: Decimal = self.cleaned_data["value"]
        if self.cleaned_data["how"] == "fixed":
            return value
        if price is None:
            return None
        changed = rules.to_cents(price * (100 + value) / 100)
        return min(max(changed, rules.CENT), HIGHEST_PRICE)


class ProductForm(forms.ModelForm):  # type: ignore[type-arg]
    """A product's particulars. A product on sale cannot lose one that is due."""

    # Longer than the column: a code is often pasted with spaces.
    ean = forms.CharField(label=_("Code-barres"), max_length=20, widget=UnfoldAdminTextInputWidget)
    net_quantity = FrenchDecimalField(
        label=_("Quantité nette"), required=False, max_digits=9, decimal_places=2, min_value=Decimal("0.01"),
        help_text=_("en grammes, millilitres ou pièces\u202f; inutile pour un article vendu au poids"),
    )  # fmt: skip
    deposit = FrenchDecimalField(
        label=_("Consigne (€)"), required=False, max_digits=5, decimal_places=2, min_value=Decimal(0)
    )
    alcohol_degree = FrenchDecimalField(
        label=_("Degré d’alcool"), required=False, max_digits=4, decimal_places=1, min_value=Decimal(0),
        max_value=Decimal(96),
    )  # fmt: skip
    nutrition = NutritionField(label=_("Valeurs nutritionnelles pour 100\u202fg ou 100\u202fml"))
    minimum_age = forms.IntegerField(
        label=_("Âge minimal"), required=False, min_value=1, max_value=rules.HIGHEST_AGE,
        widget=UnfoldAdminIntegerFieldWidget, help_text=_("en années\u202f; vide si la vente est libre"),
    )  # fmt: skip
    allergens = forms.MultipleChoiceField(
        label=_("Allergènes déclarés par le producteur"), required=False,
        choices=[(NONE_STATED, _("aucun (déclaré)")), *((name, name) for name in rules.ALLERGENS)],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("Rien de coché\u202f: non communiqué. Ne jamais deviner à partir des ingrédients."),
    )  # fmt: skip

    traces = forms.MultipleChoiceField(
        label=_("Traces possibles, d’après l’emballage"), required=False,
        choices=[(name, name) for name in rules.ALLERGENS], widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("« Peut contenir… »"),
    )  # fmt: skip

    class Meta:
        model = Product
        fields = (
            "ean", "name", "brand", "shelf", "description", "packaging", "packshot", "sold_by", "weight_step_g",
            "net_quantity", "net_unit", "vat_rate", "deposit", "is_food", "legal_name", "ingredients", "allergens",
            "traces", "allergens_checked_on", "nutrition", "stated_nutriscore", "labels", "origin", "storage",
            "minimum_life_days",
            "instructions", "operator", "alcohol_degree", "minimum_age", "is_first_age_milk",
        )  # fmt: skip
        help_texts = {
            "labels": _("séparés par des virgules"),
            "stated_nutriscore": _("de A à E, seulement s’il figure sur l’emballage"),
            "legal_name": _(
                "celle de l’emballage, par exemple «\u202flait demi-écrémé stérilisé UHT\u202f»\u202f; vide si le nom la donne"
            ),
            "operator": _("nom et adresse, tels que l’emballage les donne"),
            "instructions": _("seulement s’il en faut un pour bien s’en servir"),
            "packaging": _("par exemple «\u202fbouteille de 75\u202fcl\u202f»"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "labels" in self.fields:
            self.fields["labels"].widget = UnfoldAdminTextInputWidget()
        stated = self.instance.allergens
        self.initial["allergens"] = [NONE_STATED] if stated == [] else stated or []

    def clean_ean(self) -> str:
        code = rules.normalised_ean(self.cleaned_data["ean"])
        if code is None:
            raise ValidationError(_("Code-barres de 8, 12, 13 ou 14 chiffres, clé comprise."))
        return code

    def clean_deposit(self) -> Decimal:
        return self.cleaned_data["deposit"] or Decimal(0)

    def clean_allergens(self) -> list[str] | None:
        chosen = self.cleaned_data["allergens"]
        if NONE_STATED in chosen and len(chosen) > 1:
            raise ValidationError(_("«\u202faucun\u202f» ne va pas avec un allergène."))
        return [] if chosen == [NONE_STATED] else chosen or None

    def clean_allergens_checked_on(self) -> date | None:
        day: date | None = self.cleaned_data["allergens_checked_on"]
        if day and day > timezone.localdate():
            raise ValidationError(_("Cette date est à venir : indiquez le jour de la vérification."))
        if day and "allergens" in self.cleaned_data and self.cleaned_data["allergens"] is None:
            raise ValidationError(_("Rien à vérifier : les allergènes ne sont pas communiqués."))
        return day

    def clean_stated_nutriscore(self) -> str:
        score = self.cleaned_data["stated_nutriscore"].lower()
        if score not in {"", *"abcde"}:
            raise ValidationError(_("Le Nutri-Score va de A à E."))
        return str(score)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("sold_by") == Product.SoldBy.WEIGHT and not cleaned.get("weight_step_g"):
            self.add_error("weight_step_g", _("Un article vendu au poids a un pas en grammes."))
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors or not self.instance.is_published:
            return
        if reasons := missing_of(self.instance):
            words = ", ".join(missing_words(reasons))
            self.add_error(
                None,
                _("Ce produit est en vente\u202f: %(words)s. Retirez-le d’abord de la vente.")
                % {"words": words},
            )


class AisleForm(forms.ModelForm):  # type: ignore[type-arg]
    """An aisle, or a shelf under one: the tree has two levels."""

    requires = forms.MultipleChoiceField(
        label=_("Mentions obligatoires"), required=False, choices=DUE_BY_SHELF,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("Sans elles, un article de ce rayon ne peut être publié."),
    )  # fmt: skip

    class Meta:
        model = Aisle
        fields = (
            "name",
            "slug",
            "parent",
            "position",
            "tint",
            "default_vat_rate",
            "temperature",
            "minimum_life_days",
            "may_be_returned",
            "requires",
        )

    def clean_parent(self) -> Aisle | None:
        parent: Aisle | None = self.cleaned_data["parent"]
        if parent is None:
            return None
        if parent.parent_id or parent.pk == self.instance.pk:
            raise ValidationError(_("Un sous-rayon se place sous un rayon principal."))
        if self.instance.pk and self.instance.shelves.exists():
            raise ValidationError(_("Ce rayon a des sous-rayons\u202f: il reste principal."))
        return parent


class CheckedPictureField(forms.FileField):
    """A file that becomes a clean picture of ours, or a French sentence saying why not."""

    widget = UnfoldAdminImageFieldWidget

    def to_python(self, data: Any) -> Any:
        upload = super().to_python(data)
        if upload is None:
            return None
        try:
            return checked_picture(upload)
        except PictureRefused as refused:
            raise ValidationError(refused.words) from refused


class PictureForm(forms.ModelForm):  # type: ignore[type-arg]
    image = CheckedPictureField(label=_("Image"))

    class Meta:
        model = ProductPicture
        fields = ("image", "alt", "position")
