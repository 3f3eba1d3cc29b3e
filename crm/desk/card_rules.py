"""Card numbers that people write to us, and that are stored nowhere."""

import re

_CARD = re.compile(r"(?<!\d)(?:\d[ .-]?){13,19}(?!\d)")
MASK = "[numéro de carte retiré]"


def holds_card(text: str) -> bool:
    return any(_looks_like_card(found[0]) for found in _CARD.finditer(text))


def without_cards(text: str) -> str:
    """The text with each card number replaced by words."""
    return _CARD.sub(
        lambda found: MASK + found[0][-1].strip("0123456789") if _looks_like_card(found[0]) else found[0],
        text,
    )


def _looks_like_card(written: str) -> bool:
    """Luhn's check, over what has the length of a card number."""
    total = 0
    for place, digit in enumerate(reversed(re.sub(r"\D", "", written))):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
