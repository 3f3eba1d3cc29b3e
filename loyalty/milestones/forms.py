"""What customers press, and what staff type to write a milestone."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from config.forms import FrenchDecimalField
from loyalty.milestones.models import Milestone, MilestoneVoucher
from loyalty.milestones.services import Terms
from loyalty.rewards.forms import lawful
from loyalty.rewards.queries import givable_items


class RedeemForm(forms.Form):
    """One button a reward; the key is drawn with the page. ``choice`` names the reward, and the points read on its button."""

    key = forms.UUIDField()
    choice = forms.RegexField(r"^[1-9][0-9]{0,9}-[1-9][0-9]{0,5}\Z")

    def chosen(self) -> tuple[int, int]:
        """(reward, points). Call once valid."""
        reward, _dash, points = self.cleaned_data["choice"].partition("-")
        return int(reward), int(points)


class ChoiceForm(forms.Form):
    item = forms.IntegerField(min_value=1, max_value=2**31 - 1)


class MilestoneForm(forms.Form):
    """A milestone as staff write it: from a day to come on, and such that it can be given."""

    name = forms.CharField(
        label=_("Nom"), max_length=80, widget=UnfoldAdminTextInputWidget,
        help_text=_("Lu par les clients, par exemple «\u202fVotre 5e commande\u202f»."),
    )  # fmt: skip
    kind = forms.ChoiceField(label=_("Nature"), choices=Milestone.Kind, widget=UnfoldAdminSelectWidget)
    trigger = forms.ChoiceField(label=_("Quand"), choices=Milestone.Trigger, widget=UnfoldAdminSelectWidget)
    threshold = forms.IntegerField(
        label=_("Atteinte à"), min_value=1, max_value=100_000, widget=UnfoldAdminTextInputWidget,
        help_text=_("Rang de la commande, euros de l’année, ou nombre d’années."),
    )  # fmt: skip
    starts_at = forms.SplitDateTimeField(label=_("À partir du"), widget=UnfoldAdminSplitDateTimeWidget)
    items: Any = forms.ModelMultipleChoiceField(
        label=_("Articles"), queryset=None, required=False, widget=UnfoldAdminSelectMultipleWidget,
        help_text=_("D’un cadeau, le client en choisit un\u202f; d’une bienvenue ou d’une attention, tous sont donnés."),
    )  # fmt: skip
    first: Any = forms.ModelChoiceField(
        label=_("Donné sans choix"), queryset=None, required=False, widget=UnfoldAdminSelectWidget,
        help_text=_("Celui que reçoit qui ne choisit pas\u202f; vide\u202f: le premier de la liste."),
    )  # fmt: skip
    has_letter = forms.BooleanField(
        label=_("Lettre et fiches imprimées"), required=False, widget=UnfoldBooleanSwitchWidget
    )
    voucher_value = FrenchDecimalField(
        label=_("Bon de la lettre (€)"), required=False, min_value=Decimal("0.01"), max_value=Decimal(50),
        max_digits=5, decimal_places=2,
    )  # fmt: skip
    offers_delivery = forms.BooleanField(
        label=_("Un bon «\u202flivraison offerte\u202f» dans la lettre"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
    )
    minimum_goods = FrenchDecimalField(
        label=_("Bons de la lettre\u202f: dès (€ d’articles)"), required=False, min_value=0, max_value=Decimal(1000),
        max_digits=7, decimal_places=2,
    )  # fmt: skip
    lasts_days = forms.IntegerField(
        label=_("Bons de la lettre\u202f: valables (jours)"), min_value=7, max_value=366, initial=60, required=False,
        widget=UnfoldAdminTextInputWidget,
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("items", "first"):
            field: Any = self.fields[name]
            field.queryset = givable_items()

    def clean_name(self) -> str:
        return lawful(self.cleaned_data["name"])

    def clean_starts_at(self) -> Any:
        at = self.cleaned_data["starts_at"]
        if at <= timezone.now():
            raise ValidationError(
                _("Une étape ne vaut pas pour le passé\u202f: choisissez un instant à venir.")
            )
        return at

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        kind, trigger = told.get("kind"), told.get("trigger")
        if kind in {Milestone.Kind.WELCOME, Milestone.Kind.ATTENTION} and trigger != Milestone.Trigger.ORDERS:
            self.add_error("trigger", _("Une bienvenue ou une attention va avec le rang d’une commande."))
        if kind == Milestone.Kind.GIFT and "items" in told and not told["items"]:
            self.add_error("items", _("Un cadeau se choisit\u202f: indiquez au moins un article."))
        first = told.get("first")
        if first and first not in (told.get("items") or ()):
            self.add_error("first", _("Choisissez-le parmi les articles de l’étape."))
        has_vouchers = told.get("voucher_value") or told.get("offers_delivery")
        if told.get("has_letter") and kind != Milestone.Kind.WELCOME:
            self.add_error("has_letter", _("Seule la bienvenue a une lettre."))
        elif has_vouchers and not told.get("has_letter"):
            self.add_error("has_letter", _("Les bons sont dans la lettre\u202f: il en faut une."))
        if (
            kind in {Milestone.Kind.WELCOME, Milestone.Kind.ATTENTION}
            and not told.get("items")
            and not told.get("has_letter")
        ):
            self.add_error("items", _("Indiquez ce qui est donné."))
        return told

    def terms(self) -> Terms:
        """Call once valid."""
        told = self.cleaned_data
        least, days = told["minimum_goods"] or Decimal(0), told["lasts_days"] or 60
        items = sorted(told["items"], key=lambda item: item != told["first"])
        vouchers = []
        if told["offers_delivery"]:
            vouchers.append((MilestoneVoucher.Kind.DELIVERY.value, Decimal(0), least, days))
        if told["voucher_value"]:
            vouchers.append((MilestoneVoucher.Kind.AMOUNT.value, told["voucher_value"], least, days))
        return Terms(
            name=told["name"], kind=told["kind"], trigger=told["trigger"], threshold=told["threshold"],
            starts_at=told["starts_at"], item_ids=[item.pk for item in items], has_letter=told["has_letter"],
            vouchers=vouchers,
        )  # fmt: skip


def initial_of(milestone: Milestone) -> dict[str, Any]:
    """What another one that takes its place begins with. Two queries."""
    vouchers, items = list(milestone.vouchers.all()), [part.item_id for part in milestone.parts.all()]
    amount = next((one for one in vouchers if one.kind == MilestoneVoucher.Kind.AMOUNT), None)
    return {
        "name": milestone.name,
        "kind": milestone.kind,
        "trigger": milestone.trigger,
        "threshold": milestone.threshold,
        "items": items,
        "first": items[0] if items else None,
        "has_letter": milestone.has_letter,
        "voucher_value": amount.value if amount else None,
        "offers_delivery": any(one.kind == MilestoneVoucher.Kind.DELIVERY for one in vouchers),
        "minimum_goods": vouchers[0].minimum_goods if vouchers else None,
        "lasts_days": vouchers[0].lasts_days if vouchers else 60,
    }
