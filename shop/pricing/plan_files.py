"""A file of planned prices as a spreadsheet saves it: an article, its price, from when on. No database."""

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.forms.utils import from_current_timezone

from config.numbers import french_decimal

COLUMNS = ARTICLE, PRICE, START = "article", "price", "start"
HEADINGS = {
    "ean": ARTICLE, "code": ARTICLE, "code-barres": ARTICLE, "article": ARTICLE, "reference": ARTICLE,
    "référence": ARTICLE, "prix": PRICE, "price": PRICE, "date": START, "début": START, "debut": START,
    "à partir du": START, "a partir du": START, "from": START,
}  # fmt: skip
SEPARATORS = (";", ",", "\t")
DATES = ("%d/%m/%Y %H:%M", "%d/%m/%Y", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
MOST_LINES = 5_000
MOST_BYTES = 1024 * 1024
LONGEST_ARTICLE = 200


class PlanFileRefused(Exception):
    """Nothing of this file can be read; ``code`` says why (`wording.PLAN_FILES`)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A line of the file, numbered as a spreadsheet does. What cannot be read is None and has its ``problem``."""

    number: int
    article: str
    price: Decimal | None = None
    starts_at: datetime | None = None
    problem: str = ""


def read(content: bytes) -> list[PlanLine]:
    """Every line that is not empty. Raises PlanFileRefused."""
    rows = _rows(_text(content))
    _number, heading = next(rows, (0, []))
    columns = [HEADINGS.get(cell.strip().lower(), "") for cell in heading]
    if sorted(columns) != sorted(COLUMNS):
        raise PlanFileRefused("heading")
    lines = [_line(number, dict(zip(columns, cells, strict=False)), len(cells)) for number, cells in rows]
    if not lines:
        raise PlanFileRefused("empty")
    if len(lines) > MOST_LINES:
        raise PlanFileRefused("too_many")
    return lines


def _text(content: bytes) -> str:
    """UTF-8, with a mark or not, else what French spreadsheets write: Windows-1252, of which Latin-1 is a part."""
    if not content.strip():
        raise PlanFileRefused("empty")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise PlanFileRefused("utf16")
    if b"\0" in content or content.startswith(b"PK"):
        raise PlanFileRefused("binary")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise PlanFileRefused("binary")


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    heading = text.lstrip().partition("\n")[0]
    separator = max(SEPARATORS, key=heading.count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            raise PlanFileRefused("quotes") from fault
        if any(cell.strip() for cell in cells):
            yield reader.line_num, cells


def _line(number: int, cells: dict[str, str], width: int) -> PlanLine:
    article = cells.get(ARTICLE, "").strip()[:LONGEST_ARTICLE]
    if width != len(COLUMNS):
        return PlanLine(number, article, problem="columns")
    price = french_decimal(cells[PRICE].replace("€", "").strip())
    try:
        starts_at = _instant(cells[START].strip())
    except ValidationError:
        return PlanLine(number, article, price, problem="no_such_hour")
    problem = "price" if price is None else "date" if starts_at is None else ""
    return PlanLine(number, article, price, starts_at, problem)


def _instant(text: str) -> datetime | None:
    """Paris time, midnight unless said. Raises ValidationError for an hour that no clock shows, or shows twice."""
    for form in DATES:
        try:
            typed = datetime.strptime(text, form)  # noqa: DTZ007 - made aware below
        except ValueError:
            continue
        return from_current_timezone(typed)
    return None
