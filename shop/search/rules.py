"""What a visitor types, made into something to look for; what a producer states, made into words."""

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from config.templatetags.cabas import NARROW, NO_BREAK, french_number
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
