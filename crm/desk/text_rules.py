"""Reply texts with the order's facts filled in. Pure: the facts come with the call."""

import re
import unicodedata
from collections.abc import Mapping

# What a text may ask for, as its author reads and types it; with or without accents.
PLACEHOLDERS: tuple[str, ...] = (
    "prénom",
    "référence",
    "créneau",
    "état",
    "total",
    "remboursé",
    "adresse",
    "suivi",
    "numéro",
    "agent",
)
_ASKED = re.compile(r"\{([^{}\n]*)\}")
_GAP = re.compile(r"⟦([^⟦⟧]*)⟧")


def _plain(name: str) -> str:
    """« Créneau » and « creneau » are one."""
    letters = unicodedata.normalize("NFD", name.lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


_KNOWN = {_plain(name): name for name in PLACEHOLDERS}


def unknown_placeholders(body: str) -> list[str]:
    """The names between braces that no fact answers, as they were typed. A lone brace counts as one."""
    names = [name for name in _ASKED.findall(body) if _plain(name) not in _KNOWN]
    rest = _ASKED.sub("", body)
    return [*names, *(brace for brace in "{}" if brace in rest)]


def filled(body: str, facts: Mapping[str, str]) -> str:
    """The text with what is known, by PLACEHOLDERS; what is not is a gap that its agent sees and fills: « ⟦créneau⟧ »."""

    def said(asked: re.Match[str]) -> str:
        name = _KNOWN.get(_plain(asked[1]), asked[1])
        return facts.get(name, "") or f"⟦{name}⟧"

    return _ASKED.sub(said, body)


def gaps(text: str) -> list[str]:
    """What an answer still lacks: gaps left to fill, and placeholders that somebody typed."""
    typed = [_KNOWN[_plain(name)] for name in _ASKED.findall(text) if _plain(name) in _KNOWN]
    return [*_GAP.findall(text), *typed]
