"""Sessions in the database, read by a statement written once: every page of a visitor begins with it."""

from typing import Any

from django.contrib.sessions.backends import db

from config.rows import rows

_READ = "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > now()"


class SessionStore(db.SessionStore):
    @classmethod
    def get_model_class(cls) -> Any:
        return db.SessionStore.get_model_class()

    def load(self) -> dict[str, Any]:
        """What the visitor's session holds, nothing when it is unknown or over. One query."""
        found = rows(_READ, [self.session_key])
        if not found:
            self._session_key = None
            return {}
        return self.decode(found[0][0])
