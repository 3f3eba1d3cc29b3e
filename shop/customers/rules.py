"""What a phone number, a name and a date of birth may look like. Pure: no clock, no database."""

import re
import unicodedata
from datetime import date

OLDEST_AGE_YEARS = 120
_SEPARATORS = re.compile(r"[\s.\-/()\u2010-\u2015]+")
_NATIONAL = re.compile(r"0[1-9][0-9]{8}")
# Control characters, and the marks that turn the reading direction round inside a name.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class PhoneInvalid(ValueError):
    """Not a French telephone number."""


class BirthDateImplausible(ValueError):
    """In the future, or more than 120 years ago."""


def normalise_phone(text: str) -> str:
    """« +33 (0)6 12 34 56 78 » → « 0612345678 »; empty stays empty.

    Raises PhoneInvalid on anything but a ten-digit French number (national numbering plan, ARCEP).
    """
    digits = _SEPARATORS.sub("", text)
    if not digits:
        return ""
    digits = re.sub(r"^(?:\+33|0033)0?", "0", digits)
    if not _NATIONAL.fullmatch(digits):
        raise PhoneInvalid
    return digits


def clean_line(text: str) -> str:
    """One line of text a person typed: composed, without control characters, single spaces."""
    composed = unicodedata.normalize("NFC", text)
    return " ".join(_UNSAFE.sub(" ", composed).split())


def check_birth(birth_on: date, *, today: date) -> None:
    """Raise BirthDateImplausible unless a living person may be born that day."""
    if birth_on > today or birth_on.year < today.year - OLDEST_AGE_YEARS:
        raise BirthDateImplausible


def age_on(born: date, day: date) -> int:
    """Full years of age. Somebody born on 29 February ages on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
