"""The reject file: line, code and reason, safe to open in a spreadsheet."""

import csv
import re
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from shop.stock.importing.report import Reject


def write_rejects(source: Path, rejects: Iterable[Reject]) -> Path:
    """Write the rejects beside the shop's state; the path. Only its owner may read it."""
    folder = Path(settings.STATE_DIR) / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^\w-]+", "-", source.stem)[:60]
    path = folder / f"{timezone.localtime():%Y%m%d-%H%M%S-%f}-{stem}-rejets.csv"
    path.touch(mode=0o600, exist_ok=False)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["ligne", "ean", "motif"])
        for reject in sorted(rejects, key=lambda one: one.line):
            writer.writerow([reject.line, _harmless(reject.ean), _harmless(reject.words)])
    return path


def _harmless(text: str) -> str:
    """A refused cell may hold a formula: it must not run where the rejects are read."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
