"""Someone who asks the shop for pages within this process: the whole application, no network."""

import io
from collections.abc import Iterable
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler


class Unexpected(Exception):
    """A page that was to be measured did not answer as it should."""


class Browser:
    """Keeps cookies and sends what a browser sends; ``encoding`` is its Accept-Encoding."""

    def __init__(self, application: WSGIHandler, *, encoding: str = "") -> None:
        self._application = application
        self._encoding = encoding
        self.cookies: dict[str, str] = {}

    def get(self, address: str) -> bytes:
        return self._ask("GET", address, b"", {})

    def post(self, address: str, form: dict[str, str]) -> bytes:
        """A form sent by the shop's own script, so that the answer is the fragment it asked for."""
        token = self.cookies[settings.CSRF_COOKIE_NAME]
        headers = {
            "HTTP_HX_REQUEST": "true",
            "HTTP_X_CSRFTOKEN": token,
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
        }
        return self._ask("POST", address, urlencode(form).encode(), headers)

    def _ask(self, method: str, address: str, body: bytes, headers: dict[str, str]) -> bytes:
        answered: list[Any] = []

        def start_response(status: str, fields: list[tuple[str, str]], _error: Any = None) -> Any:
            answered.extend([status, fields])
            return lambda _data: None

        answer: Any = self._application(self._environ(method, address, body, headers), start_response)
        content = b"".join(answer)
        answer.close()
        status, fields = answered
        if not status.startswith("2"):
            raise Unexpected(f"{method} {address}: {status}")
        self._keep_cookies(fields)
        return content

    def _environ(self, method: str, address: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        parts = urlsplit(address)
        site = urlsplit(settings.SITE_URL)
        host = site.hostname or "localhost"
        return {
            "REQUEST_METHOD": method,
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "SCRIPT_NAME": "",
            "SERVER_NAME": host,
            "SERVER_PORT": "443",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": host,
            "HTTP_ORIGIN": f"https://{host}",
            "HTTP_ACCEPT": "text/html",
            "HTTP_ACCEPT_ENCODING": self._encoding,
            "HTTP_REFERER": f"https://{host}/",
            "HTTP_X_FORWARDED_PROTO": "https",
            # Not a shopper's: the shop's own counts leave it out.
            "HTTP_SEC_PURPOSE": "prefetch",
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "wsgi.version": (1, 0),
            **headers,
        }

    def _keep_cookies(self, fields: Iterable[tuple[str, str]]) -> None:
        for name, value in fields:
            if name.lower() == "set-cookie":
                self.cookies |= {key: morsel.value for key, morsel in SimpleCookie(value).items()}
