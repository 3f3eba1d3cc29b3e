"""Where sign-in limits are counted: in PostgreSQL, since Valkey may be wiped at any moment (invariant 8)."""

from allauth.core.internal import ratelimit
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import caches
from django.utils.connection import ConnectionProxy


def count_in_database() -> None:
    """Give allauth's counters, and its memory of used one-time codes, the `limits` cache.

    allauth reads Django's default cache and has no setting for another (ADR 0004). Its modules name the
    cache once, so one assignment each is enough; a test wipes Valkey and finds the limit still held.
    """
    proxy = ConnectionProxy(caches, "limits")
    ratelimit.cache = proxy
    totp.cache = proxy
