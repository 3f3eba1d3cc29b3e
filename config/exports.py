"""Files that staff take out of the admin, made to open in a French spreadsheet and to be imported again."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.text import slugify
from import_export.admin import ExportMixin
from import_export.formats.base_formats import CSV, XLSX
from unfold.contrib.import_export.forms import ExportForm

_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r", "\n")


def inert(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula, whatever somebody typed (OWASP, CSV injection)."""
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_RUN_BY_SPREADSHEETS) else text


class SpreadsheetCSV(CSV):
    """With a mark and semicolons: without them a French Excel mangles accents and fills one column."""

    def export_data(self, dataset: Any, **kwargs: Any) -> str:
        return f"\ufeff{super().export_data(dataset, **{'delimiter': ';', **kwargs})}"


class FrenchExport(ExportMixin):
    """« Exporter » on a list of the admin. No import: see shop.stock."""

    export_form_class = ExportForm

    def get_export_formats(self) -> list[type]:
        return [SpreadsheetCSV, XLSX]

    def get_export_filename(self, request: HttpRequest, queryset: Any, file_format: Any) -> str:
        what = slugify(str(self.model._meta.verbose_name_plural))
        return f"{what}-{timezone.localdate().isoformat()}.{file_format.get_extension()}"


def pdf_file(content: bytes, name: str) -> HttpResponse:
    """A PDF that opens in the browser under its name, and that no engine indexes."""
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    answer["X-Robots-Tag"] = "noindex"
    return answer
