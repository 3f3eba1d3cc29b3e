"""What a visitor types, made into something to look for; what a producer states, made into words."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from config.numbers import NARROW, NO_BREAK
from config.templatetags.cabas import french_number
from shop.catalogue.rules import normalised_ean
from shop.search.words import is_telling, tokens

QUERY_MAX_LENGTH = 120
WORDS_READ = 24
WORDS_MAX = 8
_WORD = re.compile(r"[^\W_]+")


def clean_query(typed: str) -> str:
    """What was typed, without control characters, doubled spaces and anything beyond 120 characters.

    PostgreSQL refuses a NUL in any text.
    """
    printable = "".join(
        " " if unicodedata.category(sign)[0] in "CZ" else sign for sign in typed[: QUERY_MAX_LENGTH * 4]
    )
    return " ".join(printable.split())[:QUERY_MAX_LENGTH].rstrip()


def all_words(query: str) -> list[str]:
    """Every word, plain (see `words.tokens`): nothing a text query reads as an operator."""
    return tokens(query)[:WORDS_READ]


def numbered_words(query: str) -> dict[int, str]:
    """The first eight words that tell something, by their place from one.

    Where none does, a last word of three letters may still become one: « les » begins « lessive ».
    """
    read = dict(enumerate(all_words(query), 1))
    found = {no: word for no, word in read.items() if is_telling(word)}
    if not found and read and len(read[len(read)]) >= 3:
        found = {len(read): read[len(read)]}
    return dict(list(found.items())[:WORDS_MAX])


def says_only_its_words(query: str) -> bool:
    """Whether nothing was typed but the words looked for, each once: no sign, no address, none beyond those read."""
    words = all_words(query)
    is_plain = re.fullmatch(r"[\w\s'’-]+", query) is not None
    return is_plain and len(words) == len(set(words)) <= WORDS_MAX


def search_words(query: str) -> list[str]:
    """The words looked for."""
    return list(numbered_words(query).values())


def typed_words(query: str) -> list[str]:
    """The words as they stand, accents and capitals kept."""
    return _WORD.findall(query)


def barcode(query: str) -> str | None:
    """The EAN, as products store it, of a number typed or scanned; None when it is not a whole, valid code."""
    return normalised_ean(re.sub(r"[\s.-]", "", query))


# The order and the words of regulation (EU) 1169/2011, annex XV.
NUTRIENTS = [
    ("fat_g", _("Matières grasses"), False),
    ("saturated_fat_g", _("dont acides gras saturés"), True),
    ("carbohydrates_g", _("Glucides"), False),
    ("sugars_g", _("dont sucres"), True),
    ("fiber_g", _("Fibres alimentaires"), False),
    ("proteins_g", _("Protéines"), False),
    ("salt_g", pgettext_lazy("nutrition", "Sel"), False),
]


def nutrition_rows(stated: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The nutrition table: name, amount in words, whether it is part of the row above. Unreadable values are left out."""
    rows: list[dict[str, Any]] = []
    energy = [
        f"{amount}{NO_BREAK}{unit}"
        for key, unit in (("energy_kj", "kJ"), ("energy_kcal", "kcal"))
        if (amount := _amount(stated.get(key), places=0))
    ]
    if energy:
        rows.append({"name": _("Énergie"), "amount": " / ".join(energy), "is_part": False})
    for key, name, is_part in NUTRIENTS:
        if amount := _amount(stated.get(key), places=2):
            rows.append({"name": name, "amount": f"{amount}{NO_BREAK}g", "is_part": is_part})
    return rows


def degree_label(degree: Decimal | None) -> str:
    """« 12,5 % vol. », as on the bottle."""
    return f"{_amount(degree, places=1)}{NARROW}%{NO_BREAK}vol." if degree is not None else ""


def _amount(value: Any, *, places: int) -> str:
    if value is None or isinstance(value, bool):
        return ""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return ""
    if not number.is_finite() or not 0 <= number < 100_000:
        return ""
    written = french_number(number, places)
    return written.rstrip("0").rstrip(",") if "," in written else written


# Between underscores (Open Food Facts), or in capitals among small letters: how labels set allergens off.
_SET_OFF = re.compile(r"_([^_\n]{2,40})_|\b([A-ZÀ-ÖØ-ÞŒ]{4,}|BLÉS?|ŒUFS?)\b")


def emphasised(ingredients: str) -> list[tuple[str, bool]]:
    """The list of ingredients in pieces, with whether its producer set each off (regulation 1169/2011, art. 21).

    Nothing is guessed: where all is in capitals, capitals say nothing.
    """
    capitals_mean = any(sign.islower() for sign in ingredients)
    pieces, at = [], 0
    for found in _SET_OFF.finditer(ingredients):
        if found[2] and not capitals_mean:
            continue
        pieces += [(ingredients[at : found.start()], False), (found[1] or found[2], True)]
        at = found.end()
    return [piece for piece in [*pieces, (ingredients[at:], False)] if piece[0]]


def net_weight(net_quantity: Decimal | None, net_unit: str) -> tuple[str, str] | None:
    """A figure and its UN/ECE code: grams, millilitres; None for pieces or where nothing is stated."""
    code = {"g": "GRM", "ml": "MLT"}.get(net_unit)
    return (f"{net_quantity.normalize():f}", code) if net_quantity and code else None


# Code du travail, art. L3133-1, less those that move with Easter.
_FIXED_HOLIDAYS = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}
# Easter Monday, Ascension and Whit Monday, in days after Easter.
_AFTER_EASTER = (1, 39, 50)


def is_working_day(day: date) -> bool:
    """From Monday to Friday, but for the public holidays of mainland France."""
    moving = {easter(day.year) + timedelta(days=days) for days in _AFTER_EASTER}
    return day.weekday() < 5 and (day.month, day.day) not in _FIXED_HOLIDAYS and day not in moving


def easter(year: int) -> date:
    """Easter Sunday in the Gregorian calendar (Meeus, Jones and Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    f = (8 * b + 13) // 25
    g = (19 * a + b - d - f + 15) % 30
    h, i = divmod(c, 4)
    j = (32 + 2 * e + 2 * h - g - i) % 7
    k = (a + 11 * g + 22 * j) // 451
    month, day = divmod(g + j - 7 * k + 114, 31)
    return date(year, month, day + 1)


def due_after_a_working_day(local: datetime) -> datetime:
    """One working day later: the same hour of the next one, or its end for what came while nobody works."""
    following = local.date() + timedelta(days=1)
    while not is_working_day(following):
        following += timedelta(days=1)
    hour = local.time() if is_working_day(local.date()) else time(23, 59)
    return datetime.combine(following, hour, local.tzinfo)
