"""Numbers as French people write them, read and said."""

import re
from decimal import Decimal

NARROW = "\u202f"
NO_BREAK = "\u00a0"
_SPACES = f"[ {NO_BREAK}{NARROW}\u2009]"
# ASCII digits only: \d would take Arabic ones. Thousands by spaces, decimals by comma or point.
_DECIMAL = re.compile(rf"(?:[0-9]+|[0-9]{{1,3}}(?:{_SPACES}[0-9]{{3}})+)(?:[.,][0-9]+)?")


def french_decimal(text: str) -> Decimal | None:
    """« 1 234,50 » or « 1234.5 »; None for a sign, an exponent, other digits or anything else."""
    if len(text) > 30 or not _DECIMAL.fullmatch(text):
        return None
    return Decimal(re.sub(_SPACES, "", text).replace(",", "."))


def short_decimal(amount: Decimal) -> str:
    """« 1 234,5 »: no idle zero, narrow spaces between thousands."""
    whole, _, part = f"{amount:,f}".partition(".")
    part = part.rstrip("0")
    return whole.replace(",", NARROW) + (f",{part}" if part else "")
