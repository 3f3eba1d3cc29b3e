"""A browser's own random number: to see that one machine accepted its own invitations, for nothing else.

Set on a press of a button alone, when somebody takes a link or accepts one; a digest is kept for thirteen months. It keeps
from fraud a service that was asked for, and follows nobody: hence without consent (loi Informatique et Libertés, art. 82).
"""

import re
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from loyalty.referrals.queries import device_digest
from loyalty.referrals.rules import TRACES_LAST

COOKIE = "cabas_appareil"
_VALUE = re.compile(r"[A-Za-z0-9_-]{22}")


def number_of(request: HttpRequest) -> str:
    """The one it has, or a new one to be given by `remember`."""
    known = request.COOKIES.get(COOKIE, "")
    return known if _VALUE.fullmatch(known) else secrets.token_urlsafe(16)


def remember(answer: HttpResponse, number: str) -> HttpResponse:
    answer.set_cookie(
        COOKIE, number, max_age=int(TRACES_LAST.total_seconds()), path="/parrainage/", httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip
    return answer


def digest_of(number: str) -> str:
    return device_digest(number)
