"""Staff forms of prices and promotions: numbers as French people write them, each refusal beside its field."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldBooleanWidget

from config.forms import FrenchDecimalField
from shop.catalogue.services import HIGHEST_PRICE
from shop.pricing.checks import FIGURES, MOST_AHEAD, problems_of
from shop.pricing.models import PlannedPrice, Promotion
from shop.pricing.plan_files import MOST_BYTES, PlanFileRefused, PlanLine, read
from shop.pricing.queries import SCOPES, Scope, draft_of
from shop.pricing.wording import PLAN_FILES, PLANS, problem

CENT = Decimal("0.01")
ALL_FIGURES = {name for names in FIGURES.values() for name in names}


class PlannedPriceForm(forms.ModelForm):  # type: ignore[type-arg]
    price = FrenchDecimalField(
        label=_("Prix TTC (€)"), max_digits=8, decimal_places=2, min_value=CENT, max_value=HIGHEST_PRICE
    )

    class Meta:
        model = PlannedPrice
        fields = ("product", "price", "starts_at")
        help_texts = {"starts_at": _("Heure de Paris ; le prix change dans la minute.")}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        product, starts_at = cleaned.get("product"), cleaned.get("starts_at")
        if starts_at and starts_at <= timezone.now():
            self.add_error(
                "starts_at",
                _("Choisissez un instant à venir ; pour changer un prix tout de suite, ouvrez le produit."),
            )
        elif starts_at and starts_at > timezone.now() + MOST_AHEAD:
            self.add_error("starts_at", PLANS["too_far"])
        elif product and starts_at and _is_planned(product.pk, starts_at):
            self.add_error(
                "starts_at", _("Un prix est déjà prévu pour ce produit à cet instant : annulez-le d’abord.")
            )
        return cleaned


def _is_planned(product_id: int, starts_at: Any) -> bool:
    planned = PlannedPrice.objects.filter(state=PlannedPrice.State.PLANNED)
    return planned.filter(product_id=product_id, starts_at=starts_at).exists()


class PlanFileForm(forms.Form):
    """A file of planned prices, tried before it is applied."""

    file = forms.FileField(
        label=_("Fichier CSV"), widget=UnfoldAdminFileFieldWidget,
        help_text=_("Trois colonnes : « ean » (ou « référence »), « prix », « date ». 1 Mio au plus."),
    )  # fmt: skip
    preview = forms.BooleanField(
        label=_("Essai : vérifier sans rien écrire"), required=False, initial=True, widget=UnfoldBooleanWidget
    )

    def clean_file(self) -> list[PlanLine]:
        """The lines of the file."""
        upload = self.cleaned_data["file"]
        if (upload.size or 0) > MOST_BYTES:
            raise ValidationError(_("Ce fichier dépasse 1 Mio : découpez-le."))
        try:
            return read(upload.read())
        except PlanFileRefused as refused:
            raise ValidationError(PLAN_FILES[refused.code]) from refused


class PromotionForm(forms.ModelForm):  # type: ignore[type-arg]
    """A promotion with its scope. What the law refuses is said beside the figure or the articles it is about."""

    percent = FrenchDecimalField(
        label=_("Réduction (%)"), required=False, max_digits=4, decimal_places=1, min_value=Decimal("0.1"),
        max_value=Decimal(100), help_text=_("Pour un pourcentage, ou sur le deuxième article."),
    )  # fmt: skip
    amount = FrenchDecimalField(
        label=_("Montant (€)"), required=False, max_digits=7, decimal_places=2, min_value=CENT,
        help_text=_("Déduit de chaque article (ou kilo), ou prix du lot."),
    )  # fmt: skip
    free_from = FrenchDecimalField(
        label=_("Articles, dès (€)"), required=False, max_digits=7, decimal_places=2, min_value=Decimal(0),
        help_text=_("Pour la livraison offerte, après réductions."),
    )  # fmt: skip
    budget = FrenchDecimalField(
        label=_("Budget (€)"), required=False, max_digits=9, decimal_places=2, min_value=CENT,
        help_text=_("Vide : sans limite. La promotion s’arrête quand il est dépensé."),
    )  # fmt: skip

    class Meta:
        model = Promotion
        fields = (
            "name", "kind", "percent", "amount", "take", "pay", "free_from", "points_factor", "products", "aisles", "brands", "zones",
            "slot_weekdays", "slot_from_hour", "slot_until_hour", "off_peak_only", "starts_at", "ends_at", "budget",
            "most_per_order",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Figures of another kind are left aside rather than refused: whoever changed their mind keeps going."""
        cleaned = super().clean() or {}
        for name in ALL_FIGURES - set(FIGURES.get(cleaned.get("kind", ""), ())):
            if name in self.fields:
                cleaned[name] = None
        return cleaned

    @property
    def scope(self) -> Scope:
        """What was chosen, once the form is valid."""
        return Scope(**{name: list(self.cleaned_data.get(name) or ()) for name in SCOPES})

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors or not self.fields:
            return
        for found in problems_of(draft_of(self.instance, self.scope), now=timezone.now()):
            self.add_error(
                found.field if found.field in self.fields else None, ValidationError(problem(found))
            )
