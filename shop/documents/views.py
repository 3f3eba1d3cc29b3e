"""A customer's invoices and credit notes, as files."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config.exports import pdf_file
from shop.customers.queries import customer_ids
from shop.customers.services import customer_for_user
from shop.documents.models import Document
from shop.documents.queries import documents_of, printed


@login_required
@require_safe
@never_cache
def order_document(request: HttpRequest, reference: str, number: str) -> HttpResponse:
    mine = customer_ids(customer_for_user(request.user))  # type: ignore[arg-type]
    return as_file(get_object_or_404(documents_of(mine, reference), number=number))


def as_file(document: Document) -> HttpResponse:
    """Under its number; kept by no cache once `never_cache` has seen it."""
    return pdf_file(printed(document), document.number)
