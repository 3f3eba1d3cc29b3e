"""The page of the stock list that imports products."""

import tempfile
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from shop.stock.forms import ImportForm
from shop.stock.importing import (
    NATIVE_COLUMNS,
    FileRefused,
    ImportBusy,
    ImportReport,
    RejectsGone,
    open_rejects,
    run_import,
)

SHOWN_REJECTS = 500


class ImportPage:
    """For the admin of stock items."""

    admin_site: Any
    model: Any
    message_user: Any

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("importer-des-produits/", view(self.import_page), name="stock_import"),
            path("importer-des-produits/rejets/<str:name>", view(self.rejects_file), name="stock_rejects"),
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    @action(description=_("Importer un fichier"), url_path="importer", permissions=["change"])
    def open_import(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:stock_import"))

    def import_page(self, request: HttpRequest) -> HttpResponse:
        """Check or apply a file of products; the counts and the refused lines on the same page."""
        self._require_import_rights(request)
        form = ImportForm(request.POST or None, request.FILES or None)
        report = self._import(form) if request.method == "POST" and form.is_valid() else None
        context = {
            **self.admin_site.each_context(request), "title": _("Importer des produits"), "form": form,
            "report": report, "rejects": report.rejects[:SHOWN_REJECTS] if report else [],
            "columns": NATIVE_COLUMNS, "opts": self.model._meta,
        }  # fmt: skip
        return TemplateResponse(request, "stock/admin/import.html", context)

    def rejects_file(self, request: HttpRequest, name: str) -> HttpResponseBase:
        """The lines an import refused, for a spreadsheet; a file that is gone leads back with a word."""
        self._require_import_rights(request)
        try:
            return FileResponse(
                open_rejects(name), as_attachment=True, filename=name, content_type="text/csv; charset=utf-8"
            )
        except RejectsGone:
            gone = _("Ce fichier de rejets n’est plus là\u202f: relancez l’import pour l’obtenir de nouveau.")
            self.message_user(request, gone, messages.ERROR)
            return HttpResponseRedirect(reverse("admin:stock_import"))

    @staticmethod
    def _require_import_rights(request: HttpRequest) -> None:
        if not request.user.has_perms(["catalogue.change_product", "stock.change_stockitem"]):
            raise PermissionDenied

    def _import(self, form: ImportForm) -> ImportReport | None:
        data = form.cleaned_data
        with tempfile.TemporaryDirectory() as folder:
            # The name is the member of staff's: only its suffix is kept.
            file = Path(folder) / f"import{Path(data['file'].name).suffix.lower()}"
            with file.open("wb") as target:
                for chunk in data["file"].chunks():
                    target.write(chunk)
            try:
                return run_import(
                    file, preview=data["preview"], depot_codes=[data["depot"]],
                    demonstration=data.get("demonstration", False),
                )  # fmt: skip
            except FileRefused as refused:
                form.add_error("file", str(refused))
            except ImportBusy:
                form.add_error(None, _("Un autre import est en cours\u202f: réessayez dans une minute."))
        return None
