"""Error pages in the shop's own look."""

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseServerError
from django.shortcuts import render
from django.template.loader import render_to_string

from config import logs
from config.context import help_phone


def _bare_context() -> dict[str, str]:
    """What a page may say when neither the request nor the database can be trusted."""
    return {**help_phone(), "request_id": logs.request_id.get()}


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Something no browser of ours sends: say little, ask the database nothing."""
    return HttpResponseBadRequest(render_to_string("400.html", _bare_context()))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "404.html", status=404)


def method_not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    """An address that only takes a form, typed or reloaded; ``allowed`` are the methods it does take."""
    refusal = render(request, "405.html", status=405)
    refusal["Allow"] = allowed
    return refusal


def server_error(request: HttpRequest) -> HttpResponse:
    """Our fault. No context processor, no query: what broke may be one of them."""
    return HttpResponseServerError(render_to_string("500.html", _bare_context()))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was too old or came from elsewhere: say what to do, keep the status."""
    return render(request, "403_csrf.html", status=403)
