"""What staff say of vans, couriers and places."""

import csv
import io
import re
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget

from delivery.rounds.problem import Point
from delivery.rounds.rules import is_on_earth
from delivery.rounds.services import PlaceLine
from delivery.slots.rules import monday_of

MOST_BYTES = 1024 * 1024
_POINT = re.compile(r"\s*(-?\d{1,2}(?:[.,]\d{1,12})?)\s*[;, ]\s*(-?\d{1,3}(?:[.,]\d{1,12})?)\s*", re.ASCII)
_PREFIX = re.compile(r"[0-9AB]{2,5}", re.ASCII)


class WeekForm(forms.Form):
    """A week by any of its days."""

    week = forms.DateField(required=False)

    def clean_week(self) -> date | None:
        day: date | None = self.cleaned_data["week"]
        if day is None:
            return None
        if not 2020 <= day.year <= 2100:
            raise forms.ValidationError(_("Cette semaine n’existe pas."))
        return monday_of(day)


class PlaceForm(forms.Form):
    """A point as every map copies it."""

    point = forms.CharField(
        label=_("Coordonnées"), max_length=60, widget=UnfoldAdminTextInputWidget,
        help_text=_("Latitude puis longitude, copiées d’une carte\u202f: 48.8594, 2.3785."),
    )  # fmt: skip

    def clean_point(self) -> Point:
        found = _POINT.fullmatch(self.cleaned_data["point"])
        point = Point(*(float(part.replace(",", ".")) for part in found.groups())) if found else None
        if point is None or not is_on_earth(point):
            raise forms.ValidationError(_("Collez la latitude puis la longitude\u202f: 48.8594, 2.3785."))
        return point


class PlacesFileForm(forms.Form):
    """All lines are right, or nothing is written."""

    file = forms.FileField(
        label=_("Fichier CSV"), widget=UnfoldAdminFileFieldWidget,
        help_text=_("Trois colonnes, séparées par un point-virgule\u202f: code postal ou début, latitude, longitude. 1\u00a0Mio au plus."),
    )  # fmt: skip

    def clean_file(self) -> list[PlaceLine]:
        """Its lines, the last one of a prefix counting."""
        upload = self.cleaned_data["file"]
        if (upload.size or 0) > MOST_BYTES:
            raise forms.ValidationError(_("Ce fichier dépasse 1\u00a0Mio\u202f: découpez-le."))
        try:
            text = upload.read().decode("utf-8-sig")
            rows = [row for row in csv.reader(io.StringIO(text), delimiter=";") if any(row)]
        except (UnicodeDecodeError, csv.Error) as unreadable:
            raise forms.ValidationError(_("Ce fichier n’est pas un CSV en UTF-8.")) from unreadable
        if rows and not _PREFIX.fullmatch(rows[0][0].strip()):
            rows = rows[1:]
        if not rows:
            raise forms.ValidationError(_("Ce fichier n’a aucune ligne."))
        lines = [_line(number, row) for number, row in enumerate(rows, 1)]
        return list({line.prefix: line for line in lines}.values())


def _line(number: int, row: list[str]) -> PlaceLine:
    try:
        prefix, latitude, longitude = (part.strip() for part in row)
        point = Point(*(float(part.replace(",", ".")) for part in (latitude, longitude)))
    except ValueError:
        raise _wrong(number) from None
    if not _PREFIX.fullmatch(prefix) or not is_on_earth(point):
        raise _wrong(number)
    return PlaceLine(prefix, point.latitude, point.longitude)


def _wrong(number: int) -> forms.ValidationError:
    words: Any = translate(
        "Ligne %(number)s\u202f: attendu «\u202f75011;48,8594;2,3785\u202f». Rien n’a été écrit."
    )
    return forms.ValidationError(words % {"number": number})
