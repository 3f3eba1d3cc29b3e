"""Invoices and credit notes as staff read them: found by number or order, never typed over."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from unfold.admin import ModelAdmin
from unfold.decorators import display

from config.admin import KeepsSecret, ReadOnly, Tags, found, in_euros
from shop.documents.models import Document, Kind
from shop.documents.views import as_file
from shop.orders.admin_search import FindsByReference


@admin.register(Document)
class DocumentAdmin(FindsByReference, KeepsSecret, ReadOnly, ModelAdmin):
    list_display = ["number", "kind_said", "order", "issued_on", "total_said", "file"]
    list_filter = ["kind", "issued_on"]
    # Names and addresses, as they were printed: for whoever opens the file, not to be guessed letter by letter.
    secret_fields = frozenset({"payload"})
    search_fields = ["number", "order__reference"]
    search_help_text = _("numéro ou commande")
    list_select_related = ["order", "corrects"]
    date_hierarchy = "issued_on"
    list_per_page = 50
    show_full_result_count = False
    total_said = in_euros("total", _("total TTC"))
    fields = [
        "number",
        "kind",
        "order_link",
        "corrects_link",
        "occasion",
        "issued_on",
        "total_said",
        "file",
    ]
    readonly_fields = fields

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(never_cache(self.file_page))
        return [path("<int:pk>/fichier.pdf", page, name="documents_document_file"), *super().get_urls()]

    def file_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Made on demand from what was kept. Two queries."""
        document: Document = found(self, request, pk)
        if not self.has_view_permission(request, document):
            raise PermissionDenied
        return as_file(document)

    @display(
        description=_("nature"),
        ordering="kind",
        label=Tags({Kind.INVOICE: "success", Kind.CREDIT_NOTE: "warning"}),
    )
    def kind_said(self, document: Document) -> tuple[str, str]:
        return document.kind, document.get_kind_display()

    @admin.display(description=_("commande"))
    def order_link(self, document: Document) -> SafeString:
        page = reverse("admin:orders_order_change", args=[document.order_id])
        return format_html('<a class="underline" href="{}">{}</a>', page, document.order)

    @admin.display(description=_("corrige"))
    def corrects_link(self, document: Document) -> SafeString | str:
        if document.corrects is None:
            return "—"
        page = reverse("admin:documents_document_change", args=[document.corrects_id])
        return format_html('<a class="underline" href="{}">{}</a>', page, document.corrects)

    @admin.display(description=_("fichier"))
    def file(self, document: Document) -> SafeString:
        page = reverse("admin:documents_document_file", args=[document.pk])
        return format_html('<a class="underline" href="{}">{}</a>', page, _("PDF"))
