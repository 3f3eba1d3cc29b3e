"""From a sheet to a PDF. Data reaches Typst as JSON text, never as markup: what people typed prints as typed."""

import json
import logging
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.db import connection

LAYOUTS = Path(__file__).parent / "typst"
# For the archive (PDF/A-2a, ISO 19005-2) and for screen readers (PDF/UA-1, ISO 14289-1) at once.
STANDARDS: "list[typst.PDFStandard]" = ["a-2a", "ua-1"]

logger = logging.getLogger(__name__)


class RenderedInTransaction(RuntimeError):
    """A file was asked for while rows may be locked."""


def render(layout: str, sheet: dict[str, Any]) -> bytes:
    """A PDF of ``money`` or ``delivery_note``; the same sheet gives the same bytes, on any machine.

    Raises RenderedInTransaction. No query.
    """
    # The transaction that Django's own test cases wrap around a test does not count, as for ``durable``.
    if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise RenderedInTransaction(layout)
    try:
        return _compiled(layout, sheet, STANDARDS)
    except typst.TypstError as fault:
        # An emoji in a name: the archive's standard wants each letter drawn. Better a sheet with a box for it than none.
        logger.warning("%s without its PDF standards: %s", layout, type(fault).__name__)
        return _compiled(layout, sheet, [])


def _compiled(layout: str, sheet: dict[str, Any], standards: "list[typst.PDFStandard]") -> bytes:
    return typst.compile(
        LAYOUTS / f"{layout}.typ",
        root=LAYOUTS,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"sheet": json.dumps(sheet, ensure_ascii=False)},
        pdf_standards=standards,
        timestamp=_moment(sheet),
    )


@cache
def _fonts() -> typst.Fonts:
    """Those that Typst brings along: none of the machine's, which differ."""
    return typst.Fonts(include_system_fonts=False)


def _moment(sheet: dict[str, Any]) -> datetime:
    """The day of the document rather than now, or bytes would differ each time."""
    day = date.fromisoformat(sheet["date"]) if "date" in sheet else date(2000, 1, 1)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
