"""What is being recalled, for everybody."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from shop.recalls.queries import current


@require_safe
def recalls_page(request: HttpRequest) -> HttpResponse:
    """One query beyond those of every page."""
    return render(request, "recalls/recalls.html", {"recalls": current()})
