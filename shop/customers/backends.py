from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from shop.customers.models import User


class CustomerBackend(AuthenticationBackend):
    """Loads the login together with its customer: one query where every page would make two."""

    def get_user(self, user_id: Any) -> User | None:
        user = User.objects.select_related("customer").filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None
