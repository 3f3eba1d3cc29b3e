"""Structured logs: one JSON object a line, with the request's id and nothing personal."""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime

request_id: ContextVar[str] = ContextVar("request_id", default="-")

# The last line of defence only: callers log ids. An e-mail or a token in an exception's text goes too.
_PERSONAL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+|(?<=/suivi/)[\w-]{16,}|\b0[1-9](?:[ .]?\d\d){4}\b")


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request_id": request_id.get(),
            "message": _PERSONAL.sub("[masqué]", record.getMessage()),
        }
        if record.exc_info:
            entry["exception"] = _PERSONAL.sub("[masqué]", self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)
