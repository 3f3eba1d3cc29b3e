"""The web server: `gunicorn -c python:config.gunicorn config.wsgi --bind …`.

The shop is loaded once and its workers are forks of it: what they never write to, they share.
"""

import gc
import logging
import os
from typing import Any
from urllib.parse import urlsplit
from wsgiref.util import setup_testing_defaults

logger = logging.getLogger(__name__)

workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = 4
timeout = 30
graceful_timeout = 10
loglevel = "warning"
# A worker that lived long starts afresh: whatever leaked goes. Its successor has to build its pages again.
max_requests = 50_000
max_requests_jitter = 5_000
preload_app = True


def when_ready(_server: Any) -> None:
    """Before any worker is there: answer a page, so that all of them begin with what it took to build one.

    Then keep the collector off what they share: to mark a shared page would make it each worker's own. Where the page
    cannot be had, each worker learns by itself.
    """
    from django.db import connections

    try:
        _answer_home()
    except Exception:
        logger.info("the first page was not built ahead", exc_info=True)
    finally:
        # A worker must not speak on its parent's line; the cache's client minds that by itself.
        connections.close_all()
    gc.collect()
    gc.freeze()


def _answer_home() -> None:
    from django.conf import settings

    from config.wsgi import application

    site = urlsplit(settings.SITE_URL)
    environ: dict[str, Any] = {
        "HTTP_HOST": site.netloc,
        "HTTP_X_FORWARDED_PROTO": site.scheme,
        # Nobody's visit: it is not counted as one.
        "HTTP_SEC_PURPOSE": "prefetch",
    }
    setup_testing_defaults(environ)
    answer: Any = application(environ, lambda _status, _headers, _error=None: lambda _data: None)
    for _part in answer:
        pass
    answer.close()
