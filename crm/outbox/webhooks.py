"""Anymail's own doors, with room for a mail that carries photographs."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from anymail.urls import app_name
from anymail.urls import urlpatterns as theirs
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, include

View = Callable[..., HttpResponse]
# What providers take in themselves, at most: 25 MB, a third more in base 64.
MOST_BYTES = 35 * 1024 * 1024


def patterns() -> Any:
    """The same addresses and names; providers that hand mail over as JSON would else be refused above two megabytes."""
    return include(([_roomy(one) for one in theirs], app_name))


def _roomy(pattern: URLPattern) -> URLPattern:
    return URLPattern(pattern.pattern, with_room(pattern.callback), pattern.default_args, pattern.name)


def with_room(view: View) -> View:
    """Reads a body that is larger than any form of the shop's. The provider signs or authenticates inside."""

    @wraps(view)
    def reads(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.content_type == "application/json":
            body = request.read(MOST_BYTES + 1)
            if len(body) > MOST_BYTES:
                raise RequestDataTooBig
            request._body = body
        return view(request, *args, **kwargs)

    return reads
