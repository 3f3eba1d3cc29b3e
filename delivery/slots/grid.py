"""The staff's week of slots as a table: hours as rows, days as columns. Plain values from slots already read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.templatetags.cabas import french_number
from delivery.slots import rules
from delivery.slots.models import Slot

ALMOST_FULL_PERCENT = 80
HALF_FULL_PERCENT = 50


@dataclass(frozen=True)
class Cell:
    """``level`` picks the colour; ``note`` says the same in words, since colour is never the only sign. ``waiting`` is
    how many wait for a place, in words, or "".
    """

    slot: Slot
    level: str
    note: str

    @property
    def waiting(self) -> str:
        number = self.slot.waiting
        return (
            ngettext("%(count)d attend", "%(count)d attendent", number) % {"count": number} if number else ""
        )


@dataclass(frozen=True)
class Row:
    hour: int
    cells: list[Cell | None]


def days_of(monday: date) -> list[tuple[date, str]]:
    """The seven days with their heads."""
    days = (monday + timedelta(days=ahead) for ahead in range(7))
    return [(day, short_day(day)) for day in days]


def short_day(day: date) -> str:
    """« jeu. 26 nov. »."""
    weekday = date_format(day, "D").lower().rstrip(".")
    return f"{weekday}. {date_format(day, 'j N').lower()}"


def week_label(monday: date) -> str:
    """« Du 23 au 29 novembre 2026 », « Du 30 novembre au 6 décembre 2026 »."""
    sunday = monday + timedelta(days=6)
    first = date_format(monday, "j" if monday.month == sunday.month else "j F").lower()
    return _("Du %(first)s au %(last)s") % {"first": first, "last": date_format(sunday, "j F Y").lower()}


def rows_of(slots: Iterable[Slot], monday: date) -> list[Row]:
    at = {(rules.local_date(slot.starts_at), rules.local_hour(slot.starts_at)): slot for slot in slots}
    hours = sorted({hour for _day, hour in at})
    days = [day for day, _label in days_of(monday)]
    return [Row(hour, [_cell(at.get((day, hour))) for day in days]) for hour in hours]


def totals_of(rows: Iterable[Row]) -> tuple[str, str]:
    """Places taken and offered over the week, as they are written: « 1 728 », « 2 920 »."""
    slots = list(_slots(rows))
    booked, capacity = sum(slot.booked for slot in slots), sum(slot.capacity for slot in slots)
    return french_number(Decimal(booked), 0), french_number(Decimal(capacity), 0)


def _slots(rows: Iterable[Row]) -> Iterator[Slot]:
    return (cell.slot for row in rows for cell in row.cells if cell)


def _cell(slot: Slot | None) -> Cell | None:
    if slot is None:
        return None
    if slot.is_closed:
        return Cell(slot, "closed", _("fermé"))
    level, note = _fill(slot)
    if not slot.is_bookable:
        return Cell(slot, f"{level} past", _("clos"))
    return Cell(slot, level, note)


def _fill(slot: Slot) -> tuple[str, str]:
    if slot.booked > slot.capacity:
        return "over", _("%(count)d de trop") % {"count": slot.booked - slot.capacity}
    if slot.is_full:
        return "full", _("complet")
    percent = 100 * slot.booked // slot.capacity
    if percent >= ALMOST_FULL_PERCENT:
        return "almost", _("presque complet")
    return ("half" if percent >= HALF_FULL_PERCENT else "free"), f"{percent}\u202f%"
