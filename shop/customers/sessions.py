"""Sessions in the database that know their login: every page begins by reading both, in one statement."""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db

from config.rows import Columns, Figure, joined
from shop.customers.models import Customer, Session, User


class SessionStore(db.SessionStore):
    # Whose session it is, with ``customer`` where there is one; known once the session was read.
    login: User | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        session: Any = super().create_model_instance(data)
        session.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        return session  # type: ignore[no-any-return]

    def load(self) -> dict[str, Any]:
        """What the visitor's session holds, nothing when it is unknown or over. One query."""
        for data, user, customer in joined(_READ, [self.session_key], *_PARTS):
            if customer:
                user.customer = customer
            self.login = user
            return self.decode(data)
        self._session_key = None
        return {}


_PARTS = Figure("s.session_data"), Columns(User, "u"), Columns(Customer, "c")
_READ = f"""
SELECT {", ".join(part.sql for part in _PARTS)}
  FROM customers_session s
  LEFT JOIN customers_user u ON u.id = s.user_id
  LEFT JOIN customers_customer c ON c.user_id = u.id
 WHERE s.session_key = %s AND s.expire_date > now()
"""  # noqa: S608 - names of columns
