"""CSV: encoding, separator, giant lines and truncation are faults of the file, not of a row."""

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from django.utils.translation import gettext as _

from shop.stock.importing.report import FileRefused, RowRefused
from shop.stock.importing.sources import Row, Source

MAX_RECORD = 64 * 1024
CHUNK = 1024 * 1024
SEPARATORS = (",", ";", "\t")


def read(path: Path) -> Source:
    """Open a CSV file whose heading names the column ``ean``. Raises FileRefused."""
    encoding = _encoding(path)
    notes = []
    if encoding == "cp1252":
        notes.append(_("Fichier lu en Windows-1252\u202f: préférez l’UTF-8."))
    separator = _separator(path, encoding)
    records = _records(path, encoding, separator)
    _line, heading = next(records)
    columns = tuple(cell.strip().lower() for cell in heading)
    return Source(columns, _rows(records, columns), notes)


def _encoding(path: Path) -> str:
    """UTF-8 with or without a mark, else Windows-1252; anything else is refused."""
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)):
        raise FileRefused(_("Le fichier est en UTF-16\u202f: enregistrez-le en « CSV UTF-8 »."))
    for encoding in ("utf-8-sig", "cp1252"):
        if _decodes(path, encoding):
            return encoding
    raise FileRefused(_("Encodage inconnu\u202f: enregistrez le fichier en « CSV UTF-8 »."))


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while chunk := file.read(CHUNK):
                if b"\0" in chunk:
                    raise FileRefused(_("Ce n’est pas un fichier de texte\u202f: CSV ou XLSX attendu."))
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _separator(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, newline="") as file:
        heading = file.readline(MAX_RECORD)
    for separator in SEPARATORS:
        if "ean" in (cell.strip().strip('"').lower() for cell in heading.split(separator)) and (
            separator in heading or heading.strip().strip('"').lower() == "ean"
        ):
            return separator
    raise FileRefused(
        _("En-tête inattendu\u202f: une colonne « ean » et des virgules (ou points-virgules) sont attendues.")
    )


class _Lines:
    """Lines of a file, refusing a record above 64 KiB: an unclosed quote would swallow the rest."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines = lines
        self.line = 0
        self.record = 0
        self.last = ""

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        self.last = next(self.lines)
        self.line += 1
        self.record += len(self.last.encode())
        if self.record > MAX_RECORD:
            raise FileRefused(
                _("La ligne %(line)s dépasse 64\u202fKio\u202f: un guillemet n’est sans doute pas fermé.")
                % {"line": self.line}
            )
        return self.last


def _bounded(file: TextIO) -> Iterator[str]:
    # A line is read piecewise, so that a giant one never fills the memory.
    while piece := file.readline(MAX_RECORD + 1):
        yield piece


def _records(path: Path, encoding: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    with path.open(encoding=encoding, newline="") as file:
        lines = _Lines(_bounded(file))
        reader = csv.reader(lines, delimiter=separator, strict=True)
        width = 0
        while True:
            start = lines.line + 1
            lines.record = 0
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as fault:
                raise FileRefused(
                    _("Ligne %(line)s\u202f: guillemets mal placés, ou fichier tronqué.") % {"line": start}
                ) from fault
            width = width or len(cells)
            if 0 < len(cells) < width and not lines.last.endswith(("\n", "\r")):
                raise FileRefused(_("Fichier tronqué à la ligne %(line)s.") % {"line": start})
            yield start, cells


def _rows(records: Iterator[tuple[int, list[str]]], columns: tuple[str, ...]) -> Iterator[Row]:
    for line, cells in records:
        if not any(cells):
            continue
        if len(cells) != len(columns):
            yield line, RowRefused("columns")
        else:
            yield line, dict(zip(columns, cells, strict=True))
