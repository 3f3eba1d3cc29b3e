"""What the watch over abuse looks for, and how much of it is worth a look. Signals to read, never refusals. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

# Gestures of the staff to one customer, in so many days.
GESTURES_WITHIN = timedelta(days=30)
MANY_GESTURES, MANY_POINTS, MANY_EUROS = 3, 500, Decimal(40)
# Accounts that have orders brought to one door, or paid with one card, in so many days. A building has many doors and a
# family two cards: hence more of the first.
SHARED_WITHIN = timedelta(days=90)
MANY_AT_ONE_DOOR, MANY_ON_ONE_CARD = 4, 3
# Rows of a kind that are shown: who reads more reads none.
MOST_SHOWN = 50
# Customers who are named in one row.
MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Person:
    pk: int
    name: str


@dataclass(frozen=True, slots=True)
class Row:
    """One thing to look at, and the customers it is about. ``page``: where it is decided, if anywhere."""

    said: str
    people: tuple[Person, ...] = ()
    page: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """``looked_for``: from how much on something is listed."""

    title: str
    looked_for: str
    rows: tuple[Row, ...]
