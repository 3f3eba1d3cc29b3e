"""What a review may hold, and what many of them come to. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

BEST = 5
TITLE_LENGTH = 80
TEXT_LENGTH = 2000

_EMAIL = re.compile(r"[\w.+-]+\s?@\s?[\w-]+\.\w{2,}")
_LINK = re.compile(r"https?:|www\.|\b[\w-]+\.(?:fr|com|net|org|eu|shop|info|biz)\b", re.IGNORECASE)
_PHONE = re.compile(r"(?<!\d)(?:(?:\+|00)\s?33\s?(?:\(0\)\s?)?|0)[1-9](?:[ .\u00a0\u202f-]?\d\d){4}(?!\d)")


class Fault(StrEnum):
    """What keeps words from being sent. Never what they think of the shop."""

    RATING = "rating"
    TOO_LONG = "too_long"
    LINK = "link"
    CONTACT = "contact"


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody writes: whole stars from 1 to 5, and words if they like."""

    rating: int
    title: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class ServiceWords:
    """What somebody writes of an order; a detail left out is None."""

    words: Words
    details: Mapping[str, int | None] = field(default_factory=dict)


def faults(words: Words) -> list[Fault]:
    """Everything that machines may refuse; opinions are for people to read."""
    found = [] if 1 <= words.rating <= BEST else [Fault.RATING]
    if len(words.title) > TITLE_LENGTH or len(words.text) > TEXT_LENGTH:
        found.append(Fault.TOO_LONG)
    return found + faults_of_text(f"{words.title}\n{words.text}")


def faults_of_text(text: str) -> list[Fault]:
    """An e-mail address or a telephone number, a link: others' data and advertising, mostly."""
    has_contact = bool(_EMAIL.search(text) or _PHONE.search(text))
    has_link = bool(_LINK.search(_EMAIL.sub(" ", text)))
    return [Fault.CONTACT] * has_contact + [Fault.LINK] * has_link


def faults_of_details(ratings: Iterable[int | None]) -> list[Fault]:
    return [Fault.RATING] * any(rating is not None and not 1 <= rating <= BEST for rating in ratings)


def author_name(first_name: str, last_name: str) -> str:
    """« Élodie M. »; empty for somebody whose name was erased: the reader is told « Client »."""
    initial = last_name.strip()[:1].upper()
    first = first_name.strip()
    return f"{first} {initial}." if first and initial else first


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a histogram; the share is in whole percent of all ratings."""

    stars: int
    count: int
    share: int


@dataclass(frozen=True, slots=True)
class RatingSummary:
    """How many gave 1, 2, 3, 4 and 5 stars, in this order. Everything else follows."""

    counts: tuple[int, ...] = (0,) * BEST

    @property
    def count(self) -> int:
        return sum(self.counts)

    @property
    def average(self) -> Decimal | None:
        """One decimal, half up; None without a rating: no figure that is not one."""
        return average((stars, count) for stars, count in enumerate(self.counts, start=1))

    @property
    def bars(self) -> list[Bar]:
        """The best first."""
        rows = [
            Bar(stars, count, round(100 * count / self.count) if self.count else 0)
            for stars, count in enumerate(self.counts, start=1)
        ]
        return rows[::-1]


def average(counted: Iterable[tuple[int, int]]) -> Decimal | None:
    """The mean of (stars, how many), one decimal, half up; None of nothing."""
    pairs = list(counted)
    number = sum(count for _stars, count in pairs)
    if not number:
        return None
    return one_decimal(Decimal(sum(stars * count for stars, count in pairs)) / number)


def one_decimal(mean: Decimal) -> Decimal:
    """Half up."""
    return mean.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
