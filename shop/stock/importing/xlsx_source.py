"""XLSX: the first sheet, values only. A formula refuses its row; a bomb or a broken archive the file."""

import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from shop.stock.importing.csv_source import MAX_RECORD
from shop.stock.importing.report import FileRefused, RowRefused
from shop.stock.importing.sources import Row, Source

MAX_UNPACKED = 400 * 1024 * 1024
MAX_COLUMNS = 100


def read(path: Path) -> Source:
    """Open a workbook whose first sheet has a heading. Raises FileRefused."""
    try:
        _check_archive(path)
        workbook = load_workbook(path, read_only=True, data_only=False)
        rows = workbook.worksheets[0].iter_rows(max_col=MAX_COLUMNS)
        heading = [_text(cell) for cell in next(rows, ())]
    except (
        zipfile.BadZipFile, InvalidFileException, OSError, KeyError, ValueError, IndexError, TypeError, SyntaxError,
    ) as fault:  # fmt: skip
        raise FileRefused(_("Ce classeur XLSX est abîmé ou incomplet.")) from fault
    while heading and not heading[-1]:
        heading.pop()
    columns = tuple(str(cell).strip().lower() for cell in heading)
    if "ean" not in columns:
        raise FileRefused(
            _("En-tête inattendu\u202f: une colonne « ean » est attendue sur la première feuille.")
        )
    return Source(columns, _rows(rows, columns))


def _check_archive(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        if sum(item.file_size for item in archive.infolist()) > MAX_UNPACKED:
            raise FileRefused(_("Ce classeur est démesuré une fois ouvert\u202f: découpez-le."))
        if archive.testzip() is not None:
            raise zipfile.BadZipFile


def _rows(rows: Iterator[tuple[Any, ...]], columns: tuple[str, ...]) -> Iterator[Row]:
    for line, cells in enumerate(rows, start=2):
        try:
            texts = [_text(cell) for cell in cells]
        except RowRefused as refused:
            yield line, refused
            continue
        if not any(texts):
            continue
        if any(texts[len(columns) :]):
            yield line, RowRefused("columns")
            continue
        if sum(len(text.encode()) for text in texts) > MAX_RECORD:
            raise FileRefused(_("La ligne %(line)s dépasse 64\u202fKio.") % {"line": line})
        padded = [*texts, *[""] * len(columns)]
        yield line, dict(zip(columns, padded, strict=False))


def _text(cell: Any) -> str:
    """A cell as it would stand in a CSV. A number loses its binary tail; a formula is refused."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        raise RowRefused("formula", str(cell.coordinate))
    if cell.data_type == "e" or isinstance(value, bool):
        raise RowRefused("choice", str(cell.coordinate))
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{Decimal(repr(value)).normalize():f}"
    return str(value)
