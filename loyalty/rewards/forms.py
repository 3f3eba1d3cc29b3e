"""What staff type of articles to give, of their stock and of rewards."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from config.forms import FrenchDecimalField
from loyalty.points.queries import terms_at
from loyalty.points.rules import worth
from loyalty.rewards.models import Item, ItemMove, Reward
from loyalty.rewards.ports import product_of
from loyalty.rewards.rules import GIVEN_AWAY, LEAST_POINTS, MOST_DELIVERIES, MOST_POINTS

MOST_UNITS = 100_000
BY_HAND = [ItemMove.Kind.RECEIVED, ItemMove.Kind.COUNTED, ItemMove.Kind.LOST]
# What each kind of reward is made of.
NEEDED = {
    "goods": ("item",),
    "voucher": ("amount",),
    "deliveries": ("deliveries",),
    "product": ("amount", "ean"),
}


class ItemForm(forms.ModelForm):  # type: ignore[type-arg]
    """``ean`` names the product of the catalogue that it is, or that a sample is of: the law looks at it."""

    cost = FrenchDecimalField(
        label=_("Coût HT (€)"), min_value=0, max_value=Decimal(1000), max_digits=7, decimal_places=2
    )
    ean = forms.CharField(
        label=_("Code-barres du produit vendu"), max_length=14, required=False, widget=UnfoldAdminTextInputWidget,
        help_text=_("D’un échantillon\u202f: le produit que l’on goûte. Vide pour ce qui ne se vend pas."),
    )  # fmt: skip
    is_lawful = forms.BooleanField(
        label=_("Ni alcool, ni lait premier âge"),
        error_messages={"required": _("La loi interdit d’offrir de l’alcool ou du lait premier âge.")},
    )

    class Meta:
        model = Item
        fields = ("name", "description", "kind", "cost")

    def clean_name(self) -> str:
        return lawful(self.cleaned_data["name"])

    def clean_description(self) -> str:
        return lawful(self.cleaned_data["description"])

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        ean = str(told.get("ean") or "").strip()
        product = product_of(ean) if ean else None
        self.instance.shelf_ref = self.instance.product_ref = None
        if ean and product is None:
            self.add_error("ean", _("Aucun produit du catalogue n’a ce code-barres."))
        elif product and product.is_first_age_milk:
            self.add_error("ean", _("%(name)s\u202f: la loi interdit d’offrir du lait premier âge.") % {"name": product.name})  # fmt: skip
        elif product and product.is_alcohol:
            self.add_error(
                "ean", _("%(name)s\u202f: la loi interdit d’offrir de l’alcool.") % {"name": product.name}
            )
        elif product:
            self.instance.product_ref = product.product_ref
        if told.get("kind") == Item.Kind.SAMPLE and not self.errors:
            if product is None or product.shelf_ref is None:
                self.add_error(
                    "ean", _("D’un échantillon, indiquez le produit\u202f: son rayon dit à qui il va.")
                )
            else:
                self.instance.shelf_ref = product.shelf_ref
        return told


def lawful(words: str) -> str:
    """The same words, where no food is called free in them. Raises ValidationError."""
    if GIVEN_AWAY.search(words):
        raise ValidationError(
            _(
                "La loi interdit de dire un aliment «\u202fgratuit\u202f» ou «\u202foffert\u202f»\u202f: nommez l’article."
            )
        )
    return words


class StockForm(forms.Form):
    """``key`` names this very page: sent twice, it moves once."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(
        label=_("Pourquoi"),
        choices=[(one.value, one.label) for one in BY_HAND],
        widget=UnfoldAdminSelectWidget,
    )
    units = forms.IntegerField(
        label=_("Pièces"), min_value=-MOST_UNITS, max_value=MOST_UNITS, widget=UnfoldAdminTextInputWidget,
        help_text=_("Reçues\u202f: 20. Perdues\u202f: -2. Recomptées\u202f: la différence, avec son signe."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        kind, units = told.get("kind"), told.get("units")
        if units == 0:
            self.add_error("units", _("Zéro ne change rien."))
        elif units is not None and (
            (kind == ItemMove.Kind.RECEIVED and units < 0) or (kind == ItemMove.Kind.LOST and units > 0)
        ):
            self.add_error("units", _("Reçues\u202f: un nombre positif. Perdues\u202f: un nombre négatif."))
        return told


class RewardForm(forms.ModelForm):  # type: ignore[type-arg]
    points = forms.IntegerField(
        label=_("Points"), min_value=LEAST_POINTS, max_value=MOST_POINTS, widget=UnfoldAdminTextInputWidget
    )
    amount = FrenchDecimalField(
        label=_("Déduit (€)"), required=False, min_value=Decimal("0.01"), max_value=Decimal(500),
        max_digits=6, decimal_places=2,
    )  # fmt: skip
    deliveries = forms.IntegerField(
        label=_("Nombre de livraisons"), required=False, min_value=1, max_value=MOST_DELIVERIES,
        widget=UnfoldAdminTextInputWidget,
    )  # fmt: skip

    ean = forms.CharField(
        label=_("Code-barres du produit"), max_length=14, required=False, widget=UnfoldAdminTextInputWidget,
        help_text=_("D’un produit dont le reste se paie en euros."),
    )  # fmt: skip

    class Meta:
        model = Reward
        fields = ("kind", "points", "item", "amount", "deliveries", "starts_at")

    def clean_starts_at(self) -> Any:
        at = self.cleaned_data["starts_at"]
        if at < timezone.now() - timedelta(minutes=5):
            raise ValidationError(
                _("Une récompense ne vaut pas pour le passé\u202f: aujourd’hui au plus tôt.")
            )
        return at

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        needed = NEEDED.get(str(told.get("kind")), ())
        for name in ("item", "amount", "deliveries", "ean"):
            if name in needed and not told.get(name) and name not in self.errors:
                self.add_error(name, _("À remplir pour cette nature de récompense."))
            elif name not in needed and told.get(name):
                self.add_error(name, _("À laisser vide pour cette nature de récompense."))
        self._check_worth(told)
        self._find_product(told)
        return told

    def _find_product(self, told: dict[str, Any]) -> None:
        """Points on a named product are an advantage on it, which the law caps (`shop.pricing.caps`)."""
        self.instance.product_ref, self.instance.product_name = None, ""
        if told.get("kind") != Reward.Kind.PRODUCT or self.errors:
            return
        product = product_of(str(told["ean"]).strip())
        if product is None or product.most_off is None:
            self.add_error("ean", _("Aucun produit en vente n’a ce code-barres."))
        elif product.is_first_age_milk or product.is_alcohol:
            self.add_error(
                "ean", _("%(name)s\u202f: la loi interdit d’y attacher des points.") % {"name": product.name}
            )
        elif told["amount"] > product.most_off:
            said = _("%(name)s\u202f: la loi et son prix d’achat laissent déduire %(most)s\u00a0€ au plus.")
            most = str(product.most_off).replace(".", ",")
            self.add_error("amount", said % {"name": product.name, "most": most})
        else:
            self.instance.product_ref, self.instance.product_name = product.product_ref, product.name[:200]

    def _check_worth(self, told: dict[str, Any]) -> None:
        row = terms_at(timezone.now())
        points, amount = told.get("points"), told.get("amount")
        if (
            row is None
            or not points
            or not amount
            or told.get("kind") not in {Reward.Kind.VOUCHER, Reward.Kind.PRODUCT}
        ):
            return
        # What points are worth is what the law counts where they are multiplied (`shop.pricing.caps`): no reward is worth more.
        if amount > (most := worth(points, row.terms)):
            said = _(
                "%(points)s\u00a0points valent %(worth)s\u00a0€\u202f: une récompense ne vaut pas davantage."
            )
            self.add_error("amount", said % {"points": points, "worth": str(most).replace(".", ",")})
