import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.forms import FrenchDecimalField
from crm.insights.models import DiscountBudget, Metric
from crm.insights.rules import LONGEST_MS

BODY_BYTES_AT_MOST = 1024
# The names pages give themselves in `data-page`; anything else is somebody else's invention.
PAGES = frozenset(
    {"accueil", "rayon", "produit", "recherche", "panier", "creneaux", "hors-zone", "listes", "commande"}
    | {"paiement", "commandes", "suivi", "account", "aide", "page", "qualite-de-service", "avis", "prix"}
    | {"retrait", "comptoir", "reponse", "rappels", "retard", "attente", "promesses", "invitation"}
)


class BadMeasure(Exception):
    """What a browser sent is no measure of ours."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What one page view felt like, in ms."""

    page: str
    values: dict[Metric, int]


def read_measure(body: bytes) -> Measure:
    """Read ``{"page": …, "lcp_ms": …, "inp_ms": …}``; a measure the browser lacks may be absent or null.

    Raises BadMeasure.
    """
    if len(body) > BODY_BYTES_AT_MOST:
        raise BadMeasure("too long")
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError) as fault:
        raise BadMeasure("not JSON") from fault
    if not isinstance(sent, dict) or not sent.keys() <= {"page", "lcp_ms", "inp_ms"}:
        raise BadMeasure("unknown fields")
    page = sent.get("page")
    if not isinstance(page, str) or page not in PAGES:
        raise BadMeasure("unknown page")
    values = {metric: sent[f"{metric}_ms"] for metric in Metric if sent.get(f"{metric}_ms") is not None}
    if not values or not all(_is_duration(value) for value in values.values()):
        raise BadMeasure("no measure")
    return Measure(page, values)


def _is_duration(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LONGEST_MS


class DiscountBudgetForm(forms.ModelForm):  # type: ignore[type-arg]
    """A budget from a day to come on."""

    share = FrenchDecimalField(
        label=_("Part du chiffre d’affaires (%)"), min_value=Decimal("0.1"), max_value=100, max_digits=4, decimal_places=1,
        help_text=_("Promotions, bons, points et livraisons offertes, tous ensemble."),
    )  # fmt: skip

    class Meta:
        model = DiscountBudget
        fields = ("starts_on", "share", "warn_at")

    def clean_starts_on(self) -> date:
        day: date = self.cleaned_data["starts_on"]
        if day <= timezone.localdate():
            raise ValidationError(_("Un budget ne vaut pas pour le passé\u202f: choisissez un jour à venir."))
        return day
