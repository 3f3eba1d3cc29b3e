"""A laptop: the demonstration shop of `make run`, and `manage.py` beside it."""

import json
import os

from django.core.management.utils import get_random_secret_key

from . import base

# `manage.py` in a second terminal finds the servers that `make run` started.
_servers = base.STATE_DIR / "servers.json"
if "DATABASE_URL" not in os.environ and _servers.exists():
    os.environ.update(json.loads(_servers.read_text()))

from .base import *  # noqa: E402, F403
from .base import STATE_DIR, env  # noqa: E402

DATABASES = {"default": base.database()}
REDIS_URL = env("REDIS_URL", default=base.REDIS_URL)
CACHES = base.CACHES | {"default": base.CACHES["default"] | {"LOCATION": REDIS_URL}}
CELERY_BROKER_URL = base.broker_url(REDIS_URL)


def _own_secret() -> str:
    """A secret of this checkout alone, so that no shared demo secret exists to be leaked."""
    path = STATE_DIR / "secret"
    if not path.exists():
        STATE_DIR.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text("demo-" + get_random_secret_key())
    return path.read_text()


DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = _own_secret()
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", *base.ALLOWED_HOSTS]
SERVE_MEDIA = True
DEMONSTRATION = env.bool("DEMONSTRATION", default=True)
OUTBOX_DELIVERS = env.bool("OUTBOX_DELIVERS", default="EMAIL_URL" in os.environ)
STAFF_SECOND_FACTOR = env.bool("STAFF_SECOND_FACTOR", default=False)
SELLER = base.seller(base.DEMONSTRATION_SELLER)
