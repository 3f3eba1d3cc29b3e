"""Cells as people write them, made into values. Nothing here knows a file or a database."""

import html
import re
import unicodedata
from decimal import Decimal

from config.numbers import french_decimal
from shop.stock.importing.report import RowRefused

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell_text(value: str, *, longest: int, column: str) -> str:
    """A text cell, cleaned and checked: no formula, no control character, not too long."""
    if value.startswith(_FORMULA) or value.lstrip().startswith(_FORMULA):
        raise RowRefused("formula", column)
    text = clean(value)
    if _CONTROL.search(text):
        raise RowRefused("control", column)
    if len(text) > longest:
        raise RowRefused("too_long", f"{column}, {longest} au plus")
    return text


def clean(value: str) -> str:
    """Composed, single-spaced, without invisible marks, Windows-1252 slips repaired (« \\x9cufs »)."""
    repaired = re.sub("[\x80-\x9f]", _from_windows, value)
    visible = _INVISIBLE.sub("", unicodedata.normalize("NFC", repaired))
    return re.sub(r"[ \t\r\n]+", " ", visible).strip()


def _from_windows(match: re.Match[str]) -> str:
    return match[0].encode("latin-1").decode("cp1252", errors="ignore") or match[0]


def number(
    value: str, *, column: str, most: Decimal | int, places: int, least: Decimal | int = 0
) -> Decimal | None:
    """« 1 234,50 » or « 1234.5 » in ASCII digits, within limits; None when the cell is empty."""
    text = value.strip()
    if not text:
        return None
    found = french_decimal(text)
    if found is None:
        raise RowRefused("number", column)
    if found != round(found, places):
        raise RowRefused("number", f"{column}, {places} décimales au plus")
    if not least <= found <= most:
        raise RowRefused("range", column)
    return found


def whole(value: str, *, column: str, most: int, least: int = 0) -> int | None:
    found = number(value, column=column, most=most, least=least, places=0)
    return None if found is None else int(found)


def words(value: str, *, longest: int, column: str) -> list[str]:
    """A pipe-separated list, each entry once, in the order given."""
    parts = [cell_text(part, longest=longest, column=column) for part in value.split("|")]
    return list(dict.fromkeys(part for part in parts if part))


def tidy_name(name: str) -> str:
    """Modest repairs of a name typed by a volunteer: shouting, ligatures, apostrophes, first letter."""
    tidy = html.unescape(name).replace("'", "’").strip(" .,;:-_*")
    letters = [char for char in tidy if char.isalpha()]
    if len(letters) > 3 and all(char.isupper() for char in letters):
        tidy = tidy.capitalize()
    tidy = re.sub(r"\bOeuf", "Œuf", re.sub(r"\boeuf", "œuf", tidy))
    tidy = re.sub(r"\b(b|B)oeuf", r"\1œuf", tidy)
    tidy = re.sub(r"(\d) ?%", "\\1\u202f%", tidy)
    return tidy[:1].upper() + tidy[1:]


def tidy_brand(brand: str) -> str:
    """The first brand of a list, not shouted."""
    first = clean(brand.split(",")[0]).replace("'", "’")
    if first.isupper() and len(first) > 4:
        first = first.title()
    return first[:1].upper() + first[1:]


_QUANTITY = re.compile(
    r"(?:(?P<times>[0-9]{1,3})\s*[xX×]\s*)?(?P<amount>[0-9]{1,5}(?:[.,][0-9]{1,3})?)\s*(?P<unit>kg|gr|g|ml|cl|dl|l)\b",
    re.IGNORECASE,
)
_UNITS = {
    "kg": (1000, "g"), "gr": (1, "g"), "g": (1, "g"), "l": (1000, "ml"), "dl": (100, "ml"), "cl": (10, "ml"),
    "ml": (1, "ml"),
}  # fmt: skip


def quantity(value: str) -> tuple[Decimal, str] | None:
    """« 16 x 125 g » → (2000, "g"); None when it does not read as a net quantity."""
    found = _QUANTITY.fullmatch(clean(value))
    if not found:
        return None
    factor, unit = _UNITS[found["unit"].lower()]
    amount = Decimal(found["amount"].replace(",", ".")) * factor * int(found["times"] or 1)
    return (amount, unit) if 0 < amount <= 50_000 else None
