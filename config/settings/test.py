"""Tests: the real PostgreSQL and Valkey that `tests/servers.py` starts, fast hashing, mail in memory."""

import os
from collections.abc import Iterator

from . import base
from .base import *  # noqa: F403

# A query in a loop fails the test that walks into it.
INSTALLED_APPS = [*base.INSTALLED_APPS, "zeal"]
MIDDLEWARE = ["zeal.middleware.zeal_middleware", *base.MIDDLEWARE]
ZEAL_NPLUSONE_THRESHOLD = 3
ZEAL_ALLOWLIST = [
    # allauth asks for one address at several moments of one sign-in.
    {"model": "account.EmailAddress", "field": "get()"},
    # Each transaction of a payment locks its rows anew: the provider is called between them.
    {"model": "payments.PaymentAccount", "field": "get()"},
    {"model": "payments.PaymentOperation", "field": "get()"},
]

SECRET_KEY = "only-for-tests-" + "x" * 50
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
DEMONSTRATION = False
STAFF_SECOND_FACTOR = False
OUTBOX_DELIVERS = True
SELLER = base.DEMONSTRATION_SELLER
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = base.STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
CELERY_TASK_ALWAYS_EAGER = False
ACCOUNT_RATE_LIMITS = False
INSIGHTS_FLUSH_SECONDS = 0.0


class Undefined(str):
    """Shows its name on the page; to a tag of the admin's own templates that loops over it, it is empty."""

    __slots__ = ()

    def __mod__(self, name: object) -> "Undefined":
        return Undefined(str.__mod__(self, name))

    def __iter__(self) -> Iterator[str]:
        return iter(())


_options = base.TEMPLATES[0]["OPTIONS"] | {"string_if_invalid": Undefined("variable indéfinie : %s")}  # type: ignore[operator]
TEMPLATES = [base.TEMPLATES[0] | {"OPTIONS": _options}]
# caplog sees everything; a traceback per refused request would drown the failures.
LOGGING = base.LOGGING | {"root": {"handlers": [], "level": "WARNING"}}

# Workers share one Valkey, each with a numbered database of its own for the cache and the queues.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
REDIS_URL = base.REDIS_URL.replace("db=0", f"db={int(_worker) + 1}")
CACHES = base.CACHES | {"default": base.CACHES["default"] | {"LOCATION": REDIS_URL}}
CELERY_BROKER_URL = base.broker_url(REDIS_URL)
