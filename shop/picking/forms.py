"""What a picker types or scans, with one hand."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from loyalty.rewards.models import Present
from shop.catalogue.models import Temperature
from shop.catalogue.rules import normalised_ean
from shop.orders.rules import most_pickable
from shop.picking.queries import Stop, TrolleyLine
from shop.picking.rules import MOST_AT_ONCE, MOST_CRATES
from shop.picking.services import Beside, Taken

WRONG_DATE = _(
    "Cette date est trop proche\u202f: il faut le %(day)s au plus tôt. Prenez-en un autre, ou indiquez 0."
)


class TakeForm(forms.Form):
    """How many orders of a wave go on the trolley."""

    wave = forms.IntegerField(min_value=1)
    number = forms.IntegerField(min_value=1, max_value=MOST_AT_ONCE)


class StopForm(forms.Form):
    """One shelf: its article is scanned or typed, then how much of it goes to each order."""

    code = forms.CharField(
        label=_("Code-barres"), max_length=40, required=False,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "autofocus": True, "enterkeyhint": "done"}
        ),
        help_text=_("Bipez l’article, ou tapez son code."),
    )  # fmt: skip
    unreadable = forms.BooleanField(label=_("Code illisible, j’ai vérifié l’article"), required=False)
    best_before = forms.DateField(
        label=_("DLC ou DDM lue"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": _("Indiquez une date, par exemple 24/12/2026.")},
    )  # fmt: skip

    def __init__(self, data: Any = None, *, stop: Stop) -> None:
        super().__init__(data)
        self.stop = stop
        for line in stop.lines:
            self.fields[self.quantity_of(line)] = forms.IntegerField(
                label=line.letter, min_value=0, max_value=most_pickable(line.sold_by, line.wanted),
                initial=None if line.is_weighed else line.wanted if line.picked is None else line.picked,
                widget=forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
                error_messages={
                    "required": _("Indiquez le poids lu, en grammes\u202f; 0 si le rayon est vide.")
                    if line.is_weighed
                    else _("Indiquez combien vous en prenez\u202f; 0 si le rayon est vide."),
                    "invalid": _("Indiquez un nombre, sans virgule."),
                    "min_value": _("Jamais moins que zéro."),
                    "max_value": _("%(limit_value)s au plus pour cette commande. Vérifiez la balance.")
                    if line.is_weighed
                    else _("%(limit_value)s au plus\u202f: le client n’en a pas commandé davantage."),
                },
            )  # fmt: skip
            # What the picker saw: a page opened before says something else than it changes.
            self.fields[f"b-{line.id}"] = forms.IntegerField(
                required=False, initial=line.picked, widget=forms.HiddenInput
            )
        if stop.keeps_until is None:
            del self.fields["best_before"]
        else:
            self.fields["best_before"].widget.attrs["min"] = stop.keeps_until.isoformat()
            self.fields["best_before"].help_text = _("Le %(day)s au plus tôt.") % {
                "day": date_format(stop.keeps_until)
            }

    @staticmethod
    def quantity_of(line: TrolleyLine) -> str:
        return f"q-{line.id}"

    @property
    def rows(self) -> list[tuple[TrolleyLine, forms.BoundField]]:
        return [(line, self[self.quantity_of(line)]) for line in self.stop.lines]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        quantities = [self.quantity_of(line) for line in self.stop.lines]
        takes_some = any(cleaned.get(name) or name in self.errors for name in quantities)
        if takes_some:
            self._check_code(cleaned)
            self._check_date(cleaned)
        return cleaned

    def _check_code(self, cleaned: Mapping[str, Any]) -> None:
        article = self.stop.article
        typed = str(cleaned.get("code") or "").strip()
        if not typed:
            # Loose goods bear no code; whatever else does.
            if not article.is_weighed and not cleaned.get("unreadable"):
                self.add_error("code", _("Bipez l’article, ou cochez que son code est illisible."))
        elif normalised_ean(typed) != normalised_ean(article.ean):
            self.add_error("code", _("Ce n’est pas le bon article\u202f: reposez-le et cherchez «\u202f%(name)s\u202f».") % {"name": article.name})  # fmt: skip

    def _check_date(self, cleaned: Mapping[str, Any]) -> None:
        until = self.stop.keeps_until
        if until is None or "best_before" in self.errors:
            return
        read: date | None = cleaned.get("best_before")
        if read is None:
            self.add_error("best_before", _("Lisez la date sur l’article\u202f: le client en est assuré."))
        elif read < until:
            self.add_error("best_before", WRONG_DATE % {"day": date_format(until)})

    def taken(self) -> dict[int, Taken]:
        said = self.cleaned_data
        return {
            line.id: Taken(said[self.quantity_of(line)], said.get(f"b-{line.id}")) for line in self.stop.lines
        }


PACKED, MISSED = "packed", "missed"
WHERE = [(PACKED, _("C’est mis")), (MISSED, _("Introuvable"))]


class CratesForm(forms.Form):
    """How many crates of each temperature an order fills, and where its presents are."""

    def __init__(
        self, data: Any = None, *, lines: list[TrolleyLine], labelled: Mapping[str, int], presents: list[Present] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(data)
        self.presents = presents or []
        for present in self.presents:
            self.fields[self.name_of(present)] = forms.ChoiceField(
                label=present.name, choices=WHERE, widget=forms.RadioSelect,
                error_messages={"required": _("Dites si c’est mis, ou introuvable.")},
            )  # fmt: skip
        needed = {line.temperature for line in lines if line.picked}
        for value, label in Temperature.choices:
            if value in needed or labelled.get(value):
                self.fields[value] = forms.IntegerField(
                    label=_("Bacs, %(temperature)s") % {"temperature": label}, min_value=1 if value in needed else 0,
                    max_value=MOST_CRATES, initial=labelled.get(value, 1),
                    widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
                    error_messages={"min_value": _("Il en faut au moins un."), "required": _("Indiquez un nombre de bacs.")},
                )  # fmt: skip

    @staticmethod
    def name_of(present: Present) -> str:
        return f"p-{present.pk}"

    @property
    def crates(self) -> list[forms.BoundField]:
        return [field for field in self if not field.name.startswith("p-")]

    @property
    def beside(self) -> list[tuple[Present, forms.BoundField]]:
        return [(present, self[self.name_of(present)]) for present in self.presents]

    def wanted(self) -> dict[str, int]:
        crates = (field.name for field in self.crates)
        return {name: self.cleaned_data[name] for name in crates if self.cleaned_data[name]}

    def packed(self) -> Beside:
        """What is said of the presents. Call once valid."""
        said = {one.pk: self.cleaned_data[self.name_of(one)] for one in self.presents}
        return Beside(
            packed=[pk for pk, where in said.items() if where == PACKED],
            missed=[pk for pk, where in said.items() if where == MISSED],
        )


class CheckForm(forms.Form):
    """The second look at a first order: each line ticked, and by whom."""

    def __init__(self, data: Any = None, *, lines: list[TrolleyLine], is_own: bool) -> None:
        super().__init__(data)
        self.lines = lines
        for line in lines:
            self.fields[f"l-{line.id}"] = forms.BooleanField(
                label=line.name, error_messages={"required": _("Vérifiez aussi cet article.")}
            )
        if is_own:
            self.fields["alone"] = forms.BooleanField(
                label=_("Personne d’autre ne peut contrôler\u202f: j’ai tout recompté moi-même"),
                error_messages={"required": _("Demandez à quelqu’un d’autre, ou cochez que vous êtes seul.")},
            )

    @property
    def rows(self) -> list[tuple[TrolleyLine, forms.BoundField]]:
        return [(line, self[f"l-{line.id}"]) for line in self.lines]
