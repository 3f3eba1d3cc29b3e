"""Who is signed in."""

from typing import Any

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject


class LoginMiddleware(AuthenticationMiddleware):
    """Django's own, which takes the login that was read along with the session instead of asking for it."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _login_of(request))  # type: ignore[assignment]


def _login_of(request: HttpRequest) -> Any:
    if not hasattr(request, "_cached_user"):
        request._cached_user = _read_along(request) or auth.get_user(request)  # type: ignore[attr-defined]
    return request._cached_user  # type: ignore[attr-defined]


def _read_along(request: HttpRequest) -> Any:
    """The session's login where it proves itself as Django wants it; None leaves every doubt to Django."""
    session: Any = request.session
    signed_in_as, user = session.get(auth.SESSION_KEY), getattr(session, "login", None)
    if user is None or signed_in_as != str(user.pk) or not user.is_active:
        return None
    if session.get(auth.BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    proof = session.get(auth.HASH_SESSION_KEY, "")
    return user if constant_time_compare(proof, user.get_session_auth_hash()) else None
