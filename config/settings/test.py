"""Tests: the real PostgreSQL and Valkey that `tests/servers.py` starts, fast hashing, mail in memory."""

from . import base
from .base import *  # noqa: F403

SECRET_KEY = "only-for-tests-" + "x" * 50
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
DEMONSTRATION = False
STAFF_SECOND_FACTOR = False
OUTBOX_DELIVERS = True
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = base.STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
CELERY_TASK_ALWAYS_EAGER = False
ACCOUNT_RATE_LIMITS = False
INSIGHTS_FLUSH_SECONDS = 0.0
TEMPLATES = [
    base.TEMPLATES[0]
    | {"OPTIONS": base.TEMPLATES[0]["OPTIONS"] | {"string_if_invalid": "variable indéfinie : %s"}}  # type: ignore[operator]
]
# caplog sees everything; a traceback per refused request would drown the failures.
LOGGING = base.LOGGING | {"root": {"handlers": [], "level": "WARNING"}}
