"""How a recall is named, and what its figures are. Pure."""

import re
from collections.abc import Iterable
from datetime import timedelta

# As RappelConso numbers its notices, the former way and today's.
_NOTICE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{4}|SR/[0-9]{5}/[0-9]{2}")
_LOT = re.compile(r"[0-9A-Za-zÀ-ÿ .:/_-]{1,40}")
MOST_LOTS = 50
# A capture still under way is waited for that long; then a person looks.
REFUND_WAITS = timedelta(days=2)


def is_notice(reference: str) -> bool:
    return _NOTICE.fullmatch(reference) is not None


def is_lot(text: str) -> bool:
    """What a label may bear: no control character, nothing that a spreadsheet would run."""
    return _LOT.fullmatch(text) is not None and text[0] not in "-"


def lots_of(text: str) -> list[str]:
    """« L123 ; L124 » or one a line → the lots, each once, in the order typed."""
    parts = (" ".join(part.split(" ")).strip() for part in re.split(r"[;,\n\r]", text))
    return list(dict.fromkeys(part for part in parts if part))


def occasion(recall_id: int) -> str:
    return f"recall-{recall_id}"


def recall_of_occasion(said: str) -> int | None:
    """The recall that a refund was asked for; None for what is no recall's."""
    found = re.fullmatch(r"recall-([0-9]{1,18})", said)
    return int(found[1]) if found else None


def joined(lots: Iterable[str]) -> str:
    return ", ".join(lots)
