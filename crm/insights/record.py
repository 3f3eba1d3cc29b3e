"""The public record of service: what was promised and kept, by week, zone and carrier. Sums of counted rows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from crm.insights.rules import rate
from delivery.promise.models import WeekRecord
from delivery.promise.queries import ENOUGH_ORDERS, week_records
from delivery.rounds.queries import carrier_names
from delivery.slots.rules import local_date, monday_of

WEEKS_SHOWN, WEEKS_OF_HEADLINE = 12, 4


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over weeks, zones or carriers; numbers of orders, and cents."""

    orders: int = 0
    kept: int = 0
    on_time: int = 0
    within_5: int = 0
    within_30: int = 0
    complete: int = 0
    lacked: int = 0
    told_before: int = 0
    first_orders: int = 0
    first_kept: int = 0
    compensations: int = 0
    compensation_cents: int = 0

    @property
    def is_enough(self) -> bool:
        """Below, a percentage says nothing, and only numbers are told."""
        return self.orders >= ENOUGH_ORDERS

    @property
    def kept_share(self) -> float | None:
        return self._share(self.kept, self.orders)

    @property
    def on_time_share(self) -> float | None:
        return self._share(self.on_time, self.orders)

    @property
    def within_5_share(self) -> float | None:
        return self._share(self.within_5, self.orders)

    @property
    def within_30_share(self) -> float | None:
        return self._share(self.within_30, self.orders)

    @property
    def complete_share(self) -> float | None:
        return self._share(self.complete, self.orders)

    @property
    def told_share(self) -> float | None:
        """Of the orders that lacked something."""
        return self._share(self.told_before, self.lacked)

    @property
    def first_share(self) -> float | None:
        return self._share(self.first_kept, self.first_orders)

    @property
    def compensated(self) -> Decimal:
        """Euros."""
        return Decimal(self.compensation_cents) / 100

    @property
    def bar(self) -> int:
        """Of a hundred, for a drawing."""
        return round(self.kept_share or 0)

    @staticmethod
    def _share(part: int, whole: int) -> float | None:
        return rate(part, whole) if whole >= ENOUGH_ORDERS else None


_NAMES = [field.name for field in fields(Figures)]


@dataclass(frozen=True, slots=True)
class Row:
    """One week, zone or carrier."""

    name: str
    figures: Figures
    monday_on: date | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What the page shows: the last weeks together, then each week, zone and carrier."""

    headline: Figures
    weeks: Sequence[Row]
    zones: Sequence[Row]
    carriers: Sequence[Row]
    headline_since: date


def service_record(now: datetime) -> Record:
    """Two queries, however many orders."""
    recent = _monday_of_last(WEEKS_OF_HEADLINE, now)
    found, names = week_records(_monday_of_last(WEEKS_SHOWN, now)), carrier_names()
    latest = [row for row in found if row.monday_on >= recent]
    return Record(
        headline=_sum(latest),
        weeks=[Row("", figures, week) for week, figures in _by(found, lambda row: row.monday_on).items()],
        zones=_rows(_by(latest, lambda row: row.zone.name)),
        carriers=_rows(_by(latest, lambda row: carrier_said(row.carrier, names))),
        headline_since=recent,
    )


FILE_COLUMNS = ("semaine_du", "zone", "transporteur", *(
    "commandes", "completes_et_a_l_heure", "a_l_heure", "a_5_minutes", "a_30_minutes", "completes", "avec_un_manque",
    "manque_annonce_avant", "trois_premieres_commandes", "dont_completes_et_a_l_heure", "compensations",
    "compensations_centimes",
))  # fmt: skip


def file_rows(now: datetime) -> Iterable[list[Any]]:
    """The public record as open data. Two queries."""
    names = carrier_names()
    for row in week_records(_monday_of_last(WEEKS_SHOWN, now)):
        who = carrier_said(row.carrier, names)
        yield [row.monday_on.isoformat(), row.zone.name, who, *(getattr(row, name) for name in _NAMES)]


def _monday_of_last(weeks: int, now: datetime) -> date:
    """With which the last so many weeks begin, the present one among them."""
    return monday_of(local_date(now)) - timedelta(weeks=weeks - 1)


def carrier_said(code: str, names: Mapping[str, str]) -> str:
    if code == WeekRecord.COLLECTED:
        return "Retrait par le client"
    return names.get(code, code) or "Non relevé"


def _by(found: Iterable[WeekRecord], key: Callable[[WeekRecord], Any]) -> dict[Any, Figures]:
    groups: dict[Any, list[WeekRecord]] = {}
    for row in found:
        groups.setdefault(key(row), []).append(row)
    return {name: _sum(rows) for name, rows in groups.items()}


def _rows(found: Mapping[str, Figures]) -> list[Row]:
    return [Row(name, figures) for name, figures in sorted(found.items(), key=lambda one: -one[1].orders)]


def _sum(found: Iterable[WeekRecord]) -> Figures:
    rows = list(found)
    return Figures(**{name: sum(getattr(row, name) for row in rows) for name in _NAMES})
