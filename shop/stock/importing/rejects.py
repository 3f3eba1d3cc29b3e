"""The reject file: line, code and reason, safe to open in a spreadsheet."""

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.utils import timezone

from shop.stock.importing.report import Reject

_NAME = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]{6}-[\w-]{1,60}-rejets\.csv")
# The wide ones are what a Japanese keyboard types; spreadsheets take them for the others.
_FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class RejectsGone(Exception):
    """No such file of rejects here: tidied away, or written by another machine."""


def write_rejects(source: Path, rejects: Iterable[Reject]) -> Path:
    """Write the rejects beside the shop's state; the path. Only its owner may read it."""
    _folder().mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^\w-]+", "-", source.stem)[:60]
    path = _folder() / f"{timezone.localtime():%Y%m%d-%H%M%S-%f}-{stem}-rejets.csv"
    path.touch(mode=0o600, exist_ok=False)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["ligne", "ean", "motif"])
        for reject in sorted(rejects, key=lambda one: one.line):
            writer.writerow([reject.line, _harmless(reject.ean), _harmless(reject.words)])
    return path


def open_rejects(name: str) -> BinaryIO:
    """The bytes of a file of rejects by its bare name. Raises RejectsGone, for any other name too."""
    if not _NAME.fullmatch(name):
        raise RejectsGone
    try:
        return (_folder() / name).open("rb")
    except FileNotFoundError as missing:
        raise RejectsGone from missing


def _folder() -> Path:
    return Path(settings.STATE_DIR) / "imports"


def _harmless(text: str) -> str:
    """A refused cell may hold a formula: it must not run where the rejects are read.

    French spreadsheets split at semicolons even inside the quotes of a cell that does not begin with one.
    """
    flat = re.sub(r"[;\t\r\n]+", " ", text).strip()
    return f"'{flat}" if flat.startswith(_FORMULA_STARTS) else flat
