"""Reply texts with the order's facts filled in. Pure: the facts come with the call."""

import re
from collections.abc import Mapping

# What a text may ask for, in the words its author reads.
PLACEHOLDERS: tuple[str, ...] = (
    "prenom",
    "reference",
    "creneau",
    "etat",
    "total",
    "rembourse",
    "adresse",
    "suivi",
    "numero",
    "agent",
)
_ASKED = re.compile(r"\{([^{}\n]*)\}")
_GAP = re.compile(r"⟦([^⟦⟧]*)⟧")


def unknown_placeholders(body: str) -> list[str]:
    """The names between braces that no fact answers, as they were typed. A lone brace counts as one."""
    names = [name for name in _ASKED.findall(body) if name not in PLACEHOLDERS]
    rest = _ASKED.sub("", body)
    return [*names, *(brace for brace in "{}" if brace in rest)]


def filled(body: str, facts: Mapping[str, str]) -> str:
    """The text with what is known; what is not known is a gap that its agent sees and fills: « ⟦créneau⟧ »."""
    return _ASKED.sub(lambda asked: facts.get(asked[1], "") or f"⟦{asked[1]}⟧", body)


def gaps(text: str) -> list[str]:
    """What an answer still lacks: gaps left to fill, and placeholders that somebody typed."""
    typed = [name for name in _ASKED.findall(text) if name in PLACEHOLDERS]
    return [*_GAP.findall(text), *typed]
