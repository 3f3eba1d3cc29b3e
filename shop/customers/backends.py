from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from config.rows import Columns, joined
from shop.customers.models import Customer, User


class CustomerBackend(AuthenticationBackend):
    """Loads the login together with its customer: one query where every page would make two."""

    def get_user(self, user_id: Any) -> User | None:
        for user, customer in joined(_USER, [user_id], _USERS, _CUSTOMERS):
            if customer:
                user.customer = customer
            if self.user_can_authenticate(user):
                return user  # type: ignore[no-any-return]
        return None


_USERS, _CUSTOMERS = Columns(User, "u"), Columns(Customer, "c")
_USER = f"""
SELECT {_USERS.sql}, {_CUSTOMERS.sql}
  FROM customers_user u LEFT JOIN customers_customer c ON c.user_id = u.id
 WHERE u.id = %s
"""  # noqa: S608 - names of columns
