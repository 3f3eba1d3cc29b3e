"""What staff write: a rule's next version, and why they grant or refuse."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from config.forms import FrenchDecimalField
from delivery.promise import rules
from delivery.promise.models import Decision, RuleVersion
from delivery.promise.services import NewVersion

MOST_EUROS, MOST_WEEK = Decimal(100), Decimal(100_000)
COUNTED = frozenset({rules.INCOMPLETE, rules.DAMAGED, rules.LIFE})


def _number(label: Any, most: int, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=False, min_value=1, max_value=most,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}), **more,
    )  # fmt: skip


def _euros(label: Any, most: Decimal, **more: Any) -> FrenchDecimalField:
    limits = [MinValueValidator(Decimal("0.01")), MaxValueValidator(most)]
    return FrenchDecimalField(
        label=label, required=False, max_digits=9, decimal_places=2, validators=limits, **more
    )


def _choice(label: Any, choices: Any, **more: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, widget=UnfoldAdminSelectWidget, **more)


class ReasonForm(forms.Form):
    """One of these reasons, and none by default."""

    why = _choice(_("Raison"), (), error_messages={"required": _("Choisissez une raison.")})

    def __init__(self, reasons: Sequence[Decision.Why], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed = [("", _("Choisissez…")), *((one.value, one.label) for one in reasons)]
        self.fields["why"].choices = listed  # type: ignore[attr-defined]


class VersionForm(forms.Form):
    """All that a version says, in euros, minutes and articles."""

    is_on = forms.BooleanField(
        label=_("en service"), required=False, widget=UnfoldBooleanSwitchWidget,
        help_text=_("Décochez pour arrêter la règle\u202f: elle ne donne plus rien aux créneaux qui suivent."),
    )  # fmt: skip
    trigger = _choice(_("quand"), RuleVersion.Trigger.choices)
    late_minutes = _number(
        _("retard\u202f: plus de … minutes"), 600,
        help_text=_("Strictement plus, à la seconde près, après la fin du créneau."),
    )  # fmt: skip
    least_units = _number(_("articles\u202f: à partir de …"), 100)
    audience = _choice(_("pour"), RuleVersion.Audience.choices)
    remedy = _choice(_("compensation"), RuleVersion.Remedy.choices)
    if_free = _choice(
        _("si la livraison était offerte"),
        [("", _("rien")), (rules.NEXT_DELIVERY, RuleVersion.Remedy.NEXT_DELIVERY.label)],
        required=False,
        help_text=_("Seulement pour une livraison remboursée."),
    )
    amount = _euros(
        _("montant (€)"), MOST_EUROS, help_text=_("Pour un bon, des points ou un cadeau. 100\u00a0€ au plus.")
    )
    group = forms.SlugField(
        label=_("groupe de cumul"), required=False, max_length=20, widget=UnfoldAdminTextInputWidget,
        help_text=_("D’un même groupe, une commande ne reçoit que la meilleure. Vide\u202f: elle s’ajoute aux autres."),
        error_messages={"invalid": _("Des lettres, des chiffres et des tirets.")},
    )  # fmt: skip
    most_per_order = _euros(_("au plus par commande (€)"), MOST_EUROS)
    most_per_customer = _number(_("au plus … fois par client"), 100)
    customer_days = _number(_("sur … jours"), 366)
    most_per_week = _euros(
        _("au plus par semaine (€)"), MOST_WEEK,
        help_text=_("Pour toute la règle. Au-delà d’un plafond, l’équipe décide."),
    )  # fmt: skip
    starts_at = forms.DateTimeField(
        label=_("en vigueur à partir du"), required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
        help_text=_("Pour les créneaux qui commencent ensuite. Vide\u202f: dès maintenant."),
        error_messages={"invalid": _("Une date et une heure, par exemple 01/12/2026 08:00.")},
    )  # fmt: skip

    @classmethod
    def of(cls, version: RuleVersion | None) -> "VersionForm":
        """Filled in with what holds today."""
        return cls(initial=_said(version) if version else {"is_on": True})

    def clean_starts_at(self) -> datetime | None:
        at: datetime | None = self.cleaned_data["starts_at"]
        if at and at < timezone.now():
            raise forms.ValidationError(
                _("Cette date est passée\u202f: ce qui était promis reste jugé comme avant.")
            )
        return at

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if not self.errors:
            self._check_threshold(told)
            self._check_remedy(told)
            if bool(told["most_per_customer"]) != bool(told["customer_days"]):
                missing = "customer_days" if told["most_per_customer"] else "most_per_customer"
                self.add_error(missing, _("Le nombre de fois et le nombre de jours vont ensemble."))
        return told

    def _check_threshold(self, told: dict[str, Any]) -> None:
        wanted = {rules.LATE: "late_minutes"} | dict.fromkeys(COUNTED, "least_units")
        name = wanted.get(told["trigger"])
        if name and not told[name]:
            words = (
                _("Combien de minutes\u202f?")
                if name == "late_minutes"
                else _("À partir de combien d’articles\u202f?")
            )
            self.add_error(name, words)

    def _check_remedy(self, told: dict[str, Any]) -> None:
        if told["remedy"] in rules.WITH_AMOUNT and not told["amount"]:
            self.add_error("amount", _("De quel montant\u202f?"))
        if told["if_free"] and told["remedy"] != rules.DELIVERY_REFUND:
            self.add_error("if_free", _("Seulement pour une livraison remboursée."))

    def wanted(self) -> NewVersion:
        """What was typed, without what its trigger and remedy do not look at. Call once valid."""
        told = self.cleaned_data
        trigger, remedy = told["trigger"], told["remedy"]
        return NewVersion(
            trigger=trigger,
            remedy=remedy,
            is_on=told["is_on"],
            late_minutes=told["late_minutes"] if trigger == rules.LATE else None,
            least_units=told["least_units"] if trigger in COUNTED else None,
            audience=told["audience"],
            if_free=told["if_free"],
            amount_cents=_cents(told["amount"]) if remedy in rules.WITH_AMOUNT else None,
            group=told["group"],
            most_per_order_cents=_cents(told["most_per_order"]),
            most_per_customer=told["most_per_customer"],
            customer_days=told["customer_days"],
            most_per_week_cents=_cents(told["most_per_week"]),
        )


class SeenForm(forms.Form):
    """What the writer of a version was shown of the past."""

    number = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    cents = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    prefix = "seen"


def _cents(amount: Decimal | None) -> int | None:
    return None if amount is None else int(amount * 100)


def _said(version: RuleVersion) -> dict[str, Any]:
    same = ("is_on", "trigger", "late_minutes", "least_units", "audience", "remedy", "if_free", "group",
            "most_per_customer", "customer_days")  # fmt: skip
    cents = {
        "amount": version.amount_cents,
        "most_per_order": version.most_per_order_cents,
        "most_per_week": version.most_per_week_cents,
    }
    euros = {name: None if value is None else Decimal(value) / 100 for name, value in cents.items()}
    return {name: getattr(version, name) for name in same} | euros
