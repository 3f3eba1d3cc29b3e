"""Structured logs: one JSON object a line, with the request's id and nothing personal."""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime

request_id: ContextVar[str] = ContextVar("request_id", default="-")

# The last line of defence only: callers log ids. An e-mail or a token in an exception's text goes too.
_PERSONAL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+|\b0[1-9](?:[ .]?\d\d){4}\b")
# Whoever reads one of these addresses may open it: what follows is a key, and stays out of logs.
_KEY_ADDRESS = re.compile(
    r"(/(?:suivi|commande/(?:paiement|retour)|paiement/demo|aide/recu|r|desabonnement|preferences"
    r"|accounts/(?:password/reset/key|confirm-email))/)"
    r"[^/?#&\s\"'<>]+"
)
_MASK = "[masqué]"


def masked(text: str) -> str:
    """The text without e-mail addresses, telephone numbers and addresses that open a door."""
    return _PERSONAL.sub(_MASK, _KEY_ADDRESS.sub(rf"\1{_MASK}", text))


class OneWarning(logging.Filter):
    """A request nobody's browser sends is refused as it should be: a line, not an error with its traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.exc_info = record.exc_text = None
        return True


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request_id": request_id.get(),
            "message": masked(record.getMessage()),
        }
        if record.exc_info:
            entry["exception"] = masked(self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)
