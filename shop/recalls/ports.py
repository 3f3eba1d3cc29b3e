"""What recalls must ask the rooms above: which letters arrived? Bound in config/wiring.py."""

from collections.abc import Collection, Mapping
from typing import Protocol


class Letters(Protocol):
    def __call__(self, recall_id: int, order_references: Collection[str]) -> Mapping[str, str]:
        """Order → "sent", "waiting" or "failed", for those a letter was written to. One query."""


_letters: Letters | None = None


def bind_letters(letters: Letters) -> None:
    global _letters
    _letters = letters


def letters_of(recall_id: int, order_references: Collection[str]) -> Mapping[str, str]:
    """What became of the letters of a recall. As many queries as the bound answer takes."""
    if _letters is None:
        raise RuntimeError("config/wiring.py binds no letters")
    return _letters(recall_id, order_references)
