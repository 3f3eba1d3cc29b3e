"""What every request passes through and that belongs to no room."""

import hashlib
import re
import uuid
from collections.abc import Callable

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from config import logs
from config.errors import method_not_allowed

Handler = Callable[[HttpRequest], HttpResponse]
_SAFE_ID = re.compile(r"[\w-]{8,64}")

# Unfold's Alpine evaluates expressions (its build for strict policies is not the one Unfold ships); staff
# only. Inline scripts and handlers stay forbidden here too: a test walks the pages and finds none.
STAFF_POLICY = {
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:", "blob:"],
    "font-src": [SELF, "data:"],
}


def request_id(get_response: Handler) -> Handler:
    """Give each request an id (the proxy's where it sends a sane one), in the logs and the answer."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        identity = given if _SAFE_ID.fullmatch(given) else uuid.uuid4().hex
        token = logs.request_id.set(identity)
        try:
            response = get_response(request)
        finally:
            logs.request_id.reset(token)
        response["X-Request-ID"] = identity
        return response

    return middleware


def staff_csp(get_response: Handler) -> Handler:
    """Loosen the content policy under /admin/ and nowhere else."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.path.startswith("/admin/"):
            response._csp_update = STAFF_POLICY  # type: ignore[attr-defined]
        return response

    return middleware


# Masked anew on every page, and equally good on each: the secret behind it counts instead.
_TOKEN = re.compile(rb'(name="csrfmiddlewaretoken" value=")[^"]*')


def page_validator(get_response: Handler) -> Handler:
    """Name each page by what it shows, so that a browser that has it already is told so (304) and sent nothing.

    Pages are private and always asked for again; those that must not be stored stay without a name.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if _may_be_kept(request, response):
            digest = hashlib.blake2b(_shown(response), digest_size=12)
            digest.update(str(request.META.get("CSRF_COOKIE", "")).encode())
            response["ETag"] = f'"{digest.hexdigest()}"'
            response["Cache-Control"] = "private, no-cache"
        return response

    return middleware


def _shown(response: HttpResponse) -> bytes:
    """The page without the reader's token; one put together from kept parts knows itself before the token went in."""
    shown: bytes | None = getattr(response, "shown", None)
    return _TOKEN.sub(rb"\1", response.content) if shown is None else shown


def _may_be_kept(request: HttpRequest, response: HttpResponse) -> bool:
    return (
        request.method in {"GET", "HEAD"}
        and response.status_code == 200
        and not response.streaming
        and response.get("Content-Type", "").startswith("text/html")
        and not response.has_header("Cache-Control")
        and not response.has_header("ETag")
    )


def worded_refusals(get_response: Handler) -> Handler:
    """Give Django's empty 405 the shop's look where a browser asks; machines keep the bare one, at no query."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_read = "text/html" in request.headers.get("Accept", "")
        if response.status_code == 405 and is_read and not response.content:
            return method_not_allowed(request, response["Allow"])
        return response

    return middleware


def staff_second_factor(get_response: Handler) -> Handler:
    """Hold staff at the second-factor page until one is set up (settings.STAFF_SECOND_FACTOR)."""
    from allauth.mfa.utils import is_mfa_enabled

    def middleware(request: HttpRequest) -> HttpResponse:
        if (
            settings.STAFF_SECOND_FACTOR
            and request.path.startswith(("/admin/", "/preparation/", "/livreur/"))
            and request.user.is_authenticated
            and request.user.is_staff
            and not is_mfa_enabled(request.user)
        ):
            return redirect("mfa_activate_totp")
        return get_response(request)

    return middleware
