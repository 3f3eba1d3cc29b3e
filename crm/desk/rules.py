"""Opening hours, what is promised within them, and version names. No clock: the moment comes with the call."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

_NBSP = "\u00a0"
_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
ANSWERED_WITHIN = timedelta(hours=24)
CALLED_WITHIN = timedelta(hours=1)
# Near enough to its hour that somebody should look at it now.
SOON = timedelta(hours=4)
_SPAN = re.compile(r"([1-7])(?:-([1-7]))? (\d\d:\d\d)-(\d\d:\d\d)")


class BadHours(Exception):
    """Opening hours that cannot be read; the text is shown to whoever configures the shop."""


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """When people answer: for each open weekday (1 is Monday), from when to when, local time."""

    days: dict[int, tuple[time, time]]

    @classmethod
    def parse(cls, text: str) -> "OpeningHours":
        """Read ``1-6 08:00-21:00, 7 09:00-13:00``. Raises BadHours."""
        days: dict[int, tuple[time, time]] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            found = _SPAN.fullmatch(part)
            if not found:
                raise BadHours(part)
            try:
                opens, closes = time.fromisoformat(found[3]), time.fromisoformat(found[4])
            except ValueError as fault:
                raise BadHours(part) from fault
            if opens >= closes or int(found[2] or found[1]) < int(found[1]):
                raise BadHours(part)
            days |= dict.fromkeys(range(int(found[1]), int(found[2] or found[1]) + 1), (opens, closes))
        if not days:
            raise BadHours(text)
        return cls(dict(sorted(days.items())))

    def is_open(self, local: datetime) -> bool:
        """Whether somebody answers at this local moment."""
        hours = self.days.get(local.isoweekday())
        return bool(hours and hours[0] <= local.time().replace(tzinfo=None) < hours[1])

    def next_opening(self, local: datetime) -> tuple[date, time]:
        """The local day and hour somebody answers next; today when it is still to come."""
        for ahead in range(8):
            day = local.date() + timedelta(days=ahead)
            hours = self.days.get(day.isoweekday())
            if hours and (ahead or local.time().replace(tzinfo=None) < hours[0]):
                return day, hours[0]
        raise AssertionError("a week without an open day was refused by parse")

    def after_open_time(self, local: datetime, needed: timedelta) -> datetime:
        """The local instant by which somebody has been there for as long as needed, from this moment on.

        Asked at 20:40 before closing at 21:00, an hour ends twenty minutes' worth tonight and forty tomorrow.
        """
        at = local
        while True:
            if not self.is_open(at):
                day, opens = self.next_opening(at)
                at = datetime.combine(day, opens, local.tzinfo)
            closes = datetime.combine(at.date(), self.days[at.isoweekday()][1], local.tzinfo)
            # As instants: local clocks jump twice a year.
            left = closes.astimezone(UTC) - at.astimezone(UTC)
            if needed <= left:
                return (at.astimezone(UTC) + needed).astimezone(local.tzinfo)
            needed, at = needed - left, closes

    def sentence(self) -> str:
        """« du lundi au samedi, de 8 h à 21 h ; le dimanche, de 9 h à 13 h »."""
        runs: list[tuple[list[int], tuple[time, time]]] = []
        for day, hours in self.days.items():
            if runs and runs[-1][1] == hours and runs[-1][0][-1] == day - 1:
                runs[-1][0].append(day)
            else:
                runs.append(([day], hours))
        return "\u202f; ".join(
            f"{_say_days(days)}, de {say(opens)} à {say(closes)}" for days, (opens, closes) in runs
        )


def _say_days(days: list[int]) -> str:
    if len(days) == 1:
        return f"le {_DAYS[days[0] - 1]}"
    return f"du {_DAYS[days[0] - 1]} au {_DAYS[days[-1] - 1]}"


def say(moment: time) -> str:
    """« 8 h », « 8 h 30 »."""
    return f"{moment.hour}{_NBSP}h" + (f"{_NBSP}{moment.minute:02d}" if moment.minute else "")


def answer_due(received_at: datetime) -> datetime:
    """Twenty-four hours from reception, nights and Sundays included: what the customer counts."""
    return received_at.astimezone(UTC) + ANSWERED_WITHIN


def place_in_queue(*, due_at: datetime, is_newcomer: bool, now: datetime) -> tuple[bool, bool, datetime]:
    """What sorts the queue: what is overdue, then a customer's first orders, then by the hour it is due."""
    return due_at > now, not is_newcomer, due_at


def next_version(today: date, taken: Collection[str]) -> str:
    """The name of a text published today: the day, then the day and a rank."""
    name = today.isoformat()
    rank = 1
    while name in taken:
        rank += 1
        name = f"{today.isoformat()}-{rank}"
    return name


def blanks(body: str) -> int:
    """How many passages between ⟦ ⟧ the shop's owner has yet to fill in."""
    return len(re.findall(r"⟦[^⟧]*⟧", body))
