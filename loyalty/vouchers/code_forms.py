"""What staff type to write a shared code; what it is for is found by name, through a port."""

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.forms.models import construct_instance
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import AutocompleteWidgetMixin, UnfoldAdminTextInputWidget

from config.forms import FrenchDecimalField
from loyalty.vouchers.codes import MOST_ARTICLES, MOST_BUDGET, problems_of
from loyalty.vouchers.models import SharedCode, Voucher
from loyalty.vouchers.ports import AISLES, BRANDS, PRODUCTS, shelves
from loyalty.vouchers.rules import MOST_TYPED, NOTHING, SEGMENTS, Scope, canonical_code
from loyalty.vouchers.wording import fault_said

_CHOICE = re.compile(rf"({PRODUCTS}|{AISLES}|{BRANDS}):([1-9][0-9]{{0,17}})", re.ASCII)
KINDS = {PRODUCTS: _("produit"), AISLES: _("rayon"), BRANDS: _("marque")}


def choice_of(kind: str, pk: int) -> str:
    return f"{kind}:{pk}"


def said(kind: str, name: str) -> str:
    """« Crémerie (rayon) »."""
    return f"{name} ({KINDS[kind]})"


def choices_of(scope: Scope) -> list[str]:
    ids = {AISLES: scope.aisles, BRANDS: scope.brands, PRODUCTS: scope.products}
    return [choice_of(kind, pk) for kind, pks in ids.items() for pk in sorted(pks)]


def scope_of(choices: Iterable[str]) -> Scope:
    """Raises ValidationError for what the page never offers."""
    found: dict[str, set[int]] = {PRODUCTS: set(), AISLES: set(), BRANDS: set()}
    for one in choices:
        match = _CHOICE.fullmatch(one)
        if match is None:
            raise ValidationError(_("Choisissez dans la liste."))
        found[match[1]].add(int(match[2]))
    return Scope(*(frozenset(found[kind]) for kind in (PRODUCTS, AISLES, BRANDS)))


class ScopeWidget(AutocompleteWidgetMixin, forms.SelectMultiple):
    """Searched by name as one types; only what is chosen stands on the page."""

    is_required = False

    def __init__(self) -> None:
        super().__init__(
            {"data-ajax--url": reverse_lazy("admin:vouchers_code_scope"), "data-minimum-input-length": 2}
        )

    def optgroups(self, name: str, value: list[str], attrs: dict[str, Any] | None = None) -> list[Any]:
        try:
            scope = scope_of(value)
        except ValidationError:
            scope = Scope()
        named = shelves().named(scope) if scope else {}
        self.choices = [
            (choice_of(kind, pk), said(kind, called))
            for kind, names in named.items()
            for pk, called in names.items()
        ]
        groups: list[Any] = super().optgroups(name, value, attrs)
        return groups


class ScopeField(forms.Field):
    widget = ScopeWidget

    def to_python(self, value: Any) -> Scope:
        if isinstance(value, Scope):
            return value
        if len(value or ()) > MOST_ARTICLES:
            raise ValidationError(_("Choisissez-en moins\u202f: 200 au plus."))
        return scope_of(value or ())

    def prepare_value(self, value: Any) -> Any:
        return choices_of(value) if isinstance(value, Scope) else value


def _euros(label: Any, most: Any = 1000, **options: Any) -> FrenchDecimalField:
    limits = [MinValueValidator(0), MaxValueValidator(most)]
    return FrenchDecimalField(
        label=label, required=False, max_digits=9, decimal_places=2, validators=limits, **options
    )


class SharedCodeForm(forms.ModelForm):  # type: ignore[type-arg]
    """A shared code. What sense or the law refuses is said beside the field it is about."""

    code = forms.CharField(
        label=_("Code"), max_length=MOST_TYPED, widget=UnfoldAdminTextInputWidget,
        help_text=_("De 4 à 20 lettres et chiffres. Majuscules, espaces et tirets ne comptent pas. Il est public."),
    )  # fmt: skip
    value = _euros(
        _("Valeur, en euros (€) ou en %"), help_text=_("Rien pour une livraison offerte. 50 au plus.")
    )
    ceiling = _euros(_("Plafond (€)"), help_text=_("Pour un pourcentage : ce qu’il enlève au plus."))
    minimum_goods = _euros(_("Articles, dès (€)"))
    budget = _euros(
        _("Budget (€)"), MOST_BUDGET,
        help_text=_("Ce que toutes les commandes ensemble en ont au plus. Vide : sans limite."),
    )  # fmt: skip
    scope = ScopeField(
        label=_("Vaut pour"), required=False,
        help_text=_(
            "Produits, rayons ou marques, cherchés par leur nom. Vide : tout le panier. Sur des articles désignés, la loi "
            "limite la somme des réductions à 34 % pour l’alimentaire, 40 % sinon ; le bon s’y arrête de lui-même."
        ),
    )  # fmt: skip

    class Meta:
        model = SharedCode
        fields = (
            "code", "kind", "value", "ceiling", "minimum_goods", "first_order_only", "audience", "audience_number",
            "starts_at", "ends_at", "budget", "most_uses",
        )  # fmt: skip
        help_texts = {
            "audience_number": _("Jours sans commande, ou nombre de commandes livrées."),
            "starts_at": _("Heure de Paris. Vide : tout de suite."),
            "most_uses": _(
                "Toutes les commandes ensemble. Chaque client s’en sert une fois. Vide : sans limite."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "starts_at" in self.fields:
            self.fields["starts_at"].required = False
        if self.instance.pk:
            self.initial.setdefault("scope", self.instance.scope)
        self.notices: list[Any] = []

    def clean_code(self) -> str:
        code = canonical_code(self.cleaned_data["code"])
        if code is None:
            raise ValidationError(_("De 4 à 20 lettres et chiffres."))
        return code

    def clean_minimum_goods(self) -> Any:
        return self.cleaned_data["minimum_goods"] or NOTHING

    def clean(self) -> dict[str, Any]:
        """What another choice makes meaningless is left aside rather than refused."""
        told = super().clean() or {}
        if told.get("kind") == Voucher.Kind.DELIVERY:
            told["value"], told["ceiling"] = NOTHING, None
        elif "value" in told and told["value"] is None:
            self.add_error("value", _("Indiquez une valeur, 50 au plus."))
        if told.get("kind") == Voucher.Kind.AMOUNT:
            told["ceiling"] = None
        if told.get("audience") not in SEGMENTS:
            told["audience_number"] = None
        if "starts_at" in told and told["starts_at"] is None:
            told["starts_at"] = self.instance.starts_at or timezone.now()
        return told

    def _post_clean(self) -> None:
        """`problems_of` says all that the model's own checks would, beside the field it is about."""
        if self.errors or not self.fields:
            return
        began, code = self.instance.starts_at, self.instance
        construct_instance(self, code, self._meta.fields)
        scope: Scope = self.cleaned_data["scope"]
        code.products, code.aisles, code.brands = map(sorted, (scope.products, scope.aisles, scope.brands))
        problems, self.notices = problems_of(code, began=began)
        for field, fault in problems:
            self.add_error(field if field in self.fields else None, fault_said(fault))
